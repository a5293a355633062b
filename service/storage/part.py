"""What every part of a transaction stands on: one connection, the store's dialect, and the guard of read-only ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, object]

POSTGRESQL, SQLITE = "postgresql", "sqlite"


def insert_into(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT; both dialects spell it alike."""
    return postgresql.insert(table) if dialect == POSTGRESQL else sqlite.insert(table)


class Part:
    """A stretch of the transaction's verbs; the whole `SqlTx` is made of such parts."""

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        self._connection = connection
        self._writes = writes
        self._dialect = connection.dialect.name

    def _read(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        return self._connection.execute(statement, values)

    def _write(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        self._must_write()
        return self._connection.execute(statement, values)

    def _write_many(self, statement: Executable, rows: Sequence[Row]) -> None:
        """Run the statement once per row, as the driver's own batch."""
        self._must_write()
        if rows:
            self._connection.execute(statement, rows)

    def _must_write(self) -> None:
        if not self._writes:
            raise RuntimeError("this transaction only reads; open it with write()")
