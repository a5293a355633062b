"""Erasure: what was written is found by its author key, and taken out of every table it is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)

from service.domain.comment import Comment
from service.storage.comment_rows import COMMENTS, PAGE_LIMIT, TEXTS, in_revision, joined
from service.storage.records import Erasure
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of
from service.storage.schema import metadata, word
from service.storage.schema_comments import (
    LABEL_SCORES,
    comments,
    has_author,
    is_published,
    originals,
    revisions,
)
from service.storage.schema_moderation import (
    author_statuses,
    decisions,
    deliveries,
    erasures,
    is_present,
    is_unpurged,
    notes,
)
from service.storage.search import SearchRepository

_OF_AUTHORS = (
    comments.c.site_id == bindparam("site_id"),
    comments.c.author_key.in_(bindparam("author_keys", expanding=True)),
    has_author,
)
_WRITTEN = (
    COMMENTS.where(*_OF_AUTHORS, comments.c.pk > bindparam("after"))
    .order_by(comments.c.pk)
    .limit(bindparam("limit"))
)
_NOBODY: Final[Mapping[str, object]] = {"author_name": "", "website": None, "author_key": None}
_NULL: Final = (
    "ip",
    "user_agent",
    "referrer",
    "signals",
    "verdict",
    "label",
    "score",
    "doubt",
    "language",
    "lease_until",
    "rescore",
    *(column.name for column in LABEL_SCORES.values()),
)
"""What is not known any more of an erased comment."""
PLACES: Final = 1_000
"""Older texts that one statement takes."""
OWN_WAY: Final = frozenset({comments, decisions, deliveries, revisions, notes})
"""Tables that are not simply emptied of a comment's rows: what stays of them is said below."""


class ErasureRepository(Repository):
    """How a person is forgotten, and the record of it."""

    def __init__(self, connection: Connection, writes: bool, search: SearchRepository) -> None:
        super().__init__(connection, writes)
        self._search = search

    def written_by(
        self, site_id: int, author_keys: Collection[str], limit: int, after: int = 0, lock: bool = False
    ) -> list[Comment]:
        """Return comments whose present text has one of these authors, by pk above `after`; `lock` as elsewhere."""
        if not author_keys:
            return []
        values = {"site_id": site_id, "author_keys": sorted(author_keys), "after": after}
        found = _WRITTEN.with_for_update(of=comments) if lock else _WRITTEN
        return self._all(joined, found, limit=max(1, min(limit, PAGE_LIMIT)), **values)

    def superseded(self, pk: int) -> list[Comment]:
        """Return a comment's older texts, oldest first, each as the comment was then."""
        older = (
            COMMENTS.add_columns(*TEXTS)
            .join(revisions, revisions.c.comment_pk == comments.c.pk)
            .where(comments.c.pk == pk)
            .order_by(revisions.c.revision)
        )
        rows = self._read(older).mappings()
        return [found for row in rows if (found := in_revision(row, row["old_revision"]))]

    def empty(self, pks: Collection[int], shown: Collection[int] = ()) -> Mapping[str, int]:
        """Take all that was written or is known of the writers out of these comments, for good; they are erased then.

        Whatever hangs on them goes: older texts, bodies of callbacks, notes, labels, boxes, originals, keys. Of those
        in `shown` the text that readers see stays, without an author. Returns how many rows of each table it took.
        """
        if not pks:
            return {}
        taken = {
            table.name: self._taken(delete(table).where(table.c.comment_pk.in_(pks)))
            for table in reversed(metadata.sorted_tables)
            if table not in OWN_WAY and "comment_pk" in table.c
        }
        self._search.forget(pks)
        their_decisions, their_revisions = decisions.c.comment_pk.in_(pks), revisions.c.comment_pk.in_(pks)
        of_these = notes.c.decision_id.in_(select(decisions.c.pk).where(their_decisions))
        taken["notes"] = self._taken(delete(notes).where(of_these))
        is_kept = exists().where(
            comments.c.pk == revisions.c.comment_pk,
            comments.c.pk.in_(shown),
            comments.c.published_revision == revisions.c.revision,
        )
        taken["revisions"] = self._taken(delete(revisions).where(their_revisions, ~is_kept))
        unsigned = update(revisions).where(their_revisions)
        self._write(unsigned.values(**_NOBODY, content_hash="", verdict=None))
        spoke = decisions.c.who_kind != word("machine"), decisions.c.reason.is_not(None)
        speechless = update(decisions).where(their_decisions, *spoke, decisions.c.action != word("erase"))
        self._write(speechless.values(reason=None))
        taken["deliveries"] = self._empty_deliveries(deliveries.c.comment_pk.in_(pks))
        taken["comments"] = self._empty_comments(pks, shown)
        return taken

    def _empty_comments(self, pks: Collection[int], shown: Collection[int]) -> int:
        these = update(comments).where(comments.c.pk.in_(pks))
        is_shown = and_(comments.c.pk.in_(shown), is_published)
        shows_this = and_(is_shown, comments.c.published_revision == comments.c.revision)
        self._write(these.where(~shows_this).values(body=""))
        self._write(these.where(~is_shown).values(published_revision=None))
        return self._taken(these.values(**_NOBODY, status="erased", content_hash="", **dict.fromkeys(_NULL)))

    def forget_author(self, site_id: int, author_keys: Collection[str]) -> Mapping[str, int]:
        """Take out what else hangs on these authors: older texts under comments whose present text is another's.

        Their author status goes too, except a ban in force: that stays, as a keyed hash without its reason, counted
        as "bans_kept".
        """
        if not author_keys:
            return {}
        theirs = author_statuses.c.site_id == site_id, author_statuses.c.author_key.in_(author_keys)
        is_ban = and_(is_present, author_statuses.c.status == word("banned"))
        gone = Counter(
            decisions=self._taken(delete(author_statuses).where(*theirs, ~is_ban)),
            bans_kept=self._taken(update(author_statuses).where(*theirs, is_ban).values(reason=None)),
            deliveries=0,
            originals=0,
            revisions=0,
        )
        older = (
            select(revisions.c.comment_pk, revisions.c.revision)
            .join(comments, comments.c.pk == revisions.c.comment_pk)
            .where(comments.c.site_id == site_id, revisions.c.author_key.in_(author_keys))
            .order_by(revisions.c.comment_pk, revisions.c.revision)
            .limit(PLACES)
        )
        while places := [tuple(row) for row in self._read(older)]:
            shown = tuple_(comments.c.pk, comments.c.published_revision).in_(places)
            self._write(update(comments).where(shown).values(published_revision=None))
            decided = tuple_(decisions.c.comment_pk, decisions.c.revision).in_(places)
            gone["deliveries"] += self._empty_deliveries(
                deliveries.c.decision_id.in_(select(decisions.c.pk).where(decided))
            )
            for table in (originals, revisions):
                its = tuple_(table.c.comment_pk, table.c.revision).in_(places)
                gone[table.name] += self._taken(delete(table).where(its))
        return gone

    def _empty_deliveries(self, which: ColumnElement[bool]) -> int:
        unsent = deliveries.c.state.in_([word("waiting"), word("dead")])
        self._write(update(deliveries).where(which, unsent).values(state="dropped"))
        told = func.length(deliveries.c.payload) > 0
        return self._taken(update(deliveries).where(which, told).values(payload=b""))

    def _taken(self, statement: Executable) -> int:
        return self._write(statement).rowcount

    def add(self, erasure: Erasure) -> None:
        self._write(insert(erasures), id=erasure.id, **values_of(erasure, "id"))

    def get(self, erasure_id: str) -> Erasure | None:
        found = select(erasures).where(erasures.c.id == erasure_id)
        return self._first(lambda row: record_of(Erasure, row, id=row["id"]), found)

    def count_unpurged(self) -> int:
        """Count erasures after which the files were not cleared yet."""
        return int(self._read(select(func.count()).select_from(erasures).where(is_unpurged)).scalar_one())

    def mark_purged(self, made_before: datetime, now: datetime) -> int:
        """Note that the files are cleared of what was erased before that moment."""
        earlier = update(erasures).where(is_unpurged, erasures.c.created_at < made_before)
        return self._taken(earlier.values(purged_at=now))
