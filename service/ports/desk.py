"""What a transaction does for the desk, by role: queues and claims, reports and appeals, authors, search, views."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from service.domain.author_status import AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.desk import (
    Appeal,
    Claim,
    History,
    Matter,
    Queued,
    Report,
    View,
    Wanted,
)


class Queue(Protocol):
    """The queues, and what is assigned to whom."""

    def queue(self, wanted: Wanted, moderator_id: int, now: datetime, limit: int) -> list[Queued]:
        """Return held comments in the wanted order, without those set aside or assigned to another moderator.

        Of a duplicate cluster only the oldest of those is returned, claims aside. None is while another moderator has
        claimed any held member of it, under whatever filters: one decision decides them all.
        """

    def matters(
        self, kind: Matter, wanted: Wanted, moderator_id: int, now: datetime, limit: int
    ) -> list[Queued]:
        """Return comments with an open matter of that kind in the wanted order, others' claims left out.

        Age is the matter's: the oldest comes first.
        """

    def arrived(self, wanted: Wanted, since_pk: int, limit: int) -> int:
        """Count held comments of that kind with a number above `since_pk`, up to `limit`."""

    def newest_held(self) -> int:
        """Return the highest number of a held comment, 0 when none is held."""

    def queue_counts(self, limit: int) -> dict[str, int]:
        """Count "held" (without what is set aside), "reported", "aside" and "appeals", each up to `limit`."""

    def languages(self) -> list[str]:
        """Return the languages of held comments, at most 50."""

    def claim(self, moderator_id: int, pks: Sequence[int], now: datetime, until: datetime) -> set[int]:
        """Take or renew claims; return the comments that are assigned to this moderator then."""

    def release_claims(self, moderator_id: int, pks: Sequence[int] | None = None) -> None:
        """Let go of these claims of the moderator, or of all."""

    def claims(self, now: datetime) -> list[Claim]:
        """Return every claim that has not run out, on what still waits: what was decided is assigned to nobody."""


class Reports(Protocol):
    """Readers' reports, and matters beside the verdict that keep a comment on the desk."""

    def add_report(self, report: Report) -> bool:
        """Keep the report; False when the same reader reported this comment already."""

    def reports(self, comment_pk: int, limit: int = 20) -> list[Report]:
        """Return the comment's reports, newest first."""

    def reports_about(self, comment_pks: Collection[int], limit: int = 20) -> dict[int, list[Report]]:
        """Return by comment its newest reports; comments without any are left out."""

    def open_matter(
        self, kind: Matter, comment: Comment, now: datetime, opened_by: int | None = None
    ) -> None:
        """Open a matter, or count one more in the open one; `opened_by` is the decision that did."""

    def open_matters(self, comment_pks: Collection[int]) -> dict[int, dict[Matter, int]]:
        """Return by comment which matters are open, and how often each was raised."""

    def close_matters(self, closed_by: Mapping[int, int | None], now: datetime) -> int:
        """Close every open matter of these comments, by pk, each for the number beside it; return how many.

        It is a decision's, or one of the same counter by which `undo_matters` finds what was closed without any.
        """

    def closed_matters(self, number: int) -> set[int]:
        """Return the comments that have a matter which was closed for this number."""

    def undo_matters(self, decision_ids: Collection[int]) -> None:
        """Put matters back to before the decisions: those they closed are open, those they opened are gone.

        One that was raised anew meanwhile stays as it is.
        """


class Appeals(Protocol):
    """Commenters' appeals."""

    def add_appeal(self, appeal: Appeal) -> Appeal | None:
        """Keep an appeal against a decision and return it with its id; None when there is one already."""

    def appeal(self, appeal_id: int, lock: bool = False) -> Appeal | None: ...
    def appeals_about(self, comment_pks: Collection[int]) -> dict[int, list[Appeal]]:
        """Return by comment its appeals, oldest first; comments without any are left out."""

    def appeals_of(self, comment_pk: int) -> list[Appeal]:
        """Return the comment's appeals, oldest first."""

    def appeals_open(self, wanted: Wanted, limit: int) -> list[tuple[Appeal, Queued]]:
        """Return appeals without an answer in the wanted order, with their comments; age is the appeal's."""

    def answer_appeal(
        self, appeal_id: int, who: str, answer: str, reversed_by: int | None, now: datetime
    ) -> bool:
        """Answer an open appeal; False when it has its answer."""

    def reopen_appeals(self, stands: Mapping[int, int | None]) -> None:
        """Take the answers back that these decisions gave; each appeal is against the one beside it then, if any."""

    def take_answer_back(self, appeal_id: int) -> bool:
        """Take an answer back that made no decision; False when there is none."""


class Closing(Protocol):
    """The end of everything about a comment."""

    def close_cases(self, closed_by: Mapping[int, int], now: datetime) -> None:
        """End what is open about comments that are final, by pk, each for the decision beside it.

        Matters and appeals are closed, claims end, and the comment leaves its duplicate cluster.
        """


class Authors(Protocol):
    """What is known of authors, by site and author key; never by address."""

    def histories(self, site_id: int, author_keys: Iterable[str]) -> dict[str, History]: ...
    def by_author(self, site_id: int, author_key: str, before: int | None, limit: int) -> list[Comment]:
        """Return the author's comments on the site, newest first."""

    def named(self, site_id: int, ids: Iterable[str]) -> dict[str, Comment]:
        """Return the site's comments with these ids."""

    def set_author_status(self, entry: AuthorStatusEntry) -> AuthorStatusEntry:
        """Replace the author's status, and return the new entry with its id."""

    def end_author_status(self, site_id: int, author_key: str, now: datetime) -> bool: ...
    def author_statuses(
        self, site_id: int, author_keys: Iterable[str], now: datetime
    ) -> dict[str, AuthorStatusEntry]:
        """Return the statuses in force now, by author key."""


class Searching(Protocol):
    """Words to comments, over masked text alone."""

    def index_texts(self, pks: Collection[int]) -> None:
        """Make these comments findable by the words of their present name and text."""

    def forget_texts(self, pks: Collection[int]) -> None:
        """Take these comments out of the index, and what was written about them by readers: reports and appeals."""

    def rebuild_search(self) -> None:
        """Write the index anew, so that no file keeps a word that was taken out."""

    def search(
        self, words: Sequence[str], site_id: int | None, before: int | None, limit: int
    ) -> list[Comment]:
        """Return comments that contain every word, newest first."""


class Views(Protocol):
    """Places that moderators keep."""

    def add_view(self, moderator_id: int, name: str, query: str, now: datetime) -> None:
        """Keep a view, in the place of one of the same name; at most 20 a moderator, the oldest give way."""

    def views(self, moderator_id: int) -> list[View]: ...
    def drop_view(self, moderator_id: int, view_id: int) -> None: ...


class Desk(Queue, Reports, Appeals, Closing, Authors, Searching, Views, Protocol):
    """Everything that a transaction does for the desk alone."""
