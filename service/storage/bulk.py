"""Many rows in one statement: a JSON list becomes a table that an UPDATE can join, on both stores."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import TypeEngine

from service.storage.part import POSTGRESQL


def rows_of(parameter: str, dialect: str, **columns: type[TypeEngine[Any]]) -> FromClause:
    """Return the rows of the JSON list of objects that is bound as `parameter`, with these columns and types.

    One parameter and one statement text for any number of rows, so that it is parsed and planned once.
    """
    told = bindparam(parameter, type_=Text)
    if dialect == POSTGRESQL:
        typed = [column(name, kind) for name, kind in columns.items()]
        return (
            func.json_to_recordset(cast(told, JSON))
            .table_valued(*typed)
            .render_derived(parameter, with_types=True)
        )
    each = func.json_each(told).table_valued("value")
    fields = [
        func.json_extract(each.c.value, f"$.{name}", type_=kind).label(name) for name, kind in columns.items()
    ]
    return select(*fields).subquery(parameter)
