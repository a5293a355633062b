"""Every place where an installation writes: files, rows, the database's own files and log, the broker's memory."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from service.config import Settings
from service.storage.bulk import SQLITE
from service.storage.engines import open_engine

if TYPE_CHECKING:
    from redis import Redis

READ: Final = 1024 * 1024
SERVER_READ: Final = 8 * 1024 * 1024
KEYS_BOUND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """One thing to look through: of which kind, under what name, and its bytes when asked for."""

    kind: str
    name: str
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class OutOfReach(Exception):
    """A place that this audit cannot look into, and why."""

    place: str
    why: str


def files(kind: str, folder: Path, *, since: float = 0.0) -> Iterator[Place]:
    """Yield every plain file below the folder, changed at `since` or later; a file that goes meanwhile is left out."""
    if folder.is_file():
        yield Place(kind, str(folder), lambda: _read(folder))
        return
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            try:
                found = path.lstat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode) and found.st_mtime >= since:
                yield Place(kind, str(path), partial(_read, path))


TEMPORARY: Final = tuple(Path(one) for one in ("/tmp", "/var/tmp", "/dev/shm"))  # noqa: S108  # looked into, not written to


def temporary_files(folders: Iterable[Path], since: float, mine: Path) -> Iterator[Place]:
    """Yield this user's files in the temporary folders that changed since then."""
    for folder in sorted(set(folders)):
        for place in files("temporary files", folder, since=since):
            try:
                is_own = Path(place.name).stat().st_uid == os.getuid()
            except OSError:
                continue
            if is_own and not Path(place.name).is_relative_to(mine):
                yield place


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(READ):
                yield chunk
    except OSError:
        return


# -- the database ------------------------------------------------------------------------------------------------------


def database(settings: Settings, folder: Path, log_since: str | None) -> Iterator[Place | OutOfReach]:
    """Yield every row of every table, a backup as it would be made, and the database's own files where they show."""
    engine = open_engine(settings.database_url)
    try:
        if engine.dialect.name == SQLITE:
            yield from _sqlite(engine, folder)
        else:
            yield from _postgresql(engine, log_since)
    finally:
        engine.dispose()


def log_position(settings: Settings) -> str | None:
    """Return where PostgreSQL's write-ahead log is now, None on SQLite and where the server does not say."""
    engine = open_engine(settings.database_url)
    try:
        if engine.dialect.name == SQLITE:
            return None
        with engine.connect() as connection:
            return str(connection.execute(text("SELECT pg_current_wal_lsn()")).scalar_one())
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()


def _sqlite(engine: Engine, folder: Path) -> Iterator[Place]:
    path = str(engine.url.database)
    for suffix in ("", "-wal", "-shm", "-journal"):
        file = Path(path + suffix)
        if file.exists():
            yield Place("database files", str(file), partial(_read, file))
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
                yield b"\n".join(_bytes(value) for value in row if value is not None) + b"\n"
        except (
            sqlite3.OperationalError
        ):  # a virtual table of a module that is not here; its shadow tables are read
            return


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")


def _read_and_drop(path: Path) -> Iterator[bytes]:
    yield from _read(path)
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


# -- the broker --------------------------------------------------------------------------------------------------------


def broker(client: Redis) -> Iterator[Place]:
    """Yield everything in the broker's memory, value by value, and what it tells of itself."""
    yield Place("broker", "values", lambda: _values(client))
    yield Place("broker", "what it tells of itself", lambda: _broker_diagnostics(client))


def _values(client: Redis) -> Iterator[bytes]:
    """Read values by their type: a dump of one may be compressed in a way of the broker's own."""
    readers: dict[object, Callable[[bytes], Any]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    for number, key in enumerate(client.scan_iter(count=1_000)):
        if number > KEYS_BOUND:
            return
        read = readers.get(client.type(key))
        value = read(key) if read else None
        yield b"\n".join([key, *_flat(value), client.dump(key) or b""]) + b"\n"


def _flat(value: object) -> Iterator[bytes]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(name)
            yield from _flat(inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from _flat(inner)
    elif value is not None:
        yield _bytes(value)


def _broker_diagnostics(client: Redis) -> Iterator[bytes]:
    for ask in (client.info, client.client_list, client.slowlog_get, client.acl_log):
        with suppress(Exception):  # a managed broker may forbid one or the other
            yield repr(ask()).encode() + b"\n"
