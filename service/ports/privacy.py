"""What a transaction does to forget a person, a period or a site, and to show a person what there is of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.comment import Comment
from service.domain.status import Status


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


class Erasing(Protocol):
    """How what a person wrote is found and forgotten."""

    def written_by(
        self, site_id: int, author_keys: Collection[str], limit: int, after: int = 0, lock: bool = False
    ) -> list[Comment]:
        """Return comments whose present text has one of these authors, by pk above `after`; `lock` as elsewhere."""

    def superseded(self, pk: int) -> list[Comment]:
        """Return a comment's older texts, oldest first, each as the comment was then."""

    def empty(self, pks: Collection[int], shown: Collection[int] = ()) -> Mapping[str, int]:
        """Take all that was written or is known of the writers out of these comments, for good; they are erased then.

        Whatever hangs on them goes: older texts, bodies of callbacks, notes, labels, boxes, originals, keys. Of those
        in `shown` the text that readers see stays, without an author. Returns how many rows of each table it took.
        """

    def forget_author(self, site_id: int, author_keys: Collection[str]) -> Mapping[str, int]:
        """Take out what else hangs on these authors: older texts under comments whose present text is another's.

        Their author status goes too, except a ban in force: that stays, as a keyed hash without its reason, counted
        as "bans_kept".
        """

    def add_erasure(self, erasure: Erasure) -> None: ...
    def erasure(self, erasure_id: str) -> Erasure | None: ...
    def erasures_unpurged(self) -> int:
        """Count erasures after which the files were not cleared yet."""

    def mark_purged(self, made_before: datetime, now: datetime) -> int:
        """Note that the files are cleared of what was erased before that moment."""

    def remove_site(self, site_id: int) -> Mapping[str, int]:
        """Take a site off with everything of it; returns how many rows of each table that took.

        The log of human acts keeps what it says of the site: it is append-only, and holds ids alone.
        """

    def remove_moderator(self, moderator_id: int) -> None:
        """Take a moderator off with sessions, links, claims and views; what they decided keeps their name."""


class Retaining(Protocol):
    """How what is old enough goes; each verb takes at most `limit` and returns how many it took."""

    def expired(self, site_id: int, status: Status, before: datetime, limit: int) -> list[int]:
        """Return and lock comments in that state whose current decision took effect before that moment."""

    def drop_clients(self, site_id: int, before: datetime, limit: int) -> int:
        """Forget network, user agent and referring page of comments received before that moment."""

    def drop_originals(self, site_id: int, before: datetime, limit: int) -> int:
        """Forget the encrypted originals of comments received before that moment."""

    def drop_deliveries(self, site_id: int, before: datetime, limit: int, waiting: bool = False) -> int:
        """Forget callbacks made before that moment: those that are over, or else those `waiting` for their delivery."""
