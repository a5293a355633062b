"""Clearing a database's files of what its rows no longer hold, as far as the database itself can."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from service.storage.bulk import SQLITE
from service.storage.engines import for_reading, statement_limit
from service.storage.schema import metadata

WORDS: Final = "words"
MERGE_PAGES: Final = 500
MERGE_ROUNDS: Final = 2_000
CHECKPOINT_SECONDS: Final = 3.0
VACUUM_SECONDS: Final = 300
CHECKPOINT_PAUSE: Final = 0.05
HOLDING_TEXT: Final = (
    "comments",
    "revisions",
    "contacts",
    "originals",
    "notes",
    "labels",
    "deliveries",
    "idempotency_keys",
    "reports",
    "appeals",
    WORDS,
)


def purge(engine: Engine) -> bool:
    """Clear the files, and say whether nothing stood in the way; what did is tried again with the next purge.

    SQLite: deleted rows were overwritten when they went (`secure_delete`); here the index of words is merged, since it
    keeps deleted words until then, and the write-ahead log is written back and cut to nothing.
    PostgreSQL: VACUUM, after which
    no query reads them; the bytes last until their pages are used again, and in WAL and backups longer.
    """
    if engine.dialect.name == SQLITE:
        _merge_words(engine)
        return _truncate_log(engine)
    return _vacuum(engine)


def _merge_words(engine: Engine) -> None:
    """Merge in steps, each a short transaction: in one, writers would wait for as long as it takes."""
    with for_reading(engine).connect() as connection:
        if not inspect(connection).has_table(WORDS):
            return
    pages = -MERGE_PAGES  # a negative number asks for everything to be merged, positive ones go on with it
    for _ in range(MERGE_ROUNDS):
        with engine.begin() as connection:
            before = _changes(connection)
            connection.exec_driver_sql(f"INSERT INTO {WORDS} ({WORDS}, rank) VALUES ('merge', {pages})")
            if _changes(connection) - before < 2:
                return
        pages = MERGE_PAGES


def _changes(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one())


def _truncate_log(engine: Engine) -> bool:
    """Write the log back and truncate it; a reader that is still in an old snapshot is waited for, within a bound."""
    deadline = time.monotonic() + CHECKPOINT_SECONDS
    raw = engine.raw_connection()
    try:
        while True:
            busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy or time.monotonic() > deadline:
                return not busy
            time.sleep(CHECKPOINT_PAUSE)
    finally:
        raw.close()


def _vacuum(engine: Engine) -> bool:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        there = set(inspect(connection).get_table_names())
        names = [
            name for name in HOLDING_TEXT if name in there and (name in metadata.tables or name == WORDS)
        ]
        try:
            with statement_limit(connection, VACUUM_SECONDS):
                connection.execute(text(f"VACUUM {', '.join(names)}"))
        except OperationalError:  # it took too long, or somebody holds a lock
            return False
    return True
