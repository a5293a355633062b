"""Appeals: commenters who ask for another look at a decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Executable, RowMapping, Select, func, select, update

from service.domain.desk import Appeal, Queued, Wanted
from service.storage.bulk import insert_new, rows_of
from service.storage.columns import to_json
from service.storage.comment_rows import ARTICLE, joined
from service.storage.queue_filters import Shape, cursor, in_order, look_up
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of
from service.storage.schema_comments import articles, comments
from service.storage.schema_moderation import appeals, is_unanswered

_UNANSWERED = (
    select(comments, *ARTICLE, *(column.label(f"appeal_{column.name}") for column in appeals.c))
    .select_from(
        appeals.join(comments, comments.c.pk == appeals.c.comment_pk).join(
            articles, articles.c.pk == comments.c.article_pk
        )
    )
    .where(is_unanswered)
)
_REOPEN = update(appeals).values(answered_at=None, answered_by=None, answer=None, reversed_by=None)


class AppealRepository(Repository):
    """Appeals and their answers."""

    def add(self, appeal: Appeal) -> Appeal | None:
        """Store an appeal against a decision and return it with its id; None when there is one already."""
        new = insert_new(appeals, ("decision_id",)).returning(appeals)
        row = self._write(new, **values_of(appeal, "id")).mappings().first()
        return _appeal(row) if row else None

    def get(self, appeal_id: int, lock: bool = False) -> Appeal | None:
        found = select(appeals).where(appeals.c.pk == appeal_id)
        return self._first(_appeal, found.with_for_update() if lock else found)

    def of_comments(self, comment_pks: Collection[int]) -> dict[int, list[Appeal]]:
        """Return by comment its appeals, oldest first; comments without any are left out."""
        if not comment_pks:
            return {}
        found = select(appeals).where(appeals.c.comment_pk.in_(comment_pks)).order_by(appeals.c.pk)
        return self._by_comment(_appeal, self._read(found).mappings())

    def of_comment(self, comment_pk: int) -> list[Appeal]:
        """Return the comment's appeals, oldest first."""
        return self.of_comments([comment_pk]).get(comment_pk, [])

    def unanswered(self, wanted: Wanted, limit: int) -> list[tuple[Appeal, Queued]]:
        """Return appeals without an answer in the wanted order, with their comments; age is the appeal's."""
        shape, values = look_up(self._connection, wanted)
        return [
            (record_of(Appeal, row, "appeal_"), Queued(joined(row), cursor(wanted, row, "appeal_pk")))
            for row in self._read(_unanswered(shape), **values, limit=limit).mappings()
        ]

    def answer(self, appeal_id: int, who: str, answer: str, reversed_by: int | None, now: datetime) -> bool:
        """Answer an open appeal; False when it has its answer."""
        given = {"answered_at": now, "answered_by": who, "answer": answer, "reversed_by": reversed_by}
        unanswered = update(appeals).where(appeals.c.pk == appeal_id, is_unanswered)
        return self._write(unanswered.values(given)).rowcount == 1

    def reopen(self, stands: Mapping[int, int | None]) -> None:
        """Take the answers back that these decisions gave; each appeal is against the one beside it then, if any."""
        self._must_write()
        if stands:
            reopened = [{"undone": one, "stands": instead} for one, instead in stands.items()]
            self._write(_reopen(self._dialect), reopened=to_json(reopened))

    def take_answer_back(self, appeal_id: int) -> bool:
        """Take an answer back that made no decision; False when there is none."""
        upheld = appeals.c.pk == appeal_id, ~is_unanswered, appeals.c.reversed_by.is_(None)
        return self._write(_REOPEN.where(*upheld)).rowcount == 1


@cache
def _unanswered(shape: Shape) -> Select[Any]:
    return in_order(_UNANSWERED, shape, appeals.c.pk)


@cache
def _reopen(dialect: str) -> Executable:
    reopened = rows_of("reopened", dialect, undone=BigInteger, stands=BigInteger)
    return _REOPEN.where(appeals.c.reversed_by == reopened.c.undone).values(
        decision_id=func.coalesce(reopened.c.stands, appeals.c.decision_id)
    )


def _appeal(row: RowMapping) -> Appeal:
    return record_of(Appeal, row)
