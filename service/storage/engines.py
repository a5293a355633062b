"""How each database is opened: what survives a power cut, who waits for whom, and for how long at most."""

from __future__ import annotations

import select
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from service.storage.bulk import POSTGRESQL, SQLITE

if TYPE_CHECKING:
    import psycopg  # seven megabytes that an installation on SQLite does without

BUSY_SECONDS = 15.0
TURN_SECONDS = 0.0005
"""Between two looks at SQLite's write lock: its own waiting sleeps up to a tenth of a second, while others overtake."""
POOL_SECONDS = 10.0
SHORT_WAIT_SECONDS = 1.0
"""For so long whoever is about to end waits for a lock."""

_PRAGMAS = (
    f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}",
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

_BOUNDS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    # compiling a statement costs more than any of ours takes: a tenth of a second, each time it is planned
    "jit": "off",
    "TimeZone": "UTC",
}
_ONLY_READS = "25006"
"""PostgreSQL's code for a write that a standby refused."""
_SHORT_WAITS = {"lock_timeout": f"{SHORT_WAIT_SECONDS:g}s"}
_IS_POOLED, _BOUNDED_BY = "replydesk.pooled", "replydesk.bounds"


def open_engine(database_url: str) -> Engine:
    """Return an engine for a `sqlite:///` or `postgresql://` URL. Raises ValueError for any other, naming the fix."""
    url = database(database_url)
    if url.get_backend_name() == SQLITE:
        return _open_sqlite(url)
    return _open_postgresql(url)


def for_reading(engine: Engine) -> Engine:
    """Return the same pool, for transactions that only read.

    On PostgreSQL such a one needs no transaction: each statement sees one moment, and BEGIN and COMMIT cost a round
    trip each. Behind a pooler it has one all the same, to carry its bounds. On SQLite it is what gives the reader its
    snapshot.
    """
    if engine.dialect.name == SQLITE:
        return engine.execution_options(writes=False)
    return engine.execution_options(isolation_level="AUTOCOMMIT", begins_if_pooled=True)


def with_short_waits(engine: Engine) -> Engine:
    """Return the same pool, for transactions that wait for a lock but a second; its connections stay so."""
    return engine.execution_options(with_short_waits=True)


def database(database_url: str) -> URL:
    """Return the address with the service's driver. Raises ValueError without showing it: it may hold a password."""
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
        _retried_while_busy(connection, "PRAGMA journal_mode = WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that turns into a writer fails at once when another wrote meanwhile; an immediate
        # one waits its turn. The driver's own BEGIN is switched off by isolation_level None above.
        options = connection.get_execution_options()
        seconds = SHORT_WAIT_SECONDS if options.get("with_short_waits") else BUSY_SECONDS
        if not options.get("writes", True):
            connection.exec_driver_sql("BEGIN")
        elif not _took_turn(connection.connection.dbapi_connection, seconds):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _retried_while_busy(connection: sqlite3.Connection, statement: str) -> None:
    """Execute what needs the whole file for itself and asks for it without SQLite's own waiting: switching to WAL."""
    ends_at = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as refused:
            if not _is_busy(refused) or time.monotonic() > ends_at:
                raise
            time.sleep(TURN_SECONDS)


def _is_busy(refused: sqlite3.OperationalError) -> bool:
    return refused.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


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
                if not _is_busy(refused):
                    return False
                time.sleep(TURN_SECONDS)
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def is_pooled(connection: Connection) -> bool:
    """Say whether a pooler such as PgBouncer stands before the server, so that a session lasts one transaction."""
    return bool(connection.info.get(_IS_POOLED))


@contextmanager
def statement_limit(connection: Connection, seconds: int) -> Iterator[None]:
    """Let a statement outside a transaction take so long; behind a pooler such a one has no bound of ours."""
    if is_pooled(connection):
        yield
        return
    connection.exec_driver_sql(f"SET statement_timeout = '{seconds}s'")
    try:
        yield
    finally:
        connection.exec_driver_sql("RESET statement_timeout; " + _set(connection.info[_BOUNDED_BY]))


def is_autocommit(connection: Connection) -> bool:
    """Say whether each statement on this PostgreSQL connection is a transaction by itself."""
    return bool(connection.connection.dbapi_connection.autocommit)  # type: ignore[union-attr]  # psycopg's, and open


def _open_postgresql(url: URL) -> Engine:
    own = str(url.query.get("options", ""))
    bounds = {name: value for name, value in _BOUNDS.items() if name not in own}
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=POOL_SECONDS,
        pool_use_lifo=True,
        connect_args={
            "connect_timeout": 5,
            "application_name": "replydesk",
            "prepare_threshold": 5,  # the driver's own; whoever names one in the address names a text
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
        },
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_BOUNDED_BY] = bounds
        record.info[_IS_POOLED] = _meet(connection, bounds)

    @event.listens_for(engine, "checkout")
    def _is_alive(connection: Any, _record: object, _proxy: object) -> None:
        if _has_hung_up(connection):
            raise DisconnectionError("the server closed this connection")

    event.listen(engine, "handle_error", _leave_server, retval=True)

    @event.listens_for(engine, "begin")
    def _bound(connection: Connection) -> None:
        options = connection.get_execution_options()
        short = _SHORT_WAITS if options.get("with_short_waits") else {}
        if not is_pooled(connection):
            if short:
                connection.exec_driver_sql(_set(short))
        elif not is_autocommit(connection):
            connection.exec_driver_sql(_set(bounds | short, "SET LOCAL"))
        elif options.get("begins_if_pooled"):
            # one round trip for both; the driver commits or rolls back what is open, autocommit or not
            connection.exec_driver_sql("BEGIN; " + _set(bounds | short, "SET LOCAL"))

    return engine


def _leave_server(failure: ExceptionContext) -> BaseException | None:
    """Take a server that only reads, or answers twice, for one that is away: new connections may lead to another.

    After a failover a server only reads. A pooler whose server ended hands its last words on and adds its own, and the
    driver calls that an internal error without a code.
    """
    refused = failure.original_exception
    code = getattr(refused, "sqlstate", None)
    answered_twice = code is None and type(refused).__name__ == "InternalError"
    if code != _ONLY_READS and not answered_twice:
        return None
    failure.is_disconnect = True
    return OperationalError(failure.statement, None, refused, hide_parameters=True)


def _meet(connection: psycopg.Connection[Any], bounds: Mapping[str, str]) -> bool:
    """Bound a new connection for good where it leads to the server, and say whether it leads to a pooler instead.

    A pooler answers for no server process in particular, so the process it names is not the one that works for us.
    Behind it nothing may be prepared, and nothing set that outlasts a transaction: the next one has another process.
    """
    try:
        connection.autocommit = True
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        pooled = row is None or row[0] != connection.info.backend_pid
        if pooled:
            connection.prepare_threshold = None
        else:
            connection.execute(_set(bounds))
        connection.autocommit = False
    except BaseException:
        connection.close()  # the pool has not taken it yet
        raise
    return pooled


def _set(values: Mapping[str, str], verb: str = "SET") -> str:
    return "; ".join(f"{verb} {name} = '{value}'" for name, value in values.items())


def _has_hung_up(connection: psycopg.Connection[Any]) -> bool:
    """Say whether the server closed an idle connection, without asking it: then its socket has something to read.

    A round trip at every checkout would cost as much as an insert.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
