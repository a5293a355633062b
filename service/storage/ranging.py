"""Ranges in SQL: held comments by the score that leads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, bindparam, cast, exists, func, select

from service.moderation.comment import Comment
from service.ports.ranging import Stretch
from service.storage.columns import Instant
from service.storage.desk_tables import claims, is_open, matters
from service.storage.part import Part
from service.storage.reading import COMMENTS, joined
from service.storage.schema import comments, is_held, word

SLACK: Final = 1e-9
"""Scores are stored with six digits; an edge that a person typed means the score that reads the same."""

_SET_ASIDE = exists().where(matters.c.comment_pk == comments.c.pk, matters.c.kind == word("aside"), is_open)
_TAKEN = exists().where(
    claims.c.comment_pk == comments.c.pk,
    claims.c.moderator_id != bindparam("moderator_id"),
    claims.c.until > bindparam("now", type_=Instant),
)
_LAST = select(func.max(comments.c.pk)).where(is_held)


class RangingPart(Part):
    """The verbs of ranges."""

    def spread(self, label: str | None, site_id: int | None, bins: int) -> Sequence[int]:
        given = _given(label, site_id) | {"bins": bins}
        counts = [0] * bins
        for row in self._read(_spread(label is not None, site_id is not None), **given):
            counts[min(max(row.bin, 0), bins - 1)] += row.held
        return counts

    def last_held(self) -> int:
        return int(self._read(_LAST).scalar() or 0)

    def count_stretch(self, stretch: Stretch) -> int:
        inside = select(func.count()).select_from(comments).where(*_inside(_shape(stretch)))
        return int(self._read(inside, **_values(stretch)).scalar_one())

    def sample_stretch(self, stretch: Stretch, limit: int) -> list[Comment]:
        drawn = select(comments.c.pk).where(*_inside(_shape(stretch))).order_by(func.random()).limit(limit)
        pks = list(self._read(drawn, **_values(stretch)).scalars())
        rows = self._read(_SOME, pks=pks).mappings() if pks else ()
        return [joined(row) for row in rows]

    def page_stretch(
        self, stretch: Stretch, after: int, limit: int, moderator_id: int, now: datetime
    ) -> list[Comment]:
        given = _values(stretch) | {"after": after, "limit": limit, "moderator_id": moderator_id, "now": now}
        return [joined(row) for row in self._read(_page(_shape(stretch)), **given).mappings()]


Shape = tuple[bool, bool, bool]
_SOME = COMMENTS.where(comments.c.pk.in_(bindparam("pks", expanding=True))).order_by(comments.c.score)


def _shape(stretch: Stretch) -> Shape:
    return stretch.label is not None, stretch.site_id is not None, stretch.until_pk is not None


def _given(label: str | None, site_id: int | None) -> dict[str, Any]:
    told = {"label": label, "site_id": site_id}
    return {name: value for name, value in told.items() if value is not None}


def _values(stretch: Stretch) -> dict[str, Any]:
    values = _given(stretch.label, stretch.site_id)
    values |= {"low": stretch.low - SLACK, "high": stretch.high + SLACK}
    return values | ({"until_pk": stretch.until_pk} if stretch.until_pk is not None else {})


def _held(by_label: bool, by_site: bool) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [is_held, comments.c.score.is_not(None), ~_SET_ASIDE]
    if by_label:
        found.append(comments.c.label == bindparam("label"))
    if by_site:
        found.append(comments.c.site_id == bindparam("site_id"))
    return found


def _inside(shape: Shape) -> list[ColumnElement[bool]]:
    by_label, by_site, bounded = shape
    found = [
        *_held(by_label, by_site),
        comments.c.score >= bindparam("low"),
        comments.c.score <= bindparam("high"),
    ]
    return [*found, comments.c.pk <= bindparam("until_pk")] if bounded else found


@cache
def _spread(by_label: bool, by_site: bool) -> Select[int, int]:
    # to the nearest whole number on PostgreSQL, towards zero on SQLite: floor() makes them one
    step = cast(func.floor(comments.c.score * bindparam("bins", type_=Integer) + SLACK), Integer).label("bin")
    return select(step, func.count().label("held")).where(*_held(by_label, by_site)).group_by(step)


@cache
def _page(shape: Shape) -> Select[Any]:
    return (
        COMMENTS.where(*_inside(shape), comments.c.pk > bindparam("after"), ~_TAKEN)
        .order_by(comments.c.pk)
        .limit(bindparam("limit"))
    )
