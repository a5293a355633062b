"""Reports and matters in SQL: what keeps a comment on the desk beside its verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Executable,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)

from service.domain.comment import Comment
from service.domain.desk import Matter, Report
from service.storage.bulk import insert_into, rows_of
from service.storage.cluster_tables import cluster_members
from service.storage.columns import to_json
from service.storage.desk_tables import appeals, claims, is_open, is_unanswered, matters, reports
from service.storage.repository import Repository

_REPORTS = (
    select(reports)
    .where(reports.c.comment_pk == bindparam("comment_pk"))
    .order_by(reports.c.created_at.desc(), reports.c.by)
    .limit(bindparam("limit"))
)
_PLACE = func.row_number().over(
    partition_by=reports.c.comment_pk, order_by=(reports.c.created_at.desc(), reports.c.by)
)
_PLACED = (
    select(reports, _PLACE.label("place"))
    .where(reports.c.comment_pk.in_(bindparam("pks", expanding=True)))
    .subquery()
)
_REPORTS_ABOUT = (
    select(_PLACED)
    .where(_PLACED.c.place <= bindparam("limit"))
    .order_by(_PLACED.c.comment_pk, _PLACED.c.place)
)
_OPEN = select(matters.c.comment_pk, matters.c.kind, matters.c.raised).where(
    matters.c.comment_pk.in_(bindparam("pks", expanding=True)), is_open
)
_THESE: BindParameter[Any] = bindparam("undone", expanding=True)
_again = matters.alias("again")  # raised anew meanwhile: that one stays
_IS_OPEN_AGAIN = exists().where(
    _again.c.comment_pk == matters.c.comment_pk, _again.c.kind == matters.c.kind, _again.c.closed_at.is_(None)
)
_REOPEN = (
    update(matters)
    .where(matters.c.closed_by.in_(_THESE), ~_IS_OPEN_AGAIN)
    .values(closed_at=None, closed_by=None)
)
_CLOSED_BY = select(matters.c.comment_pk).distinct().where(matters.c.closed_by == bindparam("number"))
_DROP = delete(matters).where(matters.c.opened_by.in_(_THESE), is_open)
_PKS: BindParameter[Any] = bindparam("pks", expanding=True)
_CLOSE_APPEALS = (
    update(appeals).where(appeals.c.comment_pk.in_(_PKS), is_unanswered).values(answered_at=bindparam("now"))
)
_LEAVE = tuple(delete(table).where(table.c.comment_pk.in_(_PKS)) for table in (claims, cluster_members))


class CaseRepository(Repository):
    """The verbs about reports and matters."""

    def add_report(self, report: Report) -> bool:
        """Keep the report; False when the same reader reported this comment already."""
        added = self._write(
            _add_report(self._dialect),
            comment_pk=report.comment_pk,
            by=report.by,
            revision=report.revision,
            reason=report.reason,
            created_at=report.created_at,
        )
        return added.first() is not None

    def reports(self, comment_pk: int, limit: int = 20) -> list[Report]:
        """Return the comment's reports, newest first."""
        rows = self._read(_REPORTS, comment_pk=comment_pk, limit=limit)
        return [Report(row.comment_pk, row.revision, row.by, row.reason, row.created_at) for row in rows]

    def reports_of(self, comment_pks: Collection[int], limit: int = 20) -> dict[int, list[Report]]:
        """Return by comment its newest reports; comments without any are left out."""
        found: dict[int, list[Report]] = {}
        rows = self._read(_REPORTS_ABOUT, pks=sorted(comment_pks), limit=limit) if comment_pks else ()
        for row in rows:
            report = Report(row.comment_pk, row.revision, row.by, row.reason, row.created_at)
            found.setdefault(row.comment_pk, []).append(report)
        return found

    def open(self, kind: Matter, comment: Comment, now: datetime, opened_by: int | None = None) -> None:
        """Open a matter, or count one more in the open one; `opened_by` is the decision that did."""
        self._write(
            _open_matter(self._dialect),
            kind=kind.value,
            comment_pk=comment.pk,
            opened_at=now,
            opened_by=opened_by,
            raised=1,
        )

    def open_matters(self, comment_pks: Collection[int]) -> dict[int, dict[Matter, int]]:
        """Return by comment which matters are open, and how often each was raised."""
        found: dict[int, dict[Matter, int]] = {}
        rows = self._read(_OPEN, pks=sorted(comment_pks)) if comment_pks else ()
        for row in rows:
            found.setdefault(row.comment_pk, {})[Matter(row.kind)] = row.raised
        return found

    def close_matters(self, closed_by: Mapping[int, int | None], now: datetime) -> int:
        """Close every open matter of these comments, by pk, each for the number beside it; return how many.

        It is a decision's, or one of the same counter by which `undo_matters` finds what was closed without any.
        """
        self._must_write()
        if not closed_by:
            return 0
        closing = to_json([{"comment_pk": pk, "by": by} for pk, by in closed_by.items()])
        return self._write(_close(self._dialect), closing=closing, now=now).rowcount

    def close_all(self, closed_by: Mapping[int, int], now: datetime) -> None:
        """End what is open about comments that are final, by pk, each for the decision beside it.

        Matters and appeals are closed, claims end, and the comment leaves its duplicate cluster.
        """
        self.close_matters(dict(closed_by), now)
        if closed_by:
            self._write(_CLOSE_APPEALS, pks=sorted(closed_by), now=now)
            for statement in _LEAVE:
                self._write(statement, pks=sorted(closed_by))

    def closed_by(self, number: int) -> set[int]:
        """Return the comments that have a matter which was closed for this number."""
        return set(self._read(_CLOSED_BY, number=number).scalars())

    def undo(self, decision_ids: Collection[int]) -> None:
        """Put matters back to before the decisions: those they closed are open, those they opened are gone.

        One that was raised anew meanwhile stays as it is.
        """
        self._must_write()
        if decision_ids:
            self._write(_DROP, undone=sorted(decision_ids))
            self._write(_REOPEN, undone=sorted(decision_ids))


@cache
def _add_report(dialect: str) -> Executable:
    new = insert_into(reports, dialect).on_conflict_do_nothing(index_elements=["comment_pk", "by"])
    return new.returning(reports.c.comment_pk)


@cache
def _open_matter(dialect: str) -> Executable:
    new = insert_into(matters, dialect)
    return new.on_conflict_do_update(
        index_elements=["comment_pk", "kind"],
        index_where=literal_column("closed_at IS NULL"),
        set_={"raised": matters.c.raised + 1},
    )


@cache
def _close(dialect: str) -> Executable:
    closing = rows_of("closing", dialect, comment_pk=BigInteger, by=BigInteger)
    return (
        update(matters)
        .where(matters.c.comment_pk == closing.c.comment_pk, is_open)
        .values(closed_at=bindparam("now"), closed_by=closing.c.by)
    )
