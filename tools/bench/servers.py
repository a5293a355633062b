"""The database under measurement: a PostgreSQL that waits for its disk as in production, or the embedded default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests import servers

STORES = ("sqlite", "postgresql")


@contextmanager
def postgresql() -> Iterator[tuple[str, str]]:
    """Yield a database of our own that waits for its disk as in production, and what is to be said of it."""
    with servers.postgresql_database() as url:
        name = url.rpartition("/")[2].partition("?")[0]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = on'.encode())
            version, fsync = connection.execute(
                "SELECT current_setting('server_version'), current_setting('fsync')"
            ).fetchone() or ("?", "?")
        yield url, f", PostgreSQL {version.split()[0]} with synchronous_commit on and fsync {fsync}"


@contextmanager
def database(store: str) -> Iterator[str | None]:
    """Yield the URL of the database for that store; None means the one in the home."""
    if store == "sqlite":
        yield None
        return
    with postgresql() as (url, _):
        yield url
