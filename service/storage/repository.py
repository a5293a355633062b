"""What repositories share: the transaction's connection, its dialect, and the guard of read-only ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Integer,
    RowMapping,
    Table,
    bindparam,
    literal_column,
)

from service.storage.bulk import POSTGRESQL, insert_new, insert_rows, rows_text, types_of

Row = Mapping[str, Any]
T = TypeVar("T")
LIMIT: Final[BindParameter[int]] = bindparam("limit", type_=Integer, literal_execute=True)
"""How many rows a page holds at most, written into the statement. Of a bound number PostgreSQL expects a tenth of all
rows: as soon as that is more than a page, no plan it could keep looks as good, and it plans each page anew."""
ONE: Final[ColumnElement[int]] = literal_column("1", Integer)
"""A limit of one, for the same reason."""


class Repository:
    """Statements about one aggregate, in one transaction."""

    def __init__(self, connection: Connection, writes: bool) -> None:
        self._connection = connection
        self._writes = writes
        self._dialect = connection.dialect.name

    def _read(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        return self._connection.execute(statement, values)

    def _all(self, make: Callable[[RowMapping], T], statement: Executable, **values: Any) -> list[T]:
        return [make(row) for row in self._read(statement, **values).mappings()]

    def _first(self, make: Callable[[RowMapping], T], statement: Executable, **values: Any) -> T | None:
        row = self._read(statement, **values).mappings().first()
        return make(row) if row else None

    def _by_comment(self, make: Callable[[RowMapping], T], rows: Iterable[RowMapping]) -> dict[int, list[T]]:
        found: dict[int, list[T]] = {}
        for row in rows:
            found.setdefault(row["comment_pk"], []).append(make(row))
        return found

    def _write(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        self._must_write()
        return self._connection.execute(statement, values)

    def _add(self, table: Table, rows: Sequence[Row], unique: tuple[str, ...] = ()) -> None:
        """Insert the rows, all with the same columns; those that meet a row on `unique` are left out."""
        self._must_write()
        if len(rows) > 1 and self._dialect == POSTGRESQL:
            self._connection.execute(
                insert_rows(table, tuple(rows[0]), unique), {"rows": rows_text(types_of(table), rows)}
            )
        elif rows:
            self._connection.execute(insert_new(table, unique), rows)

    def _write_each(self, statement: Executable, rows: Sequence[Row]) -> None:
        """Run the statement once per row, as the driver's own batch."""
        self._must_write()
        if rows:
            self._connection.execute(statement, rows)

    def _must_write(self) -> None:
        if not self._writes:
            raise RuntimeError("this transaction only reads; open it with write()")


def in_turns(sites: Sequence[int], limit: int, lease: Callable[[int, int], Sequence[T]]) -> list[T]:
    """Lease up to `limit` rows so that each site gets its share; what one leaves goes to those that have more.

    `lease` takes a site and a number, and leases so many rows of that site at most.
    """
    leased: list[T] = []
    while sites and len(leased) < limit:
        have_more: list[int] = []
        for place, site_id in enumerate(sites):
            share = max(1, (limit - len(leased)) // (len(sites) - place))
            found = lease(site_id, share)
            leased += found
            have_more += [site_id] if len(found) == share else []
            if len(leased) == limit:
                break
        sites = have_more
    return leased
