"""What the ports hand over: plain values, none of which holds an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.domain.comment import Article, Client, Comment, Source
from service.domain.options import DEFAULTS, Options
from service.domain.policy import Policy
from service.domain.status import Status
from service.domain.verdict import Action, Effort, Verdict, Who


@dataclass(frozen=True, slots=True)
class Site:
    """A news site. `name` is its public slug; secrets are stored encrypted, keys as keyed fingerprints elsewhere."""

    id: int
    name: str
    url: str
    policy: Policy
    title: str | None = None
    callback_url: str | None = None
    callback_disabled: str | None = None
    """Why deliveries stopped (the endpoint answered 410, say); None while they run."""
    email_required: bool = True
    address_mode: str = "sealed"
    """What becomes of an address: "sealed" (box and author key), "fingerprint" (author key alone) or "none"."""
    contact_public_key: str | None = None
    webhook_secrets: tuple[bytes, ...] = ()
    inbound_secrets: tuple[bytes, ...] = ()
    region: str | None = None
    """ISO country whose national phone numbers are recognised in the text; None: international ones alone."""
    created_at: datetime | None = None
    options: Options = DEFAULTS

    @property
    def is_called(self) -> bool:
        """Whether callbacks go out to it."""
        return self.callback_url is not None and self.callback_disabled is None


@dataclass(frozen=True, slots=True)
class Moderator:
    """A person on the desk. `role` is moderator, lead or admin."""

    id: int
    name: str
    role: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one draft: `outcome` is "new", "replay" or "revised"."""

    comment: Comment
    outcome: str


@dataclass(frozen=True, slots=True)
class Key:
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
class CurrentEffort:
    """The effort with which every worker scores now; `since` is None where it never changed."""

    effort: Effort = Effort.FULL
    since: datetime | None = None


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
class Page:
    """A keyset page of comments, newest first unless said otherwise; `next` is the cursor of the following page."""

    comments: tuple[Comment, ...]
    next: int | None = None


class Concealed(Protocol):
    """A reader's address inside the request that brought it; it prints masked, and only a sealer may open it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A comment as the reader wrote it, parsed and bounded, on its way to the sealer; never stored, never logged."""

    article: Article
    author_name: str = field(repr=False)
    body: str = field(repr=False)
    source: Source
    id: str | None = None
    email: Concealed | None = None
    parent_id: str | None = None
    website: str | None = field(default=None, repr=False)
    submitted_at: datetime | None = None
    client: Client = field(default=Client(), repr=False)
    signals: Mapping[str, object] = field(default_factory=dict)
    idempotency_key: str | None = None
    live: bool = True


@dataclass(frozen=True, slots=True)
class Finished:
    """How attempt number `attempts` at a delivery ended: the state it is left in, and when it is tried again."""

    delivery_id: int
    attempts: int
    state: str
    outcome: str
    next_attempt_at: datetime | None
