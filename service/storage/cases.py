"""Cases: reports by readers, and the matters that keep a comment on the desk beside its verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache

from sqlalchemy import BigInteger, Executable, RowMapping, bindparam, delete, exists, func, select, update

from service.domain.comment import Comment
from service.domain.desk import Matter, Report
from service.storage.bulk import insert, insert_new, rows_of
from service.storage.columns import to_json
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of
from service.storage.schema_moderation import (
    appeals,
    claims,
    cluster_members,
    is_open,
    is_unanswered,
    matters,
    reports,
)

_NEWEST_FIRST = reports.c.created_at.desc(), reports.c.by
_NEW = insert(matters)
_OPEN = _NEW.on_conflict_do_update(
    index_elements=["comment_pk", "kind"], index_where=is_open, set_={"raised": matters.c.raised + 1}
)
_RAISED = select(matters).where(matters.c.comment_pk.in_(bindparam("pks", expanding=True)), is_open)
_again = matters.alias("again")  # raised anew meanwhile: that one stays
_IS_OPEN_AGAIN = exists().where(
    _again.c.comment_pk == matters.c.comment_pk, _again.c.kind == matters.c.kind, _again.c.closed_at.is_(None)
)


class CaseRepository(Repository):
    """Reports and matters."""

    def add_report(self, report: Report) -> bool:
        """Store the report; False when the same reader reported this comment already."""
        new = insert_new(reports, ("comment_pk", "by")).returning(reports.c.comment_pk)
        return self._write(new, **values_of(report)).first() is not None

    def reports_of(self, comment_pks: Collection[int], limit: int = 20) -> dict[int, list[Report]]:
        """Return by comment its newest reports; comments without any are left out."""
        if not comment_pks:
            return {}
        place = func.row_number().over(partition_by=reports.c.comment_pk, order_by=_NEWEST_FIRST)
        placed = select(reports, place.label("place")).where(reports.c.comment_pk.in_(comment_pks)).subquery()
        found = select(placed).where(placed.c.place <= limit).order_by(placed.c.comment_pk, placed.c.place)
        return self._by_comment(_report, self._read(found).mappings())

    def open(self, kind: Matter, comment: Comment, now: datetime, opened_by: int | None = None) -> None:
        """Open a matter, or count one more in the open one; `opened_by` is the decision that did."""
        values = {"comment_pk": comment.pk, "opened_at": now, "opened_by": opened_by}
        self._write(_OPEN, kind=kind, raised=1, **values)

    def open_matters(self, comment_pks: Collection[int]) -> dict[int, dict[Matter, int]]:
        """Return by comment which matters are open, and how often each was raised."""
        found: dict[int, dict[Matter, int]] = {}
        for row in self._read(_RAISED, pks=sorted(comment_pks)) if comment_pks else ():
            found.setdefault(row.comment_pk, {})[row.kind] = row.raised
        return found

    def close_matters(self, closed_by: Mapping[int, int | None], now: datetime) -> int:
        """Close every open matter of these comments, by pk, each for the number beside it; return how many.

        It is a decision's, or one of the same counter by which `undo` finds what was closed without any.
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
            unanswered = appeals.c.comment_pk.in_(closed_by), is_unanswered
            self._write(update(appeals).where(*unanswered).values(answered_at=now))
            for table in (claims, cluster_members):
                self._write(delete(table).where(table.c.comment_pk.in_(closed_by)))

    def closed_by(self, number: int) -> set[int]:
        """Return the comments that have a matter which was closed for this number."""
        closed = select(matters.c.comment_pk).where(matters.c.closed_by == number)
        return set(self._read(closed).scalars())

    def undo(self, decision_ids: Collection[int]) -> None:
        """Put matters back to before the decisions: those they closed are open, those they opened are gone.

        One that was raised anew meanwhile stays as it is.
        """
        self._must_write()
        if decision_ids:
            self._write(delete(matters).where(matters.c.opened_by.in_(decision_ids), is_open))
            closed = matters.c.closed_by.in_(decision_ids), ~_IS_OPEN_AGAIN
            self._write(update(matters).where(*closed).values(closed_at=None, closed_by=None))


@cache
def _close(dialect: str) -> Executable:
    closing = rows_of("closing", dialect, comment_pk=BigInteger, by=BigInteger)
    return (
        update(matters)
        .where(matters.c.comment_pk == closing.c.comment_pk, is_open)
        .values(closed_at=bindparam("now"), closed_by=closing.c.by)
    )


def _report(row: RowMapping) -> Report:
    return record_of(Report, row)
