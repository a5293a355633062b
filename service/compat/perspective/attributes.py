"""Perspective's attributes that we can answer honestly, and the languages each was trained in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

LABEL_OF: Final[Mapping[str, str]] = {
    "TOXICITY": "toxicity",
    "SEVERE_TOXICITY": "severe_toxicity",
    "IDENTITY_ATTACK": "identity_attack",
    "INSULT": "insult",
    "PROFANITY": "obscene",
    "THREAT": "threat",
    "OBSCENE": "obscene",
    "SPAM": "spam",
    "SEXUALLY_EXPLICIT": "sexual",
    "LIKELY_TO_REJECT": "refuse",
}
"""Six production attributes, then experimental ones. Every other name is an unknown attribute here.

So is one whose label the model does not give, which shows when a text was scored.
"""

JUDGED: Final[Mapping[str, bool]] = {"APPROVED": True, "HIGHLIGHTED": True, "DELETED": False}
"""What Coral suggests instead of an attribute: what its moderators made of a comment, and whether it stays."""

LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "toxicity": ("en", "de", "pt", "ko", "ar"),
    "severe_toxicity": ("en",),
    "identity_attack": ("en", "de", "pt", "ko", "ar"),
    "insult": ("en", "de", "pt", "ko"),
    "obscene": ("en", "de", "pt"),
    "threat": ("en",),
    "spam": ("en",),
    "sexual": ("en",),
    "refuse": ("en",),
}
"""Where the training data holds at least a hundred examples of the label in that language."""


def unknown(attributes: Iterable[str], scores: Mapping[str, float]) -> str | None:
    """Return the first attribute whose label is not among the scores, None when there is none."""
    return next((one for one in attributes if one not in JUDGED and LABEL_OF[one] not in scores), None)


def unserved(attribute: str, languages: Sequence[str]) -> list[str]:
    """Return those of `languages` (BCP 47, as given) in which the attribute is not served."""
    served = LANGUAGES[LABEL_OF[attribute]]
    return [one for one in languages if primary(one) not in served]


def primary(tag: str) -> str:
    """Return the primary language of a BCP 47 tag: `pt-BR` is `pt`."""
    return tag.replace("_", "-").partition("-")[0].lower()
