"""Ranges in SQL: held comments by any of their scores."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Integer,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from service.domain.comment import Comment
from service.domain.verdict import SELF_HARM
from service.storage.comment_rows import COMMENTS, joined
from service.storage.queue_filters import IS_TAKEN, Shape, filtered, look_up, of_risk, set_aside
from service.storage.records import ScoreHistogram, ScoreRange
from service.storage.repository import Repository
from service.storage.schema_comments import LABEL_SCORES, comments, is_held

SLACK: Final = 1e-9
"""Leading scores are stored with six digits; an edge that a person typed means the score that reads the same."""
MILLION: Final = 1_000_000


class RangeRepository(Repository):
    """Held comments by any of their scores."""

    def histogram(self, chosen: ScoreRange, bins: int) -> ScoreHistogram:
        """Count the queue in so many equal steps of the score from 0 to 1, and what of it lies in the range.

        It is one pass over the index of held scores, for the steps and for the range.
        """
        number: BindParameter[int] = bindparam("bins", type_=Integer)
        if chosen.by is None:
            # to the nearest whole number on PostgreSQL, towards zero on SQLite: floor() makes them one
            step = cast(func.floor(comments.c.score * number + SLACK), Integer).label("bin")
        else:
            # whole numbers, whose quotient both stores cut off alike
            step = (LABEL_SCORES[chosen.by] * number).op("/")(literal_column(str(MILLION))).label("bin")
        shape, values = look_up(self._connection, chosen.wanted)
        counted = (
            select(step, func.count().label("held"), func.count().filter(*_between(chosen)).label("inside"))
            .where(*_queued(chosen, shape), _score(chosen).is_not(None))
            .group_by(step)
        )
        counts, inside = [0] * bins, 0
        for row in self._read(counted, **values, bins=bins):
            counts[min(max(row.bin, 0), bins - 1)] += row.held
            inside += row.inside
        return ScoreHistogram(tuple(counts), inside)

    def sample(self, chosen: ScoreRange, limit: int) -> list[Comment]:
        """Return comments of the range drawn at random, other ones each time."""
        shape, values = look_up(self._connection, chosen.wanted)
        inside = *_queued(chosen, shape), *_between(chosen)
        drawn = select(comments.c.pk).where(*inside).order_by(func.random()).limit(limit)
        pks = self._read(drawn, **values).scalars().all()
        found = COMMENTS.where(comments.c.pk.in_(pks)).order_by(_score(chosen))
        return self._all(joined, found) if pks else []

    def page(
        self, chosen: ScoreRange, after: int, limit: int, moderator_id: int, now: datetime
    ) -> list[Comment]:
        """Return the range's comments above `after`, by number, without those assigned to another moderator."""
        shape, values = look_up(self._connection, chosen.wanted)
        inside = *_queued(chosen, shape), *_between(chosen)
        found = COMMENTS.where(*inside, comments.c.pk > after, ~IS_TAKEN).order_by(comments.c.pk)
        return self._all(joined, found.limit(limit), **values, moderator_id=moderator_id, now=now)


def _queued(chosen: ScoreRange, shape: Shape) -> list[ColumnElement[bool]]:
    """Return the conditions of the queue: without writers at risk, unless the range or the filter is about them."""
    by_label = chosen.wanted.label is not None or chosen.by == SELF_HARM
    return [is_held, *filtered(shape[1]), ~set_aside(), *of_risk(None if by_label else False)]


def _score(chosen: ScoreRange) -> Column[Any]:
    return comments.c.score if chosen.by is None else LABEL_SCORES[chosen.by]


def _between(chosen: ScoreRange) -> list[ColumnElement[bool]]:
    if chosen.by is None:
        # a sum is in no index: those that are in the order of the leading score would be walked by it, and then sorted
        score, low, high = comments.c.score + 0.0, chosen.low - SLACK, chosen.high + SLACK
    else:
        score = LABEL_SCORES[chosen.by]
        low, high = round(chosen.low * MILLION), round(chosen.high * MILLION)
    found = [score >= low, score <= high]
    return found if chosen.until_pk is None else [*found, comments.c.pk <= chosen.until_pk]
