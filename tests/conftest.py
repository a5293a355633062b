"""Fixtures for all tests: real servers, and the two stores that must keep the same promises."""

import os
from functools import cache

import psycopg
import pytest

from service.storage import Store, migrate
from service.storage.engines import open_engine
from service.storage.schema import metadata
from tests import servers
from tests.factories import sqlite_store, stores_deleted, template
from tests.stage import Stage


def missing(reason):
    """Skip loudly what cannot be run here; under CI nothing may be skipped."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_url():
    """The URL of an empty PostgreSQL database of this run (and of this xdist worker) alone."""
    try:
        with servers.postgresql_database() as url:
            yield url
    except servers.Missing as reason:
        missing(str(reason))


@pytest.fixture(scope="session")
def redis_url():
    """The URL of a real Valkey or Redis server of this run (and of this xdist worker) alone."""
    try:
        with servers.valkey() as url:
            yield url
    except servers.Missing as reason:
        missing(str(reason))


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres_url):
    """The same database with the newest schema; rows are the last test's."""
    migrate.upgrade(postgres_url)
    return postgres_url


@pytest.fixture(autouse=True)
def _stores_of_a_test_are_deleted():
    with stores_deleted():
        yield


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of a fresh SQLite database with the newest schema."""
    path = tmp_path / "replydesk.db"
    path.write_bytes(template())
    return f"sqlite:///{path}"


@pytest.fixture
def clean_postgres_url(migrated_postgres_url):
    """The URL of this run's PostgreSQL database with the newest schema and no rows."""
    # DELETE takes a fifth of the time of TRUNCATE, which makes new files for each table and index
    emptied = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables))
    with psycopg.connect(migrated_postgres_url, autocommit=True) as connection:
        connection.execute(emptied.encode())
    return migrated_postgres_url


@pytest.fixture
def pooled_url(clean_postgres_url):
    """The URL of that database behind a PgBouncer in transaction mode, with few server connections."""
    try:
        with servers.pgbouncer(clean_postgres_url, "default_pool_size = 6") as url:
            yield url
    except servers.Missing as reason:
        missing(str(reason))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request):
    """Each store in turn, empty: whatever holds for one must hold for both."""
    if request.param == "sqlite":
        yield sqlite_store()
        return
    engine = _engine(request.getfixturevalue("clean_postgres_url"))
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def stage(store):
    """An installation over each store in turn."""
    return Stage.over(store)


@cache
def _engine(url):
    """One engine for all tests: it keeps the statements that it compiled."""
    return open_engine(url)
