"""How each database is opened: what survives a power cut, who waits for whom, and for how long at most."""

from __future__ import annotations

import select
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import QueuePool

from service.storage.bulk import POSTGRESQL, SQLITE

if TYPE_CHECKING:
    import psycopg  # seven megabytes that a house on SQLite does without

BUSY_SECONDS = 15.0
TURN_SECONDS = 0.0005
"""Between two looks at SQLite's write lock: its own waiting sleeps up to a tenth of a second, while others overtake."""
POOL_SECONDS = 10.0
HASTE_SECONDS = 1.0
"""For so long whoever is about to end waits for a lock."""

_PRAGMAS = (
    # The one that makes the others wait comes first: even switching to WAL needs a lock.
    f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}",
    "PRAGMA journal_mode = WAL",
    # What was answered with 202 must survive a power cut; NORMAL would lose the last commits.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # A deleted text is overwritten, not only unlinked; sorting leaves no texts in temp files.
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    # Each connection has its own cache, and the system's holds the rest: KiB, eight times over.
    "PRAGMA cache_size = -2000",
    "PRAGMA journal_size_limit = 67108864",
)

# compiling a statement costs more than any of ours takes: a tenth of a second, each time it is planned
_SERVER_SETTINGS = (
    "-c jit=off -c timezone=UTC"
    " -c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
)


def open_engine(database_url: str) -> Engine:
    """Return an engine for a `sqlite:///` or `postgresql://` URL. Raises ValueError for any other, naming the mend."""
    url = database(database_url)
    if url.get_backend_name() == SQLITE:
        return _open_sqlite(url)
    return _open_postgresql(url)


def for_reading(engine: Engine) -> Engine:
    """Return the same pool, for transactions that only read.

    On PostgreSQL such a one needs no transaction: each statement sees one moment, and BEGIN and COMMIT cost a round
    trip each. On SQLite it is what gives the reader its snapshot.
    """
    if engine.dialect.name == SQLITE:
        return engine.execution_options(writes=False)
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def in_haste(engine: Engine) -> Engine:
    """Return the same pool, for transactions that wait for a lock but a second; its connections stay so."""
    return engine.execution_options(in_haste=True)


def database(database_url: str) -> URL:
    """Return the address with the house's driver. Raises ValueError without showing it: it may hold a password."""
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise ValueError("the database URL cannot be read; write sqlite:///PATH or postgresql://…") from None
    backend = url.get_backend_name()
    if backend == SQLITE:
        if not url.database or url.database == ":memory:":
            raise ValueError("the database URL must name a file, as in sqlite:///var/replydesk.db")
        return url.set(drivername="sqlite+pysqlite")
    if backend in (POSTGRESQL, "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise ValueError("the database URL must begin with sqlite:/// or postgresql://")


def _open_sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # an error that quotes a row would carry a reader's text into logs
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=24,
        pool_timeout=POOL_SECONDS,
        pool_use_lifo=True,  # whoever writes next finds the cache of who wrote last; idle ones stay empty
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that turns into a writer fails at once when another wrote meanwhile; an immediate
        # one waits its turn. The driver's own BEGIN is switched off by isolation_level None above.
        options = connection.get_execution_options()
        seconds = HASTE_SECONDS if options.get("in_haste") else BUSY_SECONDS
        if not options.get("writes", True):
            connection.exec_driver_sql("BEGIN")
        elif not _took_turn(connection.connection.dbapi_connection, seconds):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _took_turn(connection: Any, seconds: float) -> bool:
    """Begin writing as soon as the lock is free, and say whether that came to pass in time.

    False leaves it to SQLite to say why: its words become an error of ours, as everything else that it refuses.
    """
    ends_at = time.monotonic() + seconds
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < ends_at:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as refused:
                if refused.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    return False
                time.sleep(TURN_SECONDS)
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def _open_postgresql(url: URL) -> Engine:
    options = " ".join(filter(None, [_SERVER_SETTINGS, str(url.query.get("options", ""))]))
    engine = create_engine(
        url.difference_update_query(["options"]),
        hide_parameters=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=POOL_SECONDS,
        pool_use_lifo=True,
        connect_args={
            "connect_timeout": 5,
            "options": options,
            "application_name": "replydesk",
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
        },
    )

    @event.listens_for(engine, "checkout")
    def _is_alive(connection: Any, _record: object, _proxy: object) -> None:
        if _has_hung_up(connection):
            raise DisconnectionError("the server closed this connection")

    @event.listens_for(engine, "begin")
    def _hurry(connection: Connection) -> None:
        if connection.get_execution_options().get("in_haste"):
            connection.exec_driver_sql(f"SET lock_timeout = '{HASTE_SECONDS:g}s'")

    return engine


def _has_hung_up(connection: psycopg.Connection[Any]) -> bool:
    """Say whether the server closed an idle connection, without asking it: then its socket has something to read.

    A round trip at every checkout would cost as much as an insert.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
