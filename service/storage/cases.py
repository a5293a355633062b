"""Reports, matters and appeals in SQL: what keeps a comment on the desk beside its verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Executable,
    RowMapping,
    Select,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)

from service.domain.comment import Comment
from service.domain.desk import Appeal, Matter, Queued, Report, Wanted
from service.storage.bulk import insert_into, rows_of
from service.storage.cluster_tables import cluster_members
from service.storage.columns import to_json
from service.storage.comment_tables import articles, comments
from service.storage.desk_tables import appeals, claims, is_open, is_unanswered, matters, reports
from service.storage.part import Part
from service.storage.queueing import Shape, bound, cursor, in_order, shape
from service.storage.reading import ARTICLE, joined

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
_APPEAL = select(appeals).where(appeals.c.pk == bindparam("appeal_id"))
_LOCK_APPEAL = _APPEAL.with_for_update()
_OF_COMMENT = select(appeals).where(appeals.c.comment_pk == bindparam("comment_pk")).order_by(appeals.c.pk)
_OF_COMMENTS = (
    select(appeals).where(appeals.c.comment_pk.in_(bindparam("pks", expanding=True))).order_by(appeals.c.pk)
)
_APPEAL_COLUMNS = tuple(column.label(f"appeal_{column.name}") for column in appeals.c)
_UNANSWERED = (
    select(comments, *ARTICLE, *_APPEAL_COLUMNS)
    .select_from(
        appeals.join(comments, comments.c.pk == appeals.c.comment_pk).join(
            articles, articles.c.pk == comments.c.article_pk
        )
    )
    .where(is_unanswered)
)
_ANSWER = (
    update(appeals)
    .where(appeals.c.pk == bindparam("appeal_id"), is_unanswered)
    .values(
        answered_at=bindparam("now"),
        answered_by=bindparam("who"),
        answer=bindparam("said"),
        reversed_by=bindparam("decision"),
    )
)
_UNANSWER = update(appeals).values(answered_at=None, answered_by=None, answer=None, reversed_by=None)
_UNANSWER_UPHELD = _UNANSWER.where(
    appeals.c.pk == bindparam("appeal_id"), ~is_unanswered, appeals.c.reversed_by.is_(None)
)
_PKS: BindParameter[Any] = bindparam("pks", expanding=True)
_CLOSE_APPEALS = (
    update(appeals).where(appeals.c.comment_pk.in_(_PKS), is_unanswered).values(answered_at=bindparam("now"))
)
_LEAVE = tuple(delete(table).where(table.c.comment_pk.in_(_PKS)) for table in (claims, cluster_members))


class CasesPart(Part):
    """The verbs about reports, matters and appeals."""

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

    def reports_about(self, comment_pks: Collection[int], limit: int = 20) -> dict[int, list[Report]]:
        """Return by comment its newest reports; comments without any are left out."""
        found: dict[int, list[Report]] = {}
        rows = self._read(_REPORTS_ABOUT, pks=sorted(comment_pks), limit=limit) if comment_pks else ()
        for row in rows:
            report = Report(row.comment_pk, row.revision, row.by, row.reason, row.created_at)
            found.setdefault(row.comment_pk, []).append(report)
        return found

    def open_matter(
        self, kind: Matter, comment: Comment, now: datetime, opened_by: int | None = None
    ) -> None:
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

    def close_cases(self, closed_by: Mapping[int, int], now: datetime) -> None:
        """End what is open about comments that are final, by pk, each for the decision beside it.

        Matters and appeals are closed, claims end, and the comment leaves its duplicate cluster.
        """
        self.close_matters(dict(closed_by), now)
        if closed_by:
            self._write(_CLOSE_APPEALS, pks=sorted(closed_by), now=now)
            for statement in _LEAVE:
                self._write(statement, pks=sorted(closed_by))

    def closed_matters(self, number: int) -> set[int]:
        """Return the comments that have a matter which was closed for this number."""
        return set(self._read(_CLOSED_BY, number=number).scalars())

    def undo_matters(self, decision_ids: Collection[int]) -> None:
        """Put matters back to before the decisions: those they closed are open, those they opened are gone.

        One that was raised anew meanwhile stays as it is.
        """
        self._must_write()
        if decision_ids:
            self._write(_DROP, undone=sorted(decision_ids))
            self._write(_REOPEN, undone=sorted(decision_ids))

    def add_appeal(self, appeal: Appeal) -> Appeal | None:
        """Keep an appeal against a decision and return it with its id; None when there is one already."""
        row = self._write(
            _add_appeal(self._dialect),
            site_id=appeal.site_id,
            comment_pk=appeal.comment_pk,
            decision_id=appeal.decision_id,
            decided_by=appeal.decided_by,
            text=appeal.text,
            opened_at=appeal.opened_at,
        )
        stored = row.mappings().first()
        return _appeal(stored) if stored else None

    def appeal(self, appeal_id: int, lock: bool = False) -> Appeal | None:
        row = self._read(_LOCK_APPEAL if lock else _APPEAL, appeal_id=appeal_id).mappings().first()
        return _appeal(row) if row else None

    def appeals_about(self, comment_pks: Collection[int]) -> dict[int, list[Appeal]]:
        """Return by comment its appeals, oldest first; comments without any are left out."""
        found: dict[int, list[Appeal]] = {}
        rows = self._read(_OF_COMMENTS, pks=sorted(comment_pks)).mappings() if comment_pks else ()
        for row in rows:
            found.setdefault(row["comment_pk"], []).append(_appeal(row))
        return found

    def appeals_of(self, comment_pk: int) -> list[Appeal]:
        """Return the comment's appeals, oldest first."""
        return [_appeal(row) for row in self._read(_OF_COMMENT, comment_pk=comment_pk).mappings()]

    def appeals_open(self, wanted: Wanted, limit: int) -> list[tuple[Appeal, Queued]]:
        """Return appeals without an answer in the wanted order, with their comments; age is the appeal's."""
        rows = self._read(
            _unanswered(shape(wanted)), **bound(self._connection, wanted), limit=limit
        ).mappings()
        return [
            (
                _appeal({one.name: row[f"appeal_{one.name}"] for one in appeals.c}),
                Queued(joined(row), cursor(wanted, row, "appeal_pk")),
            )
            for row in rows
        ]

    def answer_appeal(
        self, appeal_id: int, who: str, answer: str, reversed_by: int | None, now: datetime
    ) -> bool:
        """Answer an open appeal; False when it has its answer."""
        done = self._write(_ANSWER, appeal_id=appeal_id, who=who, said=answer, decision=reversed_by, now=now)
        return done.rowcount == 1

    def reopen_appeals(self, stands: Mapping[int, int | None]) -> None:
        """Take the answers back that these decisions gave; each appeal is against the one beside it then, if any."""
        self._must_write()
        if stands:
            reopened = to_json([{"undone": one, "stands": instead} for one, instead in stands.items()])
            self._write(_reopen_appeals(self._dialect), reopened=reopened)

    def take_answer_back(self, appeal_id: int) -> bool:
        """Take an answer back that made no decision; False when there is none."""
        return self._write(_UNANSWER_UPHELD, appeal_id=appeal_id).rowcount == 1


@cache
def _unanswered(shape: Shape) -> Select[Any]:
    return in_order(_UNANSWERED, shape, appeals.c.pk)


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


@cache
def _reopen_appeals(dialect: str) -> Executable:
    reopened = rows_of("reopened", dialect, undone=BigInteger, stands=BigInteger)
    return _UNANSWER.where(appeals.c.reversed_by == reopened.c.undone).values(
        decision_id=func.coalesce(reopened.c.stands, appeals.c.decision_id)
    )


@cache
def _add_appeal(dialect: str) -> Executable:
    new = insert_into(appeals, dialect).on_conflict_do_nothing(index_elements=["decision_id"])
    return new.returning(appeals)


def _appeal(row: RowMapping | dict[str, Any]) -> Appeal:
    return Appeal(
        id=row["pk"],
        **{name: row[name] for name in Appeal.__dataclass_fields__ if name != "id"},
    )
