"""The desk's own records: what waits in a queue and who has it, reports, appeals, an author's past, a saved view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.domain.comment import Comment
from service.domain.status import Status


class Matter(StrEnum):
    """Why a comment is on the desk though it is not just held."""

    REPORTED = "reported"
    """Readers asked for another look."""
    ASIDE = "aside"
    """A moderator looked, decided nothing, and left it for a talk."""


class Sort(StrEnum):
    """The order of a queue."""

    AGE = "age"
    SCORE = "score"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place behind which a page begins: the last row's number, and its rank where the order has one.

    `at_risk` says that the row is among those that come before every order: their writers may be at risk.
    """

    pk: int
    rank: float | None = None
    at_risk: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a moderator wants to see of the held comments, and in which order."""

    sort: Sort = Sort.AGE
    site_id: int | None = None
    article_url: str | None = None
    label: str | None = None
    language: str | None = None
    after: Cursor | None = None
    without: tuple[int, ...] = ()
    """Rows that the asker has before them already."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A comment in its queue, with the cursor of the page that follows it."""

    comment: Comment
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Claim:
    """To whom a comment is assigned, and until when without a further heartbeat."""

    comment_pk: int
    moderator_id: int
    moderator: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A reader's report; `by` is a keyed digest of whoever the site says reported."""

    comment_pk: int
    revision: int
    by: str
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Appeal:
    """A commenter's request to look again at one decision, and the answer of another moderator."""

    id: int
    site_id: int
    comment_pk: int
    decision_id: int
    decided_by: str | None
    """The moderator whose decision it is against; None for an automatic or a site's one."""
    text: str
    opened_at: datetime
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer: str | None = None
    reversed_by: int | None = None
    """The decision that the answer made; None where the first one was upheld."""


@dataclass(frozen=True, slots=True)
class History:
    """What an author has done on a site: how many comments stand where, and when the first was written."""

    counts: Mapping[Status, int] = field(default_factory=dict)
    first_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A place on the desk that a moderator keeps under a name; `query` is its address's query."""

    id: int
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Moderator:
    """A person on the desk. `role` is moderator, lead or admin."""

    id: int
    name: str
    role: str
    active: bool = True
