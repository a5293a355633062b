"""What a queue is filtered by and ordered by, as SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
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


Shape = tuple[Sort, tuple[str, ...], bool, bool]
"""What of a statement depends on what is wanted: the order, the filters, whether it has a cursor or leaves out rows."""


def look_up(connection: Connection, wanted: Wanted) -> tuple[Shape, dict[str, Any]]:
    """Return the shape and the values it is bound to, so that each form of a statement is built once.

    An article's address is looked up: joined, it made PostgreSQL read all that is held.
    """
    values: dict[str, Any] = {}
    for name in ("site_id", "label", "language"):
        if getattr(wanted, name) is not None:
            values[name] = getattr(wanted, name)
    if wanted.article_url is not None:
        values["article_pks"] = connection.execute(ARTICLES_AT, at(wanted.article_url)).scalars().all()
    shape = wanted.sort, tuple(values), wanted.after is not None, bool(wanted.without)
    if wanted.after is not None:
        values |= {"after": wanted.after.pk, "after_rank": wanted.after.rank or 0.0}
    return shape, values | {"without": wanted.without}


def filtered(names: tuple[str, ...], rows: FromClause = comments) -> list[ColumnElement[bool]]:
    """Return the conditions of these filters, on comments under whichever name."""
    return [
        rows.c.article_pk.in_(bindparam(name, expanding=True))
        if name == "article_pks"
        else rows.c[name] == bindparam(name)
        for name in names
    ]


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


def in_order(statement: Select[Any], shape: Shape, key: Column[Any]) -> Select[Any]:
    """Filter and sort a queue, by `key` where ranks are alike, and begin behind the cursor; `limit` is to be bound."""
    sort, names, has_cursor, leaves_out = shape
    rank = _RANK.get(sort)
    statement = statement.where(*filtered(names))
    if leaves_out:
        statement = statement.where(comments.c.pk.not_in(bindparam("without", expanding=True)))
    if has_cursor:
        beyond = key > bindparam("after")
        if rank is not None:
            edge: BindParameter[float] = bindparam("after_rank")
            beyond = and_(rank <= edge, or_(rank < edge, beyond))
        statement = statement.where(beyond)
    order = (key,) if rank is None else (rank.desc(), key)
    # which index is best for a filter depends on its value: planned each time, as a great table's bound limits are
    return statement.order_by(*order).limit(bindparam("limit") if names else LIMIT)
