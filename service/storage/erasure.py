"""Forgetting a person: what was written is found by its author key, and taken out of every table it is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from service.domain.comment import Comment
from service.storage.columns import Instant
from service.storage.comment_rows import COMMENTS, PAGE_LIMIT, TEXTS, in_revision, joined
from service.storage.comment_tables import LABEL_SCORES, comments, originals, revisions
from service.storage.decision_tables import decisions, deliveries, erasures, is_unpurged, notes
from service.storage.desk_tables import author_statuses, is_present
from service.storage.records import Erasure
from service.storage.repository import Repository
from service.storage.schema import metadata, word
from service.storage.search import SearchRepository

_PKS: BindParameter[Any] = bindparam("pks", expanding=True)
_SHOWN: BindParameter[Any] = bindparam("shown", expanding=True)
_KEYS: BindParameter[Any] = bindparam("author_keys", expanding=True)
_WRITTEN = (
    COMMENTS.where(
        comments.c.site_id == bindparam("site_id"),
        comments.c.author_key.in_(_KEYS),
        comments.c.author_key.is_not(None),
        comments.c.pk > bindparam("after"),
    )
    .order_by(comments.c.pk)
    .limit(bindparam("limit"))
)
_LOCKED = _WRITTEN.with_for_update(of=comments)
_EVER_WRITTEN = (
    COMMENTS.where(
        comments.c.site_id == bindparam("site_id"),
        comments.c.pk > bindparam("after"),
        comments.c.pk.in_(
            select(comments.c.pk)
            .where(comments.c.site_id == bindparam("site_id"), comments.c.author_key.in_(_KEYS))
            .correlate(None)
            .union_all(select(revisions.c.comment_pk).where(revisions.c.author_key.in_(_KEYS)))
        ),
    )
    .order_by(comments.c.pk)
    .limit(bindparam("limit"))
)
_SUPERSEDED = (
    COMMENTS.add_columns(*TEXTS)
    .join(revisions, revisions.c.comment_pk == comments.c.pk)
    .where(comments.c.pk == bindparam("pk"))
    .order_by(revisions.c.revision)
)
_NOBODY: Final[Mapping[str, object]] = {"author_name": "", "website": None, "author_key": None}
_EMPTY = (
    update(comments)
    .where(comments.c.pk.in_(_PKS))
    .values(
        **_NOBODY,
        status="erased",
        content_hash="",
        ip=None,
        user_agent=None,
        referrer=None,
        signals=None,
        verdict=None,
        label=None,
        score=None,
        doubt=None,
        language=None,
        lease_until=None,
        rescore=None,
        **dict.fromkeys((column.name for column in LABEL_SCORES.values()), None),
    )
)
_IS_SHOWN = and_(comments.c.pk.in_(_SHOWN), comments.c.published_revision.is_not(None))
_BLANK = update(comments).where(comments.c.pk.in_(_PKS))
_BLANK_TEXT = _BLANK.where(~and_(_IS_SHOWN, comments.c.published_revision == comments.c.revision)).values(
    body=""
)
_HIDE = _BLANK.where(~_IS_SHOWN).values(published_revision=None)
_KEPT_REVISION = (
    select(literal(1))
    .where(
        comments.c.pk == revisions.c.comment_pk,
        comments.c.pk.in_(_SHOWN),
        comments.c.published_revision == revisions.c.revision,
    )
    .exists()
)
_DROP_REVISIONS = delete(revisions).where(revisions.c.comment_pk.in_(_PKS), ~_KEPT_REVISION)
_BLANK_REVISIONS = (
    update(revisions).where(revisions.c.comment_pk.in_(_PKS)).values(**_NOBODY, content_hash="", verdict=None)
)
_OF_THESE = select(decisions.c.pk).where(decisions.c.comment_pk.in_(_PKS))
_SPEECHLESS = (
    update(decisions)
    .where(decisions.c.comment_pk.in_(_PKS), decisions.c.who_kind != word("machine"))
    .where(decisions.c.reason.is_not(None), decisions.c.action != word("erase"))
    .values(reason=None)
)
_DROP_WAITING = (
    update(deliveries)
    .where(deliveries.c.comment_pk.in_(_PKS), deliveries.c.state.in_([word("waiting"), word("dead")]))
    .values(state="dropped")
)
_EMPTY_DELIVERIES = (
    update(deliveries)
    .where(deliveries.c.comment_pk.in_(_PKS), func.length(deliveries.c.payload) > 0)
    .values(payload=b"")
)
_THEIR_OLD_TEXTS = (
    select(revisions.c.comment_pk, revisions.c.revision)
    .join(comments, comments.c.pk == revisions.c.comment_pk)
    .where(comments.c.site_id == bindparam("of_site"), revisions.c.author_key.in_(_KEYS))
    .order_by(revisions.c.comment_pk, revisions.c.revision)
    .limit(bindparam("limit"))
)
PLACES: Final = 1_000
"""Older texts that one statement takes."""
_THEIR_STATUSES = and_(
    author_statuses.c.site_id == bindparam("of_site"), author_statuses.c.author_key.in_(_KEYS)
)
_HOLDS_A_BAN = and_(is_present, author_statuses.c.status == word("banned"))
_DROP_STATUSES = delete(author_statuses).where(_THEIR_STATUSES, ~_HOLDS_A_BAN)
_BARE_BANS = update(author_statuses).where(_THEIR_STATUSES, _HOLDS_A_BAN).values(reason=None)
_ERASURE = select(erasures).where(erasures.c.id == bindparam("erasure_id"))
_UNPURGED = select(func.count()).select_from(erasures).where(is_unpurged)
_PURGED = (
    update(erasures)
    .where(is_unpurged, erasures.c.created_at < bindparam("made_before", type_=Instant))
    .values(purged_at=bindparam("now", type_=Instant))
)
OWN_WAY: Final = frozenset({comments, decisions, deliveries, revisions, notes})
"""Tables that are not simply emptied of a comment's rows: what stays of them is said above."""


class ErasureRepository(Repository):
    """The verbs by which a person is forgotten."""

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
        rows = self._read(_LOCKED if lock else _WRITTEN, limit=max(1, min(limit, PAGE_LIMIT)), **values)
        return [joined(row) for row in rows.mappings()]

    def ever_written_by(
        self, site_id: int, author_keys: Collection[str], limit: int, after: int = 0
    ) -> list[Comment]:
        """Return likewise comments of which any text, present or older, has one of these authors."""
        values = {"site_id": site_id, "author_keys": sorted(author_keys), "after": after, "limit": limit}
        return [joined(row) for row in self._read(_EVER_WRITTEN, **values).mappings()]

    def superseded(self, pk: int) -> list[Comment]:
        """Return a comment's older texts, oldest first, each as the comment was then."""
        rows = self._read(_SUPERSEDED, pk=pk).mappings()
        return [found for row in rows if (found := in_revision(row, row["old_revision"]))]

    def empty(self, pks: Collection[int], shown: Collection[int] = ()) -> Mapping[str, int]:
        """Take all that was written or is known of the writers out of these comments, for good; they are erased then.

        Whatever hangs on them goes: older texts, bodies of callbacks, notes, labels, boxes, originals, keys. Of those
        in `shown` the text that readers see stays, without an author. Returns how many rows of each table it took.
        """
        if not pks:
            return {}
        these = {"pks": sorted(pks)}
        kept = {**these, "shown": sorted(shown)}
        taken = {
            table.name: self._write(_delete_of(table), **these).rowcount
            for table in reversed(metadata.sorted_tables)
            if table not in OWN_WAY and "comment_pk" in table.c
        }
        self._search.forget(pks)
        taken["notes"] = self._write(_NOTES_OF, **these).rowcount
        taken["revisions"] = self._write(_DROP_REVISIONS, **kept).rowcount
        self._write(_BLANK_REVISIONS, **these)
        self._write(_SPEECHLESS, **these)
        self._write(_DROP_WAITING, **these)
        taken["deliveries"] = self._write(_EMPTY_DELIVERIES, **these).rowcount
        self._write(_BLANK_TEXT, **kept)
        self._write(_HIDE, **kept)
        taken["comments"] = self._write(_EMPTY, **these).rowcount
        return taken

    def forget_author(self, site_id: int, author_keys: Collection[str]) -> Mapping[str, int]:
        """Take out what else hangs on these authors: older texts under comments whose present text is another's.

        Their author status goes too, except a ban in force: that stays, as a keyed hash without its reason, counted
        as "bans_kept".
        """
        if not author_keys:
            return {}
        whose = {"of_site": site_id, "author_keys": sorted(author_keys)}
        gone = Counter(
            decisions=self._write(_DROP_STATUSES, **whose).rowcount,
            bans_kept=self._write(_BARE_BANS, **whose).rowcount,
            deliveries=0,
            originals=0,
            revisions=0,
        )
        while places := [
            (row.comment_pk, row.revision) for row in self._read(_THEIR_OLD_TEXTS, **whose, limit=PLACES)
        ]:
            self._write(_UNPUBLISH_AT, places=places)
            self._write(_DROP_WAITING_AT, places=places)
            gone["deliveries"] += self._write(_EMPTY_DELIVERIES_AT, places=places).rowcount
            gone["originals"] += self._write(_DROP_ORIGINALS_AT, places=places).rowcount
            gone["revisions"] += self._write(_DROP_REVISIONS_AT, places=places).rowcount
        return gone

    def add(self, erasure: Erasure) -> None:
        self._write(
            insert(erasures),
            id=erasure.id,
            site_id=erasure.site_id,
            requested_by=erasure.requested_by,
            comments=erasure.comments,
            receipt=erasure.receipt,
            created_at=erasure.created_at,
        )

    def get(self, erasure_id: str) -> Erasure | None:
        row = self._read(_ERASURE, erasure_id=erasure_id).mappings().first()
        return Erasure(**{name: row[name] for name in row if name != "pk"}) if row else None

    def count_unpurged(self) -> int:
        """Count erasures after which the files were not cleared yet."""
        return int(self._read(_UNPURGED).scalar_one())

    def mark_purged(self, made_before: datetime, now: datetime) -> int:
        """Note that the files are cleared of what was erased before that moment."""
        return self._write(_PURGED, made_before=made_before, now=now).rowcount


_PLACES: BindParameter[Any] = bindparam("places", expanding=True)
_NOTES_OF = delete(notes).where(notes.c.decision_id.in_(_OF_THESE))
_DROP_REVISIONS_AT = delete(revisions).where(
    tuple_(revisions.c.comment_pk, revisions.c.revision).in_(_PLACES)
)
_DROP_ORIGINALS_AT = delete(originals).where(
    tuple_(originals.c.comment_pk, originals.c.revision).in_(_PLACES)
)
_OF_THOSE = deliveries.c.decision_id.in_(
    select(decisions.c.pk).where(tuple_(decisions.c.comment_pk, decisions.c.revision).in_(_PLACES))
)
_DROP_WAITING_AT = (
    update(deliveries)
    .where(_OF_THOSE, deliveries.c.state.in_([word("waiting"), word("dead")]))
    .values(state="dropped")
)
_EMPTY_DELIVERIES_AT = (
    update(deliveries).where(_OF_THOSE, func.length(deliveries.c.payload) > 0).values(payload=b"")
)
_UNPUBLISH_AT = (
    update(comments)
    .where(tuple_(comments.c.pk, comments.c.published_revision).in_(_PLACES))
    .values(published_revision=None)
)


@cache
def _delete_of(table: Table) -> Executable:
    return delete(table).where(table.c.comment_pk.in_(_PKS))
