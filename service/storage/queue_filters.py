"""What a queue is filtered by and ordered by, as SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Exists,
    FromClause,
    RowMapping,
    Select,
    and_,
    bindparam,
    exists,
    or_,
)

from service.domain.desk import Cursor, Sort, Wanted
from service.domain.verdict import SELF_HARM
from service.storage.columns import Instant
from service.storage.comment_rows import ARTICLES_AT, at
from service.storage.repository import LIMIT
from service.storage.schema import word
from service.storage.schema_comments import comments
from service.storage.schema_moderation import claims, is_open, matters

_RANK = {Sort.SCORE: comments.c.score, Sort.DOUBT: comments.c.doubt}
IS_TAKEN = exists().where(
    claims.c.comment_pk == comments.c.pk,
    claims.c.moderator_id != bindparam("moderator_id"),
    claims.c.until > bindparam("now", type_=Instant),
)
"""Whether the comment is assigned to another moderator."""


class Filter:
    """The filters of a queue. An article's address is looked up: joined, it made PostgreSQL read all that is held."""

    def __init__(self, connection: Connection, wanted: Wanted) -> None:
        given = {"site_id": wanted.site_id, "label": wanted.label, "language": wanted.language}
        self._values = {name: value for name, value in given.items() if value is not None}
        self._article_pks = None
        if wanted.article_url is not None:
            self._article_pks = connection.execute(ARTICLES_AT, at(wanted.article_url)).scalars().all()

    def __bool__(self) -> bool:
        return bool(self._values) or self._article_pks is not None

    def on(self, rows: FromClause = comments) -> list[ColumnElement[bool]]:
        """Return the conditions, on comments under whichever name."""
        found = [rows.c[name] == value for name, value in self._values.items()]
        if self._article_pks is not None:
            found.append(rows.c.article_pk.in_(self._article_pks))
        return found


def cursor(wanted: Wanted, row: RowMapping, key: str) -> Cursor:
    """Return the place of a row in the wanted order."""
    rank = _RANK.get(wanted.sort)
    return Cursor(row[key], row[rank.name] if rank is not None else None)


def set_aside(rows: FromClause = comments) -> Exists:
    """Return whether a moderator has set the row's comment aside."""
    return exists().where(matters.c.comment_pk == rows.c.pk, matters.c.kind == word("aside"), is_open)


def of_risk(at_risk: bool | None, rows: FromClause = comments) -> list[ColumnElement[bool]]:
    """Return the condition of a part of the queue; its word is in the statement, so that the plan is kept."""
    if at_risk is None:
        return []
    label, self_harm = rows.c.label, word(SELF_HARM)
    return [label == self_harm if at_risk else label.is_distinct_from(self_harm)]


def in_order(statement: Select[Any], wanted: Wanted, filters: Filter, key: Column[Any]) -> Select[Any]:
    """Filter and sort a queue, by `key` where ranks are alike, and begin behind the cursor; `limit` is to be bound."""
    rank, after = _RANK.get(wanted.sort), wanted.after
    statement = statement.where(*filters.on())
    if wanted.without:
        statement = statement.where(comments.c.pk.not_in(wanted.without))
    if after is not None:
        beyond = key > after.pk
        if rank is not None:
            edge = after.rank or 0.0
            beyond = and_(rank <= edge, or_(rank < edge, beyond))
        statement = statement.where(beyond)
    order = (key,) if rank is None else (rank.desc(), key)
    # which index is best for a filter depends on its value: planned each time, as a great table's bound limits are
    return statement.order_by(*order).limit(bindparam("limit") if filters else LIMIT)
