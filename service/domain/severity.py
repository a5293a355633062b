"""What a verdict comes down to in a queue: the label that leads it, how high, and how much in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from service.domain.verdict import LABELS, SELF_HARM, Verdict

SEVERE: Final = ("severe_toxicity", "threat", "identity_attack", "obscene", "sexual")
"""Labels whose words a reader of many may be spared."""
SEVERE_AT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Leading:
    """The label a comment is queued under; `score` is its probability, `doubt` 1 where that says nothing at all."""

    label: str | None
    score: float
    doubt: float


def leading(verdict: Verdict) -> Leading:
    """Return what leads the verdict: the gravest ground that names a label, else the highest score.

    Labels that the model does not know are left out. `self_harm` leads only where it is a ground.
    """
    grounds = (reason.label for reason in verdict.reasons if reason.label in LABELS)
    others = {label: score for label, score in verdict.scores.items() if label != SELF_HARM}
    label = next(grounds, None) or max(others, key=others.__getitem__, default=None)
    if label is None or label not in verdict.scores:
        return Leading(label, 0.0, 1.0)
    score = round(verdict.scores[label], 6)
    return Leading(label, score, round(1 - 2 * abs(score - 0.5), 6))


def is_at_risk(verdict: Verdict | None) -> bool:
    """Whether the comment is held because its writer may be at risk."""
    return verdict is not None and leading(verdict).label == SELF_HARM


def is_severe(verdict: Verdict | None) -> bool:
    """Whether the words should be blurred until somebody asks to see them.

    A severe label makes them so from one half up, and below that where a site's own limit for it was the ground. The
    words of a writer who may be at risk are read at once.
    """
    if verdict is None or is_at_risk(verdict):
        return False
    return any(verdict.scores.get(label, 0.0) >= SEVERE_AT for label in SEVERE) or any(
        reason.label in SEVERE for reason in verdict.reasons
    )


def paced(severe: Sequence[bool], cap: int, run: int = 0) -> list[int]:
    """Return the places in an order with at most `cap` severe ones in a row, as far as there are others to put between.

    `run` severe ones came just before. Otherwise the order stays; a `cap` of 0 changes nothing.
    """
    if cap < 1:
        return list(range(len(severe)))
    hard = [place for place, one in enumerate(severe) if one]
    mild = [place for place, one in enumerate(severe) if not one]
    order: list[int] = []
    while hard or mild:
        take_mild = mild and (not hard or run >= cap or mild[0] < hard[0])
        order.append(mild.pop(0) if take_mild else hard.pop(0))
        run = 0 if take_mild else run + 1
    return order
