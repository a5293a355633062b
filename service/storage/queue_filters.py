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
from service.storage.comment_rows import ARTICLES_AT, at
from service.storage.comment_tables import comments, is_held
from service.storage.desk_tables import is_open, matters
from service.storage.repository import LIMIT
from service.storage.schema import word

_RANK = {Sort.SCORE: comments.c.score, Sort.DOUBT: comments.c.doubt}
Filters = tuple[bool, bool, bool, bool]


Shape = tuple[Sort, Filters, bool, bool]


def shape(wanted: Wanted) -> Shape:
    """Return what of the statement depends on the filters; values are bound, so each form is built once."""
    return wanted.sort, filters_of(wanted), wanted.after is not None, bool(wanted.without)


def filters_of(wanted: Wanted) -> Filters:
    """Return which filters are set: site, article, label, language."""
    return (
        wanted.site_id is not None,
        wanted.article_url is not None,
        wanted.label is not None,
        wanted.language is not None,
    )


def values_of(connection: Connection, wanted: Wanted) -> dict[str, Any]:
    """Return the values that the filters are bound to; an article's address is looked up for its pks."""
    given = {
        "site_id": wanted.site_id,
        "article_pks": _article_pks(connection, wanted.article_url),
        "label": wanted.label,
        "language": wanted.language,
    }
    return {name: value for name, value in given.items() if value is not None}


def _article_pks(connection: Connection, url: str | None) -> list[int] | None:
    if url is None:
        return None
    return list(connection.execute(ARTICLES_AT, at(url)).scalars())


def bound(connection: Connection, wanted: Wanted) -> dict[str, Any]:
    """Return every value that a statement of this shape is bound to."""
    values = values_of(connection, wanted)
    if wanted.after is not None:
        values["after"] = wanted.after.pk
        if wanted.sort is not Sort.AGE:
            values["after_rank"] = wanted.after.rank or 0.0
    if wanted.without:
        values["without"] = list(wanted.without)
    return values


def cursor(wanted: Wanted, row: RowMapping, key: str) -> Cursor:
    """Return the place of a row in the wanted order."""
    rank = _RANK.get(wanted.sort)
    return Cursor(row[key], row[rank.name] if rank is not None else None)


def where(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions of held comments with these filters."""
    return [is_held, *filtered(filters)]


def filtered(filters: Filters, rows: FromClause = comments) -> list[ColumnElement[bool]]:
    """Return the conditions of these filters alone, on comments under whichever name."""
    by_site, by_article, by_label, by_language = filters
    found: list[ColumnElement[bool]] = []
    if by_site:
        found.append(rows.c.site_id == bindparam("site_id"))
    if by_article:  # looked up before: joined here, it made PostgreSQL read all that is held
        found.append(rows.c.article_pk.in_(bindparam("article_pks", expanding=True)))
    if by_label:
        found.append(rows.c.label == bindparam("label"))
    if by_language:
        found.append(rows.c.language == bindparam("language"))
    return found


def set_aside(rows: FromClause) -> Exists:
    """Return whether a moderator has set the row's comment aside."""
    return exists().where(matters.c.comment_pk == rows.c.pk, matters.c.kind == word("aside"), is_open)


def of_risk(at_risk: bool | None, rows: FromClause) -> list[ColumnElement[bool]]:
    """Return the condition of a part of the queue; its word is in the statement, so that the plan is kept."""
    if at_risk is None:
        return []
    label, self_harm = rows.c.label, word(SELF_HARM)
    return [label == self_harm if at_risk else label.is_distinct_from(self_harm)]


def in_order(statement: Select[Any], shape: Shape, key: Column[Any]) -> Select[Any]:
    """Filter and sort a queue as the shape says, by `key` where ranks are alike, and begin behind the cursor."""
    sort, filters, after, without = shape
    rank = _RANK.get(sort)
    statement = statement.where(*filtered(filters))
    if without:
        statement = statement.where(comments.c.pk.not_in(bindparam("without", expanding=True)))
    if after:
        beyond = key > bindparam("after")
        if rank is not None:
            edge: BindParameter[float] = bindparam("after_rank")
            beyond = and_(rank <= edge, or_(rank < edge, beyond))
        statement = statement.where(beyond)
    order = (key,) if rank is None else (rank.desc(), key)
    # which index is best for a filter depends on its value: planned each time, as a great table's bound limits are
    return statement.order_by(*order).limit(bindparam("limit") if any(filters) else LIMIT)
