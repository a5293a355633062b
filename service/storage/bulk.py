"""Many rows in one statement: a JSON list becomes a table that an INSERT or UPDATE can read, on both stores."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, FromClause, LargeBinary, Table, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import JSON, Insert, insert
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.types import TypeEngine

from service.storage.columns import Instant, Json, to_json, to_microseconds

POSTGRESQL, SQLITE = "postgresql", "sqlite"
# `insert` is PostgreSQL's for both: they spell ON CONFLICT alike, and SQLite compiles what is written for it
__all__ = [
    "POSTGRESQL",
    "SQLITE",
    "Insert",
    "insert",
    "insert_new",
    "insert_or_update",
    "insert_rows",
    "locked_in_order",
    "rows_of",
    "rows_text",
    "types_of",
]


@cache
def insert_new(table: Table, unique: tuple[str, ...] = ()) -> Insert:
    """Return an INSERT that leaves out rows which meet another on the `unique` columns; none named: it refuses them."""
    new = insert(table)
    return new.on_conflict_do_nothing(index_elements=unique) if unique else new


@cache
def insert_or_update(table: Table, unique: tuple[str, ...], *names: str) -> Insert:
    """Return an INSERT that sets these columns anew in a row which it meets on the `unique` columns."""
    new = insert(table)
    kept = {name: new.excluded[name] for name in names}
    return new.on_conflict_do_update(index_elements=unique, set_=kept)


def rows_of(parameter: str, dialect: str, **columns: TypeEngine[Any] | type[TypeEngine[Any]]) -> FromClause:
    """Return the rows of the JSON list of objects that is bound as `parameter`, with these columns and types.

    One parameter and one statement text for any number of rows, so that it is parsed and planned once.
    """
    given = bindparam(parameter, type_=Text)
    if dialect == POSTGRESQL:
        typed = [column(name, kind) for name, kind in columns.items()]
        rows = func.json_to_recordset(cast(given, JSON)).table_valued(*typed)
        return rows.render_derived(parameter, with_types=True)
    each = func.json_each(given).table_valued("value")
    fields = [
        func.json_extract(each.c.value, f"$.{name}", type_=kind).label(name) for name, kind in columns.items()
    ]
    return select(*fields).subquery(parameter)


@cache
def insert_rows(table: Table, names: tuple[str, ...], unique: tuple[str, ...] = ()) -> Insert:
    """Return PostgreSQL's `insert_new` of all rows bound as `rows`, written by `rows_text`.

    A VALUES list of a hundred rows costs the client several times as much; SQLite's driver has a good batch of its own.
    """
    columns = [table.c[name] for name in names]
    sent = {one.key: Text() if isinstance(one.type, LargeBinary) else one.type for one in columns}
    given = rows_of("rows", POSTGRESQL, **sent)
    values = [
        func.decode(given.c[one.key], "base64") if isinstance(one.type, LargeBinary) else given.c[one.key]
        for one in columns
    ]
    new = insert(table).from_select(list(names), select(*values))
    return new.on_conflict_do_nothing(index_elements=unique) if unique else new


def types_of(table: Table) -> dict[str, TypeEngine[Any]]:
    """Return the types of a table's columns by name."""
    return {column.key: column.type for column in table.c}


def rows_text(types: Mapping[str, TypeEngine[Any]], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as JSON that `rows_of` reads, each value as a column of its type stores it; bytes as base64."""
    writers = {name: write for name in rows[0] if (write := _writer(types[name]))}
    return to_json([{**row, **_written(row, writers)} for row in rows])


def _written(row: Mapping[str, Any], writers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {name: None if row[name] is None else write(row[name]) for name, write in writers.items()}


def _writer(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, Instant):
        return to_microseconds
    if isinstance(kind, Json):
        return lambda value: to_json(value) if value else None
    if isinstance(kind, LargeBinary):
        return lambda value: base64.b64encode(value).decode()
    return None


def locked_in_order(
    change: ReturningUpdate[Any], table: Table, wanted: FromClause, dialect: str
) -> Executable:
    """Let PostgreSQL lock the rows that an UPDATE by `wanted.pk` changes in the order of pk: two never deadlock."""
    if dialect != POSTGRESQL:
        return change
    rows = select(table.c.pk).where(table.c.pk.in_(select(wanted.c.pk))).order_by(table.c.pk)
    locked = rows.with_for_update().cte("locked")
    return change.where(table.c.pk.in_(select(locked.c.pk)))
