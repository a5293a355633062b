"""Coral's external moderation phase: what it asks, read from JSON, and what a verdict comes to in its words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError

from service.domain.errors import Invalid
from service.domain.text import visible
from service.domain.verdict import Action, Verdict
from service.usecases.validation import Text, faults_of

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


MARK: Final = re.compile(r"<([^<>]*)>")
OWN: Final = re.compile(
    r"/?[a-z][a-z0-9]*"
    r'(?:\s+(?:(?:href|src|target)="[^"\s]*"|class="coral-[a-z-]*"|rel="(?:noopener|noreferrer|nofollow|ugc|\s)*"))*'
    r"\s*/?",
    re.IGNORECASE,
)
"""A tag as Coral's cleaning leaves it: attributes that hold no words. In a plain text `<i hate you>` is none."""


class Asked(BaseModel):
    """One comment that Coral asks about, before it has an id; `body` is text or HTML as the phase's format says."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    action: Literal["NEW", "EDIT"]
    body: Text = Field(validation_alias=AliasPath("comment", "body"), repr=False)
    author_id: str = Field(validation_alias=AliasPath("author", "id"), max_length=ID_BOUND)
    story_id: str = Field(validation_alias=AliasPath("story", "id"), max_length=ID_BOUND)
    story_url: str = Field(validation_alias=AliasPath("story", "url"), max_length=URL_BOUND)
    parent_id: str | None = Field(
        None, validation_alias=AliasPath("comment", "parentID"), max_length=ID_BOUND
    )


def read(value: object) -> Asked:
    """Read the request. Raises Invalid, naming each field that is not as Coral sends it; others are ignored."""
    try:
        return Asked.model_validate(value)
    except ValidationError as error:
        raise Invalid(faults_of(error)) from None


def typed_as_text(body: str) -> str:
    """Return the body with what only looks like a tag written so that it is read as the text that it is."""
    if "<" not in body:
        return body
    return MARK.sub(lambda mark: mark[0] if OWN.fullmatch(mark[1]) else f"&lt;{mark[1]}&gt;", body)


def key_of(story_id: str, author_id: str, text: str) -> str:
    """Name a comment that has no id yet by its story, its author and a hash of its text; later events say all three.

    White space and what nobody sees do not count: Coral's plain text and its HTML break paragraphs differently.
    """
    digest = hashlib.sha256(f"{story_id}\0{author_id}\0{''.join(visible(text).split())}".encode()).hexdigest()
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
