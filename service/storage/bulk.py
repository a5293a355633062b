"""Many rows in one statement: a JSON list becomes a table that an INSERT or UPDATE can read, on both stores."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Executable,
    FromClause,
    LargeBinary,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import TypeEngine

from service.storage.columns import Instant, Json, to_json, to_microseconds

POSTGRESQL, SQLITE = "postgresql", "sqlite"


def insert_into(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT; both dialects spell it alike."""
    return postgresql.insert(table) if dialect == POSTGRESQL else sqlite.insert(table)


@cache
def insert_new(table: Table, dialect: str, unique: tuple[str, ...] = ()) -> Executable:
    """Return an INSERT that leaves out rows which meet another on the `unique` columns; none named: it refuses them."""
    new = insert_into(table, dialect)
    return new.on_conflict_do_nothing(index_elements=unique) if unique else new


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
def insert_rows(table: Table, names: tuple[str, ...], unique: tuple[str, ...] = ()) -> postgresql.Insert:
    """Return PostgreSQL's `insert_new` of all rows bound as `rows`, written by `rows_text`.

    A VALUES list of a hundred rows costs the client several times as much; SQLite's driver has a good batch of its own.
    """
    columns = [table.c[name] for name in names]
    given = rows_of(
        "rows", POSTGRESQL, **{one.key: Text() if _is_bytes(one) else one.type for one in columns}
    )
    values = [
        func.decode(given.c[one.key], "base64") if _is_bytes(one) else given.c[one.key] for one in columns
    ]
    new = postgresql.insert(table).from_select(list(names), select(*values))
    return new.on_conflict_do_nothing(index_elements=unique) if unique else new


def rows_text(table: Table, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as JSON that `rows_of` reads, each value as its column stores it."""
    writers = {name: writer for name in rows[0] if (writer := _writer(table.c[name]))}
    return to_json([{**row, **_written(row, writers)} for row in rows])


def _written(row: Mapping[str, Any], writers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {name: None if row[name] is None else write(row[name]) for name, write in writers.items()}


def _writer(one: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(one.type, Instant):
        return to_microseconds
    if isinstance(one.type, Json):
        return lambda value: to_json(value) if value else None
    if _is_bytes(one):
        return lambda value: base64.b64encode(value).decode()
    return None


def _is_bytes(one: Column[Any]) -> bool:
    return isinstance(one.type, LargeBinary)
