"""What the model or a person concluded about one revision of a comment, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.domain.status import Status

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
"""What a comment can be scored for; a model may give only some. `refuse`: a careful newsroom would refuse it."""
SELF_HARM = "self_harm"
"""The writer may be at risk. Such a comment waits for a person, whatever else speaks against it."""


class Action(StrEnum):
    """What can be decided about a comment."""

    APPROVE = "approve"
    REJECT = "reject"
    SPAM = "spam"
    HOLD = "hold"
    RESTORE = "restore"
    """The compensating act of an undo that came after the decision was published."""
    WITHDRAW = "withdraw"
    ERASE = "erase"


GRAVITY = {Action.APPROVE: 0, Action.HOLD: 1, Action.REJECT: 2, Action.SPAM: 3}
REFUSALS = (Action.REJECT, Action.SPAM)


class Effort(StrEnum):
    """How thoroughly a text is scored."""

    FULL = "full"
    FAST = "fast"
    """By its words and signals alone: many times as fast, and less exact."""


OUTCOME = {
    Action.APPROVE: Status.APPROVED,
    Action.REJECT: Status.REJECTED,
    Action.SPAM: Status.SPAM,
    Action.HOLD: Status.HELD,
}


class Who(StrEnum):
    """Which kind of actor decided."""

    MACHINE = "machine"
    MODERATOR = "moderator"
    SITE = "site"
    READER = "reader"
    """Only of labels: a reader reports, and decides nothing."""
    AUTHOR = "author"
    """The person who wrote the comment, on its receipt page."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the masked text, in code points, `end` exclusive, and the log-odds it added to `label`.

    `rule` names the rule that marked it, which gives no log-odds: its weight only says how dark the mark is.
    """

    begin: int
    end: int
    label: str
    weight: float
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the classifier said of one text: a probability for each label it knows, and whether it dares to say them."""

    scores: Mapping[str, float]
    model: str
    confident: bool = True
    doubt: str | None = None
    language: str | None = None
    reads_as: str | None = None
    spans: tuple[Span, ...] = ()
    effort: Effort = Effort.FULL


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground for a verdict: a stable code, the label or word concerned, and a sentence for people."""

    code: str
    detail: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The policy's conclusion: an action, the grounds with the gravest first, and what they were drawn from."""

    action: Action
    reasons: tuple[Reason, ...]
    scores: Mapping[str, float] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    reads_as: str | None = None
    language: str | None = None
    model: str | None = None
    policy: int = 0
    effort: Effort | None = None
    """None where there is no score, or where a version stored it that knew one effort."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An act that moved a comment. It has a sequence number `seq` once it is published, and None before."""

    id: int
    comment_pk: int
    site_id: int
    revision: int
    action: Action
    who_kind: Who
    who: str
    from_status: Status
    to_status: Status
    created_at: datetime
    effective_at: datetime
    reason: str | None = None
    seq: int | None = None
    replaces: int | None = None
    previous: int | None = None
    """The decision that stood before this one; an undo before publication makes it stand again."""
    undone_at: datetime | None = None
    from_published: int | None = None
    """The revision readers saw before this decision, so that an undo can bring it back."""
