"""Brings a database to the schema of this version; any number of starters may do so at once."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from service.storage.bulk import POSTGRESQL
from service.storage.engines import for_reading, open_engine
from service.storage.unit_of_work import SchemaError

MIGRATIONS = Path(__file__).parent / "migrations"
_TURN = 7_232_051_106
"""The number of the advisory lock that starters on PostgreSQL wait for."""
_ASK_AGAIN_SECONDS = 0.1
BUSY: Final = ("55P03", "40P01")
"""The lock was not to be had in time, or whoever held it wanted one of ours."""
LOCK_TRIES: Final = 60
LOCK_PAUSE_SECONDS: Final = 2.0

log = structlog.get_logger(__name__)


def upgrade(database_url: str) -> None:
    """Bring the database to the newest schema; one starter migrates, the others wait and find it done.

    Comments may go on coming in: a step that cannot have its lock within a second lets the traffic pass that waits
    behind it, and is tried again for some minutes. Raises ValueError for a URL that is none, SchemaError for a schema
    that no migration leads on from, and the database's own error when a migration fails: then nothing of it is left
    behind, and what was done before it stays.
    """
    engine = open_engine(database_url)
    try:
        with _alone(engine):
            _in_steps(engine)
    finally:
        engine.dispose()


def _in_steps(engine: Engine) -> None:
    for left in reversed(range(LOCK_TRIES)):
        try:
            with engine.connect() as connection:
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            return
        except CommandError:  # it has its words for this alone: the revision is none of ours
            raise SchemaError(
                f"The database is at schema {_revision(engine)}, which this version does not know."
            ) from None
        except OperationalError as failure:
            if getattr(failure.orig, "sqlstate", None) not in BUSY or not left:
                raise
            log.info("migrate.waits", tries_left=left)
            time.sleep(LOCK_PAUSE_SECONDS)


def current(database_url: str) -> str | None:
    """Return the schema's revision, None for a database without tables."""
    engine = open_engine(database_url)
    try:
        return _revision(engine)
    finally:
        engine.dispose()


def _revision(engine: Engine) -> str | None:
    with for_reading(engine).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the newest revision that this version ships."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise LookupError("no migrations are installed beside this module")
    return newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return config


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Let one starter migrate at a time.

    On SQLite the migration's own BEGIN IMMEDIATE is the lock. On PostgreSQL it is an advisory lock of a transaction of
    its own, so that a migration may commit half-way (an index built CONCURRENTLY must) and still be alone. A pooler
    would hand a session's lock to whoever comes next. The open transaction holds no snapshot, which such an index
    would wait for.
    """
    if engine.dialect.name != POSTGRESQL:
        event.listen(engine, "connect", _without_foreign_keys)
        yield
        return
    with engine.connect() as start_reaper:
        # asked again and again, each time in a new transaction: one that waits inside a statement holds a snapshot
        while not start_reaper.execute(
            text("SELECT pg_try_advisory_xact_lock(:turn)"), {"turn": _TURN}
        ).scalar_one():
            start_reaper.rollback()
            time.sleep(_ASK_AGAIN_SECONDS)
        start_reaper.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield


def _without_foreign_keys(connection: sqlite3.Connection, _record: object) -> None:
    """SQLite changes a table by copying it, and dropping the old one must not cascade."""
    connection.execute("PRAGMA foreign_keys = OFF")
