"""Coral's external moderation phase: what it asks, read from JSON, and what a verdict comes to in its words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from service.domain.errors import Invalid
from service.domain.faults import Fault
from service.domain.verdict import Action, Verdict

ACTIONS: Final = ("NEW", "EDIT")
ID_BOUND: Final = 128
URL_BOUND: Final = 2_000
TOXIC: Final = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}
SPAM: Final = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}
CODE_OF: Final[Mapping[str, str]] = {
    "spam": "SPAM",
    "threat": "ABUSIVE",
    "identity_attack": "HATE_SPEECH",
    "toxicity": "OFFENSIVE",
    "severe_toxicity": "OFFENSIVE",
    "obscene": "OFFENSIVE",
    "insult": "OFFENSIVE",
    "sexual": "OFFENSIVE",
    "refuse": "OFFENSIVE",
}
NO_FLAG: Final = frozenset({"spam", "self_harm", "personal_info"})
"""Labels that do not make a text toxic: of a writer at risk, and of an address, a person hears without a flag."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One comment that Coral asks about, before it has an id; `body` is text or HTML as the phase's format says."""

    action: str
    body: str = field(repr=False)
    author_id: str
    story_id: str
    story_url: str
    parent_id: str | None = None


def read(value: object) -> Asked:
    """Read the request. Raises Invalid, naming each field that is not as Coral sends it; others are ignored."""
    faults: list[Fault] = []
    asked = _object(value, "", faults)
    comment, author, story = (
        _object(asked.get(name), name, faults) for name in ("comment", "author", "story")
    )
    action = _text(asked, "action", "action", faults, 10)
    if action not in ACTIONS:
        faults.append(Fault("action", "choice", words=", ".join(ACTIONS)))
    made = Asked(
        action=action,
        body=_text(comment, "body", "comment.body", faults, None),
        author_id=_text(author, "id", "author.id", faults, ID_BOUND),
        story_id=_text(story, "id", "story.id", faults, ID_BOUND),
        story_url=_text(story, "url", "story.url", faults, URL_BOUND),
        parent_id=_text(comment, "parentID", "comment.parentID", faults, ID_BOUND, optional=True) or None,
    )
    if faults:
        raise Invalid(faults)
    return made


def _object(value: object, where: str, faults: list[Fault]) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    faults.append(Fault(where, "object"))
    return {}


def _text(
    members: Mapping[str, Any],
    name: str,
    where: str,
    faults: list[Fault],
    most: int | None,
    optional: bool = False,
) -> str:
    value = members.get(name)
    if value is None and optional:
        return ""
    if not isinstance(value, str) or not _is_encodable(value):
        faults.append(Fault(where, "text"))
        return ""
    if most is not None and len(value) > most:
        faults.append(Fault(where, "too_long", count=most))
        return ""
    return value


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def key_of(story_id: str, author_id: str, text: str) -> str:
    """Name a comment that has no id yet by its story, its author and a hash of its text; later events say all three.

    White space does not count: Coral's plain text and its HTML break paragraphs differently.
    """
    digest = hashlib.sha256(f"{story_id}\0{author_id}\0{''.join(text.split())}".encode()).hexdigest()
    return f"coral:{digest}"


def alias_of(coral_id: str) -> str:
    """Name a comment by the id that Coral gave it."""
    return f"coral comment:{coral_id}"


def answer(verdict: Verdict, decides: bool) -> dict[str, object]:
    """Return what Coral is told: flags for what was found, and a status where the site lets us decide.

    An approval is no opinion: `APPROVED` would end Coral's own pre-moderation for this comment.
    """
    if verdict.action is Action.APPROVE:
        return {}
    flags = _flags(verdict)
    response: dict[str, object] = {"actions": flags} if flags else {}
    if not decides:
        return response
    if verdict.action is Action.HOLD:
        return response | {"status": "SYSTEM_WITHHELD" if flags else "PREMOD"}
    response["status"] = "REJECTED"
    if code := _code(verdict):
        response["moderationAction"] = {"status": "REJECTED", "rejectionReason": {"code": code}}
    return response


def _flags(verdict: Verdict) -> list[dict[str, str]]:
    labels = {reason.label for reason in verdict.reasons if reason.label}
    flags = [TOXIC] if labels - NO_FLAG else []
    return [*flags, SPAM] if "spam" in labels or verdict.action is Action.SPAM else flags


def _code(verdict: Verdict) -> str | None:
    """Return Coral's reason for a rejection: that of the gravest ground."""
    if verdict.action is Action.SPAM:
        return "SPAM"
    gravest = verdict.reasons[0]
    return "BANNED_WORD" if gravest.code == "word" else CODE_OF.get(gravest.label or "")
