"""Decisions: their ids and sequence numbers, publication and undo, the feed, and the notes beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import (
    BigInteger,
    Executable,
    Integer,
    RowMapping,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    text,
    update,
)

from service.domain.comment import Comment
from service.domain.verdict import Decision
from service.storage.bulk import POSTGRESQL, insert, insert_or_update, rows_of
from service.storage.columns import Instant, to_json
from service.storage.comment_rows import ARTICLE, PAGE_LIMIT, TEXTS, in_revision, joined
from service.storage.repository import LIMIT, Repository
from service.storage.rows import record_of, values_of
from service.storage.schema import numbers, site_counters, word
from service.storage.schema_comments import articles, comments, revisions
from service.storage.schema_moderation import (
    awaits_publication,
    bulk_members,
    decisions,
    is_by_moderator,
    is_numbered,
    notes,
)

_NEXT_IDS = text("SELECT nextval('decision_ids') FROM generate_series(1, :count)")
_COUNT_UP = insert(numbers)
_COUNT_IDS = (
    _COUNT_UP.values(name="decision", value=bindparam("count"))
    .on_conflict_do_update(
        index_elements=["name"], set_={"value": numbers.c.value + _COUNT_UP.excluded.value}
    )
    .returning(numbers.c.value)
)
_SEQUENCE = (
    update(site_counters)
    .where(site_counters.c.site_id == bindparam("site"))
    .values(seq=site_counters.c.seq + bindparam("count"))
    .returning(site_counters.c.seq)
)
_DUE = (
    select(decisions)
    .where(awaits_publication, decisions.c.effective_at <= bindparam("now", type_=Instant))
    .order_by(decisions.c.effective_at, decisions.c.pk)
    .limit(LIMIT)
)
_DECISION = tuple(column.label(f"decision_{column.name}") for column in decisions.c)
_BESIDE = decisions.join(comments, comments.c.pk == decisions.c.comment_pk).join(
    articles, articles.c.pk == comments.c.article_pk
)
_FEED = (
    select(comments, *ARTICLE, *TEXTS, *_DECISION)
    .select_from(
        _BESIDE.outerjoin(
            revisions,
            and_(
                revisions.c.comment_pk == decisions.c.comment_pk, revisions.c.revision == decisions.c.revision
            ),
        )
    )
    .where(decisions.c.site_id == bindparam("site_id"), decisions.c.seq > bindparam("cursor"), is_numbered)
    .order_by(decisions.c.seq)
    .limit(LIMIT)
)
_TOLD = case((decisions.c.action == word("restore"), decisions.c.previous), else_=decisions.c.pk)
_IN_ONE_ACT = exists().where(bulk_members.c.decision_id == _TOLD)
_LATEST = (
    select(comments, *ARTICLE, *_DECISION)
    .select_from(_BESIDE)
    .where(is_by_moderator, ~_IN_ONE_ACT)
    .order_by(decisions.c.pk.desc())
    .limit(LIMIT)
)


class DecisionRepository(Repository):
    """Decisions and the notes beside them."""

    def new_ids(self, count: int) -> list[int]:
        if count < 1:
            return []
        if self._dialect == POSTGRESQL:
            return sorted(self._write(_NEXT_IDS, count=count).scalars())
        last = int(self._write(_COUNT_IDS, count=count).scalar_one())
        return list(range(last - count + 1, last + 1))

    def take_sequence(self, site_id: int, count: int) -> int:
        """Take `count` sequence numbers of the site and return the first.

        The site's counter stays locked until the transaction ends, so that numbers become visible in order.
        """
        last = int(self._write(_SEQUENCE, site=site_id, count=count).scalar_one())
        return last - count + 1

    def advance_sequence(self, number: int) -> None:
        """Let sequence numbers and decision ids go on from `number` at least, in every site; none goes back."""
        self._write(update(site_counters).where(site_counters.c.seq < number).values(seq=number))
        if self._dialect == POSTGRESQL:
            higher_id = "SELECT setval('decision_ids', greatest(nextval('decision_ids'), :number))"
            self._write(text(higher_id), number=number)
        else:
            higher = func.max(numbers.c.value, _COUNT_UP.excluded.value)
            leap = _COUNT_UP.on_conflict_do_update(index_elements=["name"], set_={"value": higher})
            self._write(leap, name="decision", value=number)

    def add(self, added: Sequence[Decision]) -> None:
        self._add(decisions, [values_of(decision) for decision in added])

    def get(self, decision_id: int) -> Decision | None:
        return self._first(_decision, select(decisions).where(decisions.c.pk == decision_id))

    def current(self, comment: Comment) -> Decision | None:
        """Return the decision that stands on the comment."""
        return self.get(comment.decision_id) if comment.decision_id else None

    def by_ids(self, decision_ids: Collection[int]) -> dict[int, Decision]:
        """Return the decisions with these ids, by id."""
        found = select(decisions).where(decisions.c.pk.in_(decision_ids))
        return {one.id: one for one in self._all(_decision, found)} if decision_ids else {}

    def of_comment(self, comment_pk: int) -> list[Decision]:
        """Return every decision on the comment, oldest first."""
        found = select(decisions).where(decisions.c.comment_pk == comment_pk).order_by(decisions.c.pk)
        return self._all(_decision, found)

    def number(self, numbers: Mapping[int, int]) -> set[int]:
        """Give decisions, by id, their sequence numbers; return those that had none and were not undone."""
        self._must_write()
        if not numbers:
            return set()
        values = to_json([{"pk": decision_id, "seq": seq} for decision_id, seq in numbers.items()])
        return set(self._write(_number(self._dialect), leaving=values).scalars())

    def undo(self, decision_ids: Collection[int], now: datetime) -> set[int]:
        """Mark as undone; return those that were not undone already."""
        self._must_write()
        if not decision_ids:
            return set()
        stand = decisions.c.pk.in_(decision_ids), decisions.c.undone_at.is_(None)
        undone = update(decisions).where(*stand).values(undone_at=now).returning(decisions.c.pk)
        return set(self._write(undone).scalars())

    def due(self, now: datetime, limit: int) -> list[Decision]:
        """Return decisions whose `effective_at` has come and that have no sequence number, oldest first."""
        return self._all(_decision, _DUE, now=now, limit=limit)

    def publish(self, shown: Sequence[tuple[int, int, int | None]]) -> set[int]:
        """Set which revision readers see of each comment (pk, decision, revision) on which that decision still stands.

        Return the pks of those.
        """
        self._must_write()
        if not shown:
            return set()
        values = to_json(
            [{"pk": pk, "decision_id": one, "revision": revision} for pk, one, revision in shown]
        )
        return set(self._write(_send(self._dialect), shown=values).scalars())

    def feed(self, site_id: int, cursor: int, limit: int) -> list[tuple[Decision, Comment]]:
        """Return published decisions with seq > cursor in order, with the comment as its revision had it."""
        limit = max(1, min(limit, PAGE_LIMIT))
        rows = self._read(_FEED, site_id=site_id, cursor=cursor, limit=limit).mappings()
        return [(_beside(row), in_revision(row, row["decision_revision"]) or joined(row)) for row in rows]

    def latest(self, before: int | None, limit: int) -> list[tuple[Decision, Comment]]:
        """Return what moderators decided one by one over all sites, newest first (by id, below `before`).

        Undone decisions are left out, and those that were made or taken back in one act with others. Each comes with
        the comment as it is now; the desk shows them so that a slip can be taken back.
        """
        found = _LATEST if before is None else _LATEST.where(decisions.c.pk < before)
        limit = max(1, min(limit, PAGE_LIMIT))
        return self._all(lambda row: (_beside(row), joined(row)), found, limit=limit)

    def add_notes(self, decision_ids: Sequence[int], text: str, who: str, now: datetime) -> None:
        """Store a moderator's note on each decision, apart from it, so that it can be erased alone."""
        new = insert_or_update(notes, ("decision_id",), "text", "who", "created_at")
        values = {"text": text, "who": who, "created_at": now}
        self._write_each(new, [{"decision_id": one, **values} for one in decision_ids])

    def notes(self, decision_ids: Sequence[int]) -> dict[int, str]:
        found = select(notes).where(notes.c.decision_id.in_(decision_ids))
        return {row.decision_id: row.text for row in self._read(found)} if decision_ids else {}


@cache
def _number(dialect: str) -> Executable:
    leaving = rows_of("leaving", dialect, pk=BigInteger, seq=BigInteger)
    return (
        update(decisions)
        .where(decisions.c.pk == leaving.c.pk, awaits_publication)
        .values(seq=leaving.c.seq)
        .returning(decisions.c.pk)
    )


@cache
def _send(dialect: str) -> Executable:
    shown = rows_of("shown", dialect, pk=BigInteger, decision_id=BigInteger, revision=Integer)
    return (
        update(comments)
        .where(comments.c.pk == shown.c.pk, comments.c.decision_id == shown.c.decision_id)
        .values(published_revision=shown.c.revision)
        .returning(comments.c.pk)
    )


def _decision(row: RowMapping) -> Decision:
    return record_of(Decision, row)


def _beside(row: RowMapping) -> Decision:
    return record_of(Decision, row, "decision_")
