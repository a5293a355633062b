"""Ranges in SQL: held comments by any of their scores."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    select,
)

from service.domain.comment import Comment
from service.domain.verdict import SELF_HARM
from service.storage.columns import Instant
from service.storage.comment_rows import COMMENTS, joined
from service.storage.comment_tables import LABEL_SCORES, comments, is_held
from service.storage.desk_tables import claims, is_open, matters
from service.storage.queue_filters import Filters, filters_of, of_risk, values_of, where
from service.storage.records import ScoreHistogram, ScoreRange
from service.storage.repository import Repository
from service.storage.schema import word

SLACK: Final = 1e-9
"""Leading scores are stored with six digits; an edge that a person typed means the score that reads the same."""
MILLION: Final = 1_000_000
_SET_ASIDE = exists().where(matters.c.comment_pk == comments.c.pk, matters.c.kind == word("aside"), is_open)
_TAKEN = exists().where(
    claims.c.comment_pk == comments.c.pk,
    claims.c.moderator_id != bindparam("moderator_id"),
    claims.c.until > bindparam("now", type_=Instant),
)
_LAST = select(func.max(comments.c.pk)).where(is_held)


class RangeRepository(Repository):
    """The verbs of ranges."""

    def histogram(self, stretch: ScoreRange, bins: int) -> ScoreHistogram:
        """Count the queue in so many equal steps of the score from 0 to 1, and what of it lies in the stretch."""
        counts, inside = [0] * bins, 0
        for row in self._read(_spread(_shape(stretch)), **_values(self._connection, stretch), bins=bins):
            counts[min(max(row.bin, 0), bins - 1)] += row.held
            inside += row.inside
        return ScoreHistogram(tuple(counts), inside)

    def last_held(self) -> int:
        """Return the highest number of a held comment, 0 when none is held."""
        return int(self._read(_LAST).scalar() or 0)

    def sample(self, stretch: ScoreRange, limit: int) -> list[Comment]:
        """Return comments of the stretch drawn at random, other ones each time."""
        pks = list(
            self._read(_draw(_shape(stretch)), **_values(self._connection, stretch), limit=limit).scalars()
        )
        rows = self._read(_SOME.order_by(_score(stretch.by)), pks=pks).mappings() if pks else ()
        return [joined(row) for row in rows]

    def page(
        self, stretch: ScoreRange, after: int, limit: int, moderator_id: int, now: datetime
    ) -> list[Comment]:
        """Return the stretch's comments above `after`, by number, without those assigned to another moderator."""
        given = _values(self._connection, stretch) | {
            "after": after,
            "limit": limit,
            "moderator_id": moderator_id,
            "now": now,
        }
        return [joined(row) for row in self._read(_page(_shape(stretch)), **given).mappings()]


Shape = tuple[str | None, Filters, bool]
_SOME = COMMENTS.where(comments.c.pk.in_(bindparam("pks", expanding=True)))


def _shape(stretch: ScoreRange) -> Shape:
    return stretch.by, filters_of(stretch.wanted), stretch.until_pk is not None


def _values(connection: Connection, stretch: ScoreRange) -> dict[str, Any]:
    values = values_of(connection, stretch.wanted)
    if stretch.by is None:
        values |= {"low": stretch.low - SLACK, "high": stretch.high + SLACK}
    else:
        values |= {"low": round(stretch.low * MILLION), "high": round(stretch.high * MILLION)}
    return values | ({"until_pk": stretch.until_pk} if stretch.until_pk is not None else {})


def _score(by: str | None) -> Column[Any]:
    return comments.c.score if by is None else LABEL_SCORES[by]


def _held(by: str | None, filters: Filters) -> list[ColumnElement[bool]]:
    return [*_queued(by, filters), _score(by).is_not(None)]


def _queued(by: str | None, filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions of the queue: without writers at risk, unless the range or the filter is about them."""
    by_label = filters[2] or by == SELF_HARM
    return [*where(filters), ~_SET_ASIDE, *of_risk(None if by_label else False, comments)]


def _between(shape: Shape) -> list[ColumnElement[bool]]:
    by, _, bounded = shape
    # a sum is in no index: those that are in the order of the leading score would be walked by it, and then sorted
    score = comments.c.score + 0.0 if by is None else LABEL_SCORES[by]
    found = [score >= bindparam("low"), score <= bindparam("high")]
    return [*found, comments.c.pk <= bindparam("until_pk")] if bounded else found


def _inside(shape: Shape) -> list[ColumnElement[bool]]:
    by, filters, _ = shape
    return [*_queued(by, filters), *_between(shape)]


@cache
def _spread(shape: Shape) -> Select[int, int, int]:
    """One pass over the index of held scores, for the steps and for the stretch."""
    by, filters, _ = shape
    bins: BindParameter[int] = bindparam("bins", type_=Integer)
    if by is None:
        # to the nearest whole number on PostgreSQL, towards zero on SQLite: floor() makes them one
        step = cast(func.floor(comments.c.score * bins + SLACK), Integer).label("bin")
    else:
        # whole numbers, whose quotient both stores cut off alike
        step = (LABEL_SCORES[by] * bins).op("/")(literal_column(str(MILLION))).label("bin")
    inside = func.count().filter(*_between(shape)).label("inside")
    return select(step, func.count().label("held"), inside).where(*_held(by, filters)).group_by(step)


@cache
def _draw(shape: Shape) -> Select[int]:
    return select(comments.c.pk).where(*_inside(shape)).order_by(func.random()).limit(bindparam("limit"))


@cache
def _page(shape: Shape) -> Select[Any]:
    return (
        COMMENTS.where(*_inside(shape), comments.c.pk > bindparam("after"), ~_TAKEN)
        .order_by(comments.c.pk)
        .limit(bindparam("limit"))
    )
