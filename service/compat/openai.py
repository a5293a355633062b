"""OpenAI's moderation words and ours: thirteen categories, of which our labels speak for eight. No web, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from service.domain.policy import Cut, Policy
from service.domain.verdict import Assessment

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "harassment": ("toxicity", "insult", "severe_toxicity"),
    "harassment/threatening": ("threat",),
    "hate": ("identity_attack",),
    "hate/threatening": (),
    "illicit": (),
    "illicit/violent": (),
    "self-harm": ("self_harm",),
    "self-harm/intent": ("self_harm",),
    "self-harm/instructions": (),
    "sexual": ("sexual",),
    "sexual/minors": (),
    "violence": ("threat",),
    "violence/graphic": (),
}
"""Which of our labels speak for a category; where the model has none of them it is answered 0 and never flagged.

`self_harm` means that the writer may be at risk, which is their `self-harm/intent`; who tells others to hurt themselves
is in `harassment`. `hate/threatening` wants both of two labels at once. Swearing that aims at nobody (our `obscene`),
spam, personal data and `refuse` are in none of the thirteen.
"""
BOTH: Final = ("identity_attack", "threat")
MODEL: Final = "omni-moderation-latest"
INPUTS_LIMIT: Final = 256


class BadInput(Exception):
    """The request's member `param` cannot be used; the message says how to fix it and quotes nothing."""

    def __init__(self, message: str, param: str | None = "input") -> None:
        super().__init__(message)
        self.message, self.param = message, param


@dataclass(frozen=True, slots=True)
class Asked:
    """What to moderate: one text for each result, and whether pictures came along, which nobody here looks at."""

    texts: tuple[str, ...] = field(repr=False)
    model: str = MODEL
    has_pictures: bool = False


def asked(members: object) -> Asked:
    """Read the body of a request. Raises BadInput."""
    if not isinstance(members, dict):
        raise BadInput("The body must be a JSON object.", None)
    model = members.get("model") or MODEL
    if not isinstance(model, str) or len(model) > 200:
        raise BadInput("'model' must be a string of at most 200 characters.", "model")
    if "input" not in members:
        raise BadInput("Missing required parameter: 'input'.")
    given = members["input"]
    if isinstance(given, str):
        return Asked((_clean(given),), model)
    if not isinstance(given, list) or not given:
        raise BadInput("'input' must be a string, a list of strings or a list of parts, and not empty.")
    if len(given) > INPUTS_LIMIT:
        raise BadInput(f"'input' may have at most {INPUTS_LIMIT} items.")
    if all(isinstance(one, str) for one in given):
        return Asked(tuple(map(_clean, given)), model)
    return _of_pieces(given, model)


def _of_pieces(pieces: list[object], model: str) -> Asked:
    texts: list[str] = []
    pictures = 0
    for place, part in enumerate(pieces):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(_clean(part["text"]))
        elif kind == "image_url" and isinstance(part, dict) and isinstance(part.get("image_url"), dict):
            pictures += 1
        else:
            raise BadInput(
                f"'input[{place}]' must be a part of type 'text' or 'image_url'.", f"input[{place}]"
            )
    if not texts:
        raise BadInput("Pictures are not looked at here, and 'input' holds no text.")
    return Asked(("\n".join(texts),), model, bool(pictures))


def _clean(text: str) -> str:
    """Return the text without NUL and half surrogate pairs, which JSON may hold and no database does."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def result(assessment: Assessment, policy: Policy) -> dict[str, object]:
    """Return one result: a category is flagged where one of its labels reaches the site's own lowest cut."""
    scores = {name: round(_score(name, labels, assessment.scores), 7) for name, labels in CATEGORIES.items()}
    crossed = {label for label, score in assessment.scores.items() if _crosses(score, policy.cuts.get(label))}
    categories = {name: bool(crossed.intersection(labels)) for name, labels in CATEGORIES.items()}
    categories["hate/threatening"] = crossed.issuperset(BOTH)
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }


def _score(category: str, labels: tuple[str, ...], scores: Mapping[str, float]) -> float:
    if category == "hate/threatening":
        return min(scores.get(label, 0.0) for label in BOTH)
    return max((scores.get(label, 0.0) for label in labels), default=0.0)


def _crosses(score: float, cut: Cut | None) -> bool:
    """Whether the site would not publish a text of this score unseen."""
    if cut is None:
        return False
    if cut.approve is not None and score > cut.approve:
        return True
    return any(at is not None and score >= at for at in (cut.hold, cut.reject, cut.spam))
