"""The labels that a comment is scored for, and how much effort a score may take."""

from __future__ import annotations

from typing import Literal

LABELS = (
    "toxicity",
    "severe_toxicity",
    "obscene",
    "threat",
    "insult",
    "identity_attack",
    "spam",
    "self_harm",
    "sexual",
    "personal_info",
    "refuse",
)
"""Order of every column of scores. `refuse`: a careful newsroom would not publish the comment unseen."""

PUBLIC_LABELS = LABELS[:7]
"""The labels that public data sets have, too."""


def columns(labels: str) -> list[int]:
    """Return the columns of labels that are named with spaces between them."""
    return [LABELS.index(each) for each in labels.split()]


Effort = Literal["full", "fast"]
EFFORTS: tuple[Effort, ...] = ("full", "fast")
"""`full` reads n-grams, signals and the sentence encoder; `fast` leaves the encoder out."""


class ModelError(Exception):
    """The model cannot be loaded; the message says why and what fixes it, in one line."""
