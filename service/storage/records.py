"""What transactions take and return beside the domain's own records: plain values, none of which holds an address."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from datetime import datetime

from service.domain.comment import Comment
from service.domain.desk_records import Wanted
from service.domain.status import Status
from service.domain.verdict import Action, Effort, Verdict, Who


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """An idempotency key that was used: which comment and revision it made, for which submission."""

    key: str
    comment_pk: int
    revision: int
    request_hash: str


@dataclass(frozen=True, slots=True)
class Move:
    """A compare-and-swap on one comment: from what the caller saw to what it should be.

    It takes effect only where pk, revision, `from_status` and `expected_decision_id` (the current decision) still hold.
    """

    pk: int
    revision: int
    from_status: Status
    expected_decision_id: int | None
    to_status: Status
    decision_id: int | None
    published_revision: int | None
    decided_at: datetime | None
    verdict: Verdict | None = None
    """An automatic verdict to store; None leaves the one that is there."""
    rescore: bool = False
    """Whether the comment is to be scored again in full; its attempts are counted from 0 then."""


@dataclass(frozen=True, slots=True)
class Label:
    """One judgement by a person, for training: who kind, what, on which revision."""

    site_id: int
    comment_pk: int
    revision: int
    who_kind: Who
    who: str
    action: Action
    created_at: datetime
    decision_id: int | None = None
    retracted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A keyset page of comments, newest first unless said otherwise; `next` is the cursor of the following page."""

    comments: tuple[Comment, ...]
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """How attempt number `attempts` at a delivery ended: the state it is left in, and when it is tried again."""

    delivery_id: int
    attempts: int
    state: str
    outcome: str
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, counted at one moment; `oldest_unscored` is when the oldest live pending comment was received."""

    pending: int
    held: int
    oldest_unscored: datetime | None
    deliveries_waiting: int
    deliveries_due: int
    deliveries_dead: int
    due_decisions: int
    to_rescore: int
    """Comments that are decided, and are to be scored again in full."""


@dataclass(frozen=True, slots=True)
class SiteQueue:
    """What waits of one site: when its oldest live unscored comment came, and since when its oldest held one is held.

    By the decision that stands: what was approved for a month and is held again since today waits since today.
    """

    site_id: int
    name: str
    pending: int
    oldest_unscored: datetime | None
    held: int
    oldest_held: datetime | None
    deliveries_waiting: int
    deliveries_dead: int


@dataclass(frozen=True, slots=True)
class CurrentEffort:
    """The effort with which every worker scores now; `since` is None where it never changed."""

    effort: Effort = Effort.FULL
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class BulkDecision:
    """Decisions that a person made in one act, so that one act takes them back. `what` says what was chosen."""

    id: int
    who: str
    action: Action
    what: str
    made_at: datetime
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure as it is remembered: ids and numbers, nothing of the person. `receipt` is what was handed out."""

    id: str
    site_id: int
    requested_by: str
    comments: int
    receipt: str
    created_at: datetime
    purged_at: datetime | None = None
    """When the files were cleared of what the rows no longer hold."""


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Whose decisions are asked for, and which; None means any."""

    who_kind: Who | None = None
    who: str | None = None
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """Held comments whose score lies from `low` up to `high`, both included, up to the number `until_pk`.

    `by` names the label whose score is meant; None means the score that leads each verdict. Of `wanted` the filters
    count, the order and the cursor do not. What arrives after the look is not in it, so that what is decided is what
    was looked at.
    """

    low: float
    high: float
    by: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    until_pk: int | None = None


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """How a queue spreads over a score: how many comments lie in each step of it, and how many in the stretch."""

    counts: tuple[int, ...]
    inside: int


@dataclass(frozen=True, slots=True)
class SealedOriginal:
    """One encrypted original and where it stands; the first byte of its ciphertext is its key's version."""

    comment_pk: int
    revision: int
    field: str
    site: str
    ciphertext: bytes = dataclasses.field(repr=False)

    def anew(self, ciphertext: bytes) -> SealedOriginal:
        """Return the same place with another ciphertext."""
        return replace(self, ciphertext=ciphertext)
