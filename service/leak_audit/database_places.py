"""Places in a database: every row, a backup, and the files and the log that the server itself writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from service.config import Settings
from service.leak_audit.places import OutOfReach, Place, as_bytes, read_file
from service.storage.bulk import SQLITE
from service.storage.engines import open_engine

SERVER_READ: Final = 8 * 1024 * 1024


def database(settings: Settings, folder: Path, log_since: str | None) -> Iterator[Place | OutOfReach]:
    """Yield every row of every table, a backup as it would be made, and the database's own files where they show."""
    with _opened(settings) as engine:
        if engine.dialect.name == SQLITE:
            yield from _sqlite(engine, folder)
        else:
            yield from _postgresql(engine, log_since)


def log_position(settings: Settings) -> str | None:
    """Return where PostgreSQL's write-ahead log is now, None on SQLite and where the server does not say."""
    with _opened(settings) as engine, suppress(SQLAlchemyError):
        if engine.dialect.name != SQLITE:
            with engine.connect() as connection:
                return str(connection.execute(text("SELECT pg_current_wal_lsn()")).scalar_one())
    return None


@contextmanager
def _opened(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _sqlite(engine: Engine, folder: Path) -> Iterator[Place]:
    path = str(engine.url.database)
    for suffix in ("", "-wal", "-shm", "-journal"):
        file = Path(path + suffix)
        if file.exists():
            yield Place("database files", str(file), partial(read_file, file))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        names = [name for (name,) in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        yield Place("rows", f"table {name}", partial(_sqlite_rows, path, name))
    backup = folder / "backup.db"
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(backup)) as copy,
    ):
        source.backup(copy)
    yield Place("backup", "a backup made now", lambda: _read_and_drop(backup))


def _sqlite_rows(path: str, table: str) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        quoted = table.replace('"', '""')
        try:
            for row in reader.execute(f'SELECT * FROM "{quoted}"'):
                yield b"\n".join(as_bytes(value) for value in row if value is not None) + b"\n"
        except (
            sqlite3.OperationalError
        ):  # a virtual table of a module that is not here; its shadow tables are read
            return


def _read_and_drop(path: Path) -> Iterator[bytes]:
    yield from read_file(path)
    path.unlink(missing_ok=True)


def _postgresql(engine: Engine, log_since: str | None) -> Iterator[Place | OutOfReach]:
    """Yield the log first: a checkpoint, which the files need, may give its older segments to what is written next."""
    with engine.connect() as connection:
        inspector = inspect(connection)
        names = inspector.get_table_names()
    try:
        if log_since is not None:
            yield from _log_segments(engine, log_since)
    except SQLAlchemyError:
        yield OutOfReach("PostgreSQL's write-ahead log", "needs a role in pg_read_server_files")
    for name in names:
        yield Place("rows", f"table {name}", partial(_copied, engine, name))
    try:
        found = _server_files(engine)
    except SQLAlchemyError:
        yield OutOfReach("PostgreSQL's own files", "needs a role in pg_read_server_files")
        return
    for path in found:
        yield Place("database files", path, partial(_server_file, engine, path, 0, None))


def _copied(engine: Engine, table: str) -> Iterator[bytes]:
    """Yield the table as COPY writes it in binary: whole values, also those that lie compressed out of line."""
    raw = engine.raw_connection()
    try:
        quoted = table.replace('"', '""')
        driver: Any = raw.driver_connection
        with driver.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            with cursor.copy(f'COPY "{quoted}" TO STDOUT (FORMAT binary)') as copied:
                for chunk in copied:
                    yield bytes(chunk)
    finally:
        raw.invalidate()  # a copy may have been broken off
        raw.close()


def _server_files(engine: Engine) -> list[str]:
    """Name the files of tables and indexes, dead rows and all."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        relations = text(
            "SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'i', 't', 'm') AND (n.nspname = current_schema() OR c.oid IN ("
            "   SELECT reltoastrelid FROM pg_class JOIN pg_namespace s ON s.oid = relnamespace"
            "   WHERE s.nspname = current_schema()))"
        )
        paths = [str(path) for (path,) in connection.execute(relations) if path]
        connection.execute(text("SELECT pg_read_binary_file(:path, 0, 1)"), {"path": paths[0]})
        return paths


def _log_segments(engine: Engine, since: str) -> Iterator[Place | OutOfReach]:
    """Yield the log's segments from that position to its end now; files beyond the end hold what was there before.

    A segment that the server has given to later writing meanwhile is out of reach, and said to be so.
    """
    at = text("SELECT file_name, file_offset FROM pg_walfile_name_offset(:lsn)")
    with engine.begin() as connection:
        # what is committed carries along to the disk what was written before, also by those who did not wait for it
        connection.execute(text("SET LOCAL synchronous_commit = on"))
        connection.execute(text("SELECT pg_logical_emit_message(true, 'replydesk', 'audit')"))
    with engine.connect() as connection:
        lasting = connection.execute(text("SELECT pg_current_wal_lsn()")).scalar_one()
        first, begin = connection.execute(at, {"lsn": since}).one()
        last, end = connection.execute(at, {"lsn": lasting}).one()
        segments = text(
            "SELECT name FROM pg_ls_waldir() WHERE name BETWEEN :first AND :last AND length(name) = 24"
            " ORDER BY name"
        )
        names = connection.execute(segments, {"first": first, "last": last}).scalars().all()
        readable = text("SELECT pg_read_binary_file(:path, 0, 1, true)")
        connection.execute(readable, {"path": f"pg_wal/{last}"})
    if first not in names:
        yield OutOfReach(
            "PostgreSQL's write-ahead log", "the server has written over its beginning meanwhile"
        )
    for name in names:
        ends = int(end) if name == last else None
        path = f"pg_wal/{name}"
        yield Place(
            "write-ahead log", path, partial(_server_file, engine, path, int(begin) * (name == first), ends)
        )


def _server_file(engine: Engine, path: str, begin: int, end: int | None) -> Iterator[bytes]:
    raw = engine.raw_connection()
    try:
        driver: Any = raw.driver_connection
        with driver.cursor(binary=True) as cursor:
            at = begin
            while end is None or at < end:
                count = SERVER_READ if end is None else min(SERVER_READ, end - at)
                cursor.execute("SELECT pg_read_binary_file(%s, %s, %s, true)", [path, at, count])
                chunk = cursor.fetchone()[0]
                if not chunk:
                    return
                yield bytes(chunk)
                at += len(chunk)
    finally:
        raw.close()
