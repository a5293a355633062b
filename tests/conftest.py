"""Fixtures for all tests: real servers, and the three stores that must keep the same promises."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service.ports import Store
from service.storage import migrate, open_store
from service.storage.memory import MemoryStore
from service.storage.schema import metadata
from tests import servers


def missing(reason: str) -> None:
    """Skip loudly what cannot be run here; under CI nothing may be skipped."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this run (and of this xdist worker) alone."""
    try:
        with servers.postgresql_database() as url:
            yield url
    except servers.Missing as reason:
        missing(str(reason))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a real Valkey or Redis server of this run (and of this xdist worker) alone."""
    try:
        with servers.valkey() as url:
            yield url
    except servers.Missing as reason:
        missing(str(reason))


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres_url: str) -> str:
    """The same database with the newest schema; rows are the last test's."""
    migrate.upgrade(postgres_url)
    return postgres_url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "replydesk.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh SQLite database with the newest schema."""
    path = tmp_path / "replydesk.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def clean_postgres_url(migrated_postgres_url: str) -> str:
    """The URL of this run's PostgreSQL database with the newest schema and no rows."""
    # DELETE takes a fifth of the time of TRUNCATE, which makes new files for each table and index
    emptied = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables))
    with psycopg.connect(migrated_postgres_url, autocommit=True) as connection:
        connection.execute(emptied.encode())
    return migrated_postgres_url


@pytest.fixture
def pooled_url(clean_postgres_url: str) -> Iterator[str]:
    """The URL of that database behind a PgBouncer in transaction mode, with few server connections."""
    try:
        with servers.pgbouncer(clean_postgres_url, "default_pool_size = 6") as url:
            yield url
    except servers.Missing as reason:
        missing(str(reason))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each store in turn, empty: whatever holds for one must hold for all."""
    if request.param == "memory":
        yield MemoryStore()
        return
    yield from _opened(request, "sqlite_url" if request.param == "sqlite" else "clean_postgres_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each real store in turn, for promises that only a database on disk can break."""
    yield from _opened(request, "sqlite_url" if request.param == "sqlite" else "clean_postgres_url")


def _opened(request: pytest.FixtureRequest, url_fixture: str) -> Iterator[Store]:
    opened = open_store(request.getfixturevalue(url_fixture))
    yield opened
    opened.close()
