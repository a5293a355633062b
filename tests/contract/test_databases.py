"""The real databases: how they are opened, brought up to date, and what happens when something is wrong with them."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import OperationalError

from service.storage import SchemaError, migrate, open_store
from service.storage.engines import database, open_engine
from service.storage.schema import HEAD, metadata
from tests import servers
from tests.factories import NOON, ON_POSTGRESQL, courier, draft
from tests.processes import migrated_by_two_at_once


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request, tmp_path):
    """Makes databases without tables, of each kind, and answers their URLs."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"
        return
    request.getfixturevalue("postgres_url")  # skips where there is none
    with ExitStack() as made:
        yield lambda: made.enter_context(servers.postgresql_database())


@pytest.fixture
def empty_url(new_database):
    return new_database()


# -- migrations --------------------------------------------------------------------------------------------------------


def test_code_names_the_newest_migration():
    assert migrate.head() == HEAD


def _described(url):
    """Return every table's columns and every index with its condition, as the database itself writes them."""
    engine = open_engine(url)
    with engine.connect() as connection:
        indexes = connection.execute(
            text(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                if engine.dialect.name == "sqlite"
                else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            )
        )
        found = {(str(name), str(definition)) for name, definition in indexes}
        inspector = inspect(connection)
        for table in inspector.get_table_names():
            found |= {(f"{table}.{column['name']}", str(column)) for column in inspector.get_columns(table)}
            found |= {(f"{table} fk", str(key)) for key in inspector.get_foreign_keys(table)}
            found |= {(f"{table} uq", str(key)) for key in inspector.get_unique_constraints(table)}
    engine.dispose()
    own = ("alembic_version", "words", "ix_words")  # the index of words is no table of the metadata
    return {(name, told) for name, told in found if not name.startswith(own)}


def test_migrations_lead_to_the_tables_of_the_code(new_database):
    migrated, made = new_database(), new_database()
    assert migrate.current(migrated) is None
    migrate.upgrade(migrated)
    assert migrate.current(migrated) == HEAD
    engine = open_engine(made)
    metadata.create_all(engine)
    engine.dispose()
    found, wanted = _described(migrated), _described(made)
    assert found == wanted


def test_migrating_again_changes_nothing(empty_url):
    migrate.upgrade(empty_url)
    store = open_store(empty_url)
    with store.write() as tx:
        site = tx.sites.add(courier())
    store.close()
    migrate.upgrade(empty_url)
    store = open_store(empty_url)
    with store.read() as tx:
        assert tx.sites.get("courier") == site
    store.close()


def test_concurrent_starters_migrate_once(empty_url):
    migrated_by_two_at_once(empty_url)


def test_database_without_tables_is_refused(empty_url):
    with pytest.raises(SchemaError, match=r"^The database has no tables yet; run `replydesk migrate`\.$"):
        open_store(empty_url)


def test_only_a_newer_schema_than_the_codes_is_taken(empty_url):
    migrate.upgrade(empty_url)

    def set_version(version):
        engine = open_engine(empty_url)
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE alembic_version SET version_num = '{version}'"))
        engine.dispose()

    set_version("0000")
    older = f"is at schema 0000, this version needs {HEAD}; run `replydesk migrate`"
    with pytest.raises(SchemaError, match=older):
        open_store(empty_url)
    set_version("0016")  # no migration leads on from it
    with pytest.raises(SchemaError, match="is at schema 0016, which this version does not know"):
        migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == "0016"
    set_version("9999")
    open_store(empty_url).close()


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://user:hunter2@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "no url at all",
        "postgresql://h:x/d",
    ],
)
def test_unusable_address_is_refused_with_the_mend_and_not_shown(url):
    with pytest.raises(ValueError, match="the database URL") as refused:
        database(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_taken(scheme):
    assert database(f"{scheme}://u@h/d").drivername == "postgresql+psycopg"


# -- SQLite ------------------------------------------------------------------------------------------------------------


def test_sqlite_is_opened_by_many_at_once(tmp_path):
    for place in range(8):
        url, together = f"sqlite:///{tmp_path / f'{place}.db'}", threading.Barrier(6)

        def opened(url=url, together=together):
            engine = open_engine(url)
            together.wait()
            with engine.begin() as connection:
                mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            engine.dispose()
            return mode

        with ThreadPoolExecutor(6) as threads:
            assert [each.result() for each in [threads.submit(opened) for _ in range(6)]] == ["wal"] * 6


def test_sqlite_survives_a_power_cut_and_overwrites_what_is_deleted(sqlite_url):
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 15_000,
        "temp_store": 2,
    }
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
    engine.dispose()
    assert found == wanted


def test_writers_of_several_processes_take_turns(sqlite_url):
    stores = [open_store(sqlite_url) for _ in range(3)]
    with stores[0].write() as tx:
        site = tx.sites.add(courier())

    def write(number):
        for turn in range(10):
            with stores[number % 3].write() as tx:
                tx.comments.add(site.id, [draft(f"c-{number}-{turn}")], NOON)
                tx.scoring.lease_pending(NOON, NOON, 1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    with stores[0].read() as tx:
        assert len(tx.comments.page(site.id, limit=100).comments) == 60
    for store in stores:
        store.close()


def test_reader_keeps_its_moment_on_sqlite(sqlite_url):
    store = open_store(sqlite_url)
    with store.write() as tx:
        site = tx.sites.add(courier())
    with store.read() as reading:
        assert reading.comments.get(site.id, "c-1") is None
        with store.write() as writing:
            writing.comments.add(site.id, [draft()], NOON)
        assert reading.comments.get(site.id, "c-1") is None
    store.close()


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@ON_POSTGRESQL
def test_store_gets_over_a_restart_of_the_server(store, site, clean_postgres_url):
    with psycopg.connect(clean_postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'replydesk' AND datname = current_database()"
        )
    with store.write() as tx:
        assert tx.sites.get("courier") == site


@ON_POSTGRESQL
def test_workers_pass_each_other(store, site):
    with store.write() as tx:
        tx.comments.add(site.id, [draft("c-1"), draft("c-2")], NOON)
    with store.write() as one, store.write() as two:
        assert [comment.id for comment in one.scoring.lease_pending(NOON, NOON, 1)] == ["c-1"]
        assert [comment.id for comment in two.scoring.lease_pending(NOON, NOON, 2)] == ["c-2"]


# -- both --------------------------------------------------------------------------------------------------------------


def test_pool_serves_more_threads_than_it_keeps_connections(store):
    gate = threading.Barrier(12)

    def read(_number):
        gate.wait(10)
        with store.read() as tx:
            return len(tx.sites.all())

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(read, range(12))) == [0] * 12


def test_who_comes_next_gets_the_connection_used_last(store):
    with ExitStack() as several:
        for _ in range(4):
            several.enter_context(store.read())
    used = set()
    event.listen(store.engine, "checkout", lambda connection, *_: used.add(id(connection)))
    for _ in range(8):
        with store.read() as tx:
            tx.sites.all()
    assert len(used) == 1


@pytest.mark.parametrize("kind", ["sqlite_url", "clean_postgres_url", "pooled_url"])
def test_who_is_about_to_end_waits_for_a_lock_but_a_second(request, kind):
    """A worker told to stop must be gone in time, whoever holds what it would write."""
    url = request.getfixturevalue(kind)
    other, ending = open_store(url), open_store(url)
    try:
        with other.write() as tx:
            site = tx.sites.add(courier())
        ending.shorten_lock_waits(lambda: True)
        with other.write() as held:
            held.sites.save(site)
            began = time.monotonic()
            with pytest.raises(OperationalError), ending.write() as tx:
                tx.sites.save(site)
            assert time.monotonic() - began < 4.0  # either database waits longer by itself
        with ending.write() as tx:
            tx.sites.save(site)
    finally:
        ending.close()
        other.close()
