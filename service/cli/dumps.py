"""How a database is copied at one moment while it is written to, and put back; PostgreSQL by its own programs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from service.cli.console import Refused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.config import Settings

CLIENTS: Final = "the PostgreSQL client programs; install postgresql-client, of the server's version or newer"
POOLED: Final = (
    "the database URL leads to a pooler such as PgBouncer; pg_dump and pg_restore need the server itself: "
    "give its own address as REPLYDESK_DATABASE_URL to this command"
)
"""They set what a session keeps, such as an empty search_path, and the pooler would hand that to other clients."""


def copy(known: Settings, file: Path) -> dict[str, int]:
    """Copy the database to a file that is not there yet, and return the rows of each table at that moment."""
    return (_copy_sqlite if is_sqlite(known) else _copy_postgresql)(known, file)


def load(known: Settings, file: Path) -> None:
    """Put a copy into the empty database: all of it, or nothing. Refused where there are tables already."""
    if tables(known):
        raise Refused("the database has tables already; name an empty one")
    (_load_sqlite if is_sqlite(known) else _load_postgresql)(known, file)


def tables(known: Settings) -> list[str]:
    """Return the names of the tables there are; none where SQLite has no file yet."""
    if is_sqlite(known) and not _sqlite_file(known).exists():
        return []
    from sqlalchemy import inspect

    with _connected(known) as connection:
        return inspect(connection).get_table_names()


def count(known: Settings, names: list[str]) -> dict[str, int]:
    """Count the rows of each table."""
    with _connected(known) as connection:
        return _rows(connection, names)


def is_sqlite(known: Settings) -> bool:
    """Whether the settings name a SQLite file."""
    return known.database_url.startswith("sqlite")


@contextmanager
def _connected(known: Settings, snapshot: bool = False) -> Iterator[Connection]:
    """Connect for reading. A `snapshot` on PostgreSQL is one moment; a pooler has none to give and is refused."""
    from service.storage.engines import for_reading, is_pooled, open_engine

    engine = open_engine(known.database_url)
    try:
        reading = (
            engine.execution_options(isolation_level="REPEATABLE READ") if snapshot else for_reading(engine)
        )
        with reading.connect() as connection:
            if snapshot and is_pooled(connection):
                raise Refused(POOLED)
            yield connection
    finally:
        engine.dispose()


def _rows(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    from sqlalchemy import func, select, table

    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names
    }


# -- SQLite ------------------------------------------------------------------------------------------------------------


def _copy_sqlite(known: Settings, file: Path) -> dict[str, int]:
    """Copy the file as it stands between two writers; they go on meanwhile."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(_sqlite_file(known))) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        names = [
            name
            for (name,) in copy.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                " AND name != 'alembic_version' AND sql NOT LIKE 'CREATE VIRTUAL%'"
                " AND name NOT IN (SELECT v.name || suffix FROM sqlite_master v, (SELECT '_data' AS suffix UNION SELECT"
                " '_idx' UNION SELECT '_content' UNION SELECT '_docsize' UNION SELECT '_config')"
                " WHERE v.sql LIKE 'CREATE VIRTUAL%') ORDER BY name"
            )
        ]
        return {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def _load_sqlite(known: Settings, file: Path) -> None:
    target = _sqlite_file(known)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in (target, *(target.with_name(target.name + end) for end in ("-wal", "-shm"))):
        leftover.unlink(missing_ok=True)  # empty, as was seen: opening it to look made it
    shutil.copyfile(file, target)
    target.chmod(0o600)
    with closing(sqlite3.connect(target)) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        target.unlink()
        raise Refused(f"{file}: SQLite finds it damaged; nothing was put back")


def _sqlite_file(known: Settings) -> Path:
    from service.storage.engines import database

    return Path(str(database(known.database_url).database))


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


def _copy_postgresql(known: Settings, file: Path) -> dict[str, int]:
    """Let pg_dump copy one snapshot, and count the rows in the same one."""
    from sqlalchemy import inspect, text

    with _connected(known, snapshot=True) as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        _run(
            known, "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
            f"--snapshot={snapshot}", f"--file={file}",
        )  # fmt: skip
        return _rows(connection, sorted(set(inspect(connection).get_table_names()) - {"alembic_version"}))


def _load_postgresql(known: Settings, file: Path) -> None:
    """Put everything back in one transaction: all of it, or nothing."""
    with _connected(known, snapshot=True):
        pass  # and through no pooler
    _run(
        known, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
        f"--dbname={_libpq_variables(known)['PGDATABASE']}", str(file),
    )  # fmt: skip


def _run(known: Settings, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise Refused(f"{program} is not installed: this needs {CLIENTS}")
    done = subprocess.run(  # noqa: S603  # the database's own program
        [found, *arguments],
        env={**os.environ, **_libpq_variables(known)},
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
    )
    if done.returncode:
        # its messages name tables and hosts, never a row
        last = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.returncode}"]
        raise Refused(f"{program}: {last[0][:300]}")


def _libpq_variables(known: Settings) -> dict[str, str]:
    """The connection as libpq reads it from the environment: a command line would show the password to everyone."""
    from service.storage.engines import database

    url = database(known.database_url)
    found = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port or url.query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
        "PGSSLROOTCERT": url.query.get("sslrootcert"),
        "PGCONNECT_TIMEOUT": 10,
    }
    return {name: str(value) for name, value in found.items() if value}
