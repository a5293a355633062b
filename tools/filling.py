"""Great PostgreSQL databases in the time it takes to write their rows: two connections, indexes last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import psycopg

INDEXES: Final = """
SELECT 'DROP INDEX ' || i.indexname, i.indexdef FROM pg_indexes i
WHERE i.schemaname = 'public' AND i.tablename = ANY(%(tables)s)
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)
ORDER BY i.tablename <> 'words', i.indexname
"""
CONSTRAINTS: Final = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
  format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE conrelid::regclass::text = ANY(%(tables)s) AND contype IN ('u', 'f')
ORDER BY contype DESC, conrelid DESC
"""


@contextmanager
def indexes_last(url: str, tables: Sequence[str]) -> Iterator[None]:
    """Take the tables' indexes and constraints away, but for primary keys, and make them again at the end."""
    with psycopg.connect(url, autocommit=True) as connection:
        indexes = connection.execute(INDEXES, {"tables": list(tables)}).fetchall()
        constraints = connection.execute(CONSTRAINTS, {"tables": list(tables)}).fetchall()
        for drop, _ in (*constraints, *indexes):
            connection.execute(drop.encode())
    yield
    again = [made for _, made in indexes]
    side_by_side(url, again[::2], again[1::2])
    run(url, [made for _, made in constraints[::-1]])


def side_by_side(url: str, *each: Sequence[str]) -> None:
    """Run each list of statements on a connection of its own, all at once."""
    with ThreadPoolExecutor(len(each)) as all_at_once:
        list(all_at_once.map(lambda statements: run(url, statements), each))


def run(url: str, statements: Sequence[str]) -> None:
    """Run the statements one after the other, waiting for no disk."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '256MB'")
        connection.execute("SET max_parallel_maintenance_workers = 0")
        for one in statements:
            connection.execute(one.encode())
