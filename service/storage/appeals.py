"""Appeals in SQL: commenters who ask for another look at a decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Executable,
    RowMapping,
    Select,
    bindparam,
    func,
    select,
    update,
)

from service.domain.desk import Appeal, Queued, Wanted
from service.storage.bulk import insert_into, rows_of
from service.storage.columns import to_json
from service.storage.comment_rows import ARTICLE, joined
from service.storage.comment_tables import articles, comments
from service.storage.desk_tables import appeals, is_unanswered
from service.storage.queue_filters import Shape, bound, cursor, in_order, shape
from service.storage.repository import Repository

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


class AppealRepository(Repository):
    """The verbs about appeals."""

    def add(self, appeal: Appeal) -> Appeal | None:
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

    def get(self, appeal_id: int, lock: bool = False) -> Appeal | None:
        row = self._read(_LOCK_APPEAL if lock else _APPEAL, appeal_id=appeal_id).mappings().first()
        return _appeal(row) if row else None

    def of_comments(self, comment_pks: Collection[int]) -> dict[int, list[Appeal]]:
        """Return by comment its appeals, oldest first; comments without any are left out."""
        found: dict[int, list[Appeal]] = {}
        rows = self._read(_OF_COMMENTS, pks=sorted(comment_pks)).mappings() if comment_pks else ()
        for row in rows:
            found.setdefault(row["comment_pk"], []).append(_appeal(row))
        return found

    def of_comment(self, comment_pk: int) -> list[Appeal]:
        """Return the comment's appeals, oldest first."""
        return [_appeal(row) for row in self._read(_OF_COMMENT, comment_pk=comment_pk).mappings()]

    def unanswered(self, wanted: Wanted, limit: int) -> list[tuple[Appeal, Queued]]:
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

    def answer(self, appeal_id: int, who: str, answer: str, reversed_by: int | None, now: datetime) -> bool:
        """Answer an open appeal; False when it has its answer."""
        done = self._write(_ANSWER, appeal_id=appeal_id, who=who, said=answer, decision=reversed_by, now=now)
        return done.rowcount == 1

    def reopen(self, stands: Mapping[int, int | None]) -> None:
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
