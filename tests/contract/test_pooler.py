"""PostgreSQL behind PgBouncer in transaction mode: each transaction may meet another server connection."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from service import config
from service.cli import dumps
from service.cli.console import Refused, report_faults
from service.cli.status import Opened, look
from service.context import build_context
from service.storage import Probe, ReadOnlyError, migrate, open_store
from service.storage.engines import for_reading, open_engine
from service.web.problems import problem_of
from service.web.readiness import Checks
from tests import servers
from tests.factories import NOON, ON_POSTGRESQL, courier, draft
from tests.processes import migrated_by_two_at_once, until

SETTINGS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "jit")
BOUNDED = ["15s", "5s", "30s", "off"]


@pytest.fixture
def pooled(pooled_url):
    store = open_store(pooled_url)
    yield store
    store.close()


def shown(connection, *names):
    return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]


def test_many_threads_write_and_read_behind_a_pooler(pooled):
    with pooled.write() as tx:
        site = tx.sites.add(courier())

    def post(number):
        stored = pooled.add_comment(site.id, draft(f"c-{number}"), NOON)
        with pooled.read() as tx:
            found = tx.comments.get(site.id, stored.id)
        with pooled.write() as tx:
            tx.scoring.lease_pending(NOON, NOON, 1)
        return found.id

    with ThreadPoolExecutor(12) as pool:
        posted = list(pool.map(post, range(120)))
    assert posted == [f"c-{number}" for number in range(120)]


@pytest.mark.parametrize("reads", [True, False], ids=["reading", "writing"])
@pytest.mark.parametrize("way", ["clean_postgres_url", "pooled_url"])
def test_waiting_has_an_end(request, way, reads):
    engine = open_engine(request.getfixturevalue(way))
    used = for_reading(engine) if reads else engine
    for _ in range(8):
        with used.begin() as connection:
            assert shown(connection, *SETTINGS) == BOUNDED
    engine.dispose()


ADVISORY_LOCKS = (
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
    "WHERE locktype = 'advisory' AND datname = current_database()"
)


def test_nothing_is_left_on_the_server_connections(pooled, pooled_url):
    pooled.shorten_lock_waits(lambda: True)
    for _ in range(8):
        with pooled.write() as tx:
            tx.sites.all()
        with pooled.read() as tx:
            tx.sites.all()
    assert pooled.purge()
    with psycopg.connect(pooled_url, autocommit=True, prepare_threshold=None) as other:
        for _ in range(12):
            found = [other.execute(f"SHOW {name}".encode()).fetchone() for name in SETTINGS[:3]]
            assert found == [("0",), ("0",), ("0",)]
            assert other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
            assert other.execute(ADVISORY_LOCKS).fetchone() == (0,)


def test_starters_migrate_behind_a_pooler(postgres_url):
    with servers.postgresql_database() as empty, servers.pgbouncer(empty, "default_pool_size = 6") as url:
        migrated_by_two_at_once(url)
        migrate.upgrade(url)
        with psycopg.connect(empty, autocommit=True) as direct:
            assert direct.execute(ADVISORY_LOCKS).fetchone() == (0,)
        open_store(url).close()


@pytest.mark.parametrize(
    "settings",
    ["", "ignore_startup_parameters = options, extra_float_digits", "pool_mode = session"],
    ids=["shipped", "ignoring", "session pool"],
)
def test_a_pooler_serves_whatever_its_settings(clean_postgres_url, settings):
    with servers.pgbouncer(clean_postgres_url, settings) as url:
        store = open_store(url)
        with store.write() as tx:
            site = tx.sites.add(courier())
        for number in range(12):
            assert store.add_comment(site.id, draft(f"c-{number}"), NOON)
            with store.read() as tx:
                assert tx.sites.all() == [site]
        store.close()


def test_the_store_gets_over_a_restart_of_the_pooler(clean_postgres_url):
    with servers.pgbouncer(clean_postgres_url, "client_idle_timeout = 1") as url:
        store = open_store(url)
        with store.write() as tx:
            site = tx.sites.add(courier())
        time.sleep(2.5)
        with store.write() as tx:
            assert tx.sites.get("courier") == site
        store.close()


def test_options_of_the_address_are_kept(clean_postgres_url):
    options = "options=-c%20statement_timeout%3D9s%20-c%20work_mem%3D5MB&prepare_threshold=0"
    engine = open_engine(f"{clean_postgres_url}?{options}")
    with engine.connect() as connection:
        assert shown(connection, *SETTINGS[:2], "work_mem") == ["9s", "5s", "5MB"]
    engine.dispose()


def test_a_parameter_of_another_driver_is_named():
    """As hosters of poolers and tutorials for other languages put it into the address."""
    named = 'cannot be used: invalid connection option "pgbouncer"'
    with pytest.raises(Refused, match=named), report_faults():
        open_store("postgresql://desk@127.0.0.1:1/replydesk?pgbouncer=true")


@ON_POSTGRESQL
def test_the_bounds_are_back_after_files_were_cleared(store):
    assert store.purge()
    with store.engine.connect() as connection:
        assert shown(connection, *SETTINGS) == BOUNDED


def test_a_backup_asks_for_the_server_itself(pooled_url, tmp_path):
    """pg_dump would leave an empty search_path to whoever gets its server connection next; so it is refused."""
    env = {"REPLYDESK_DATABASE_URL": pooled_url, "REPLYDESK_HOME": str(tmp_path)}
    with pytest.raises(Refused, match="a pooler such as PgBouncer"):
        dumps.copy(config.load(env), tmp_path / "copy")
    with pytest.raises(Refused, match="a pooler such as PgBouncer"):
        dumps._load_postgresql(config.load(env), tmp_path / "copy")


@pytest.fixture
def read_only_url(postgres_url):
    """The URL of a database with the newest schema that takes no writes, as one on a standby."""
    assert postgres_url
    with servers.postgresql_database() as url:
        migrate.upgrade(url)
        name = url.rpartition("/")[2].partition("?")[0]
        with psycopg.connect(url, autocommit=True) as direct:
            direct.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
        yield url


@pytest.mark.parametrize("pooler", [False, True], ids=["direct", "pooled"])
def test_a_server_that_only_reads_counts_as_away_and_is_not_ready(read_only_url, pooler, tmp_path):
    with servers.pgbouncer(read_only_url) if pooler else nullcontext(read_only_url) as url:
        with pytest.raises(ReadOnlyError):
            Probe(url).ask()
        known = config.load({"REPLYDESK_DATABASE_URL": url, "REPLYDESK_HOME": str(tmp_path)})
        with closing(build_context(known)) as context:
            said = "is read-only: a standby, or set so; nothing can be stored"
            until(lambda: Checks(context).run()["store"] == said)  # one that takes over a second says less
            with pytest.raises(OperationalError) as caught, context.deps.store.write() as tx:
                tx.sites.add(courier())
            assert problem_of(caught.value).kind.status == 503
        with closing(Opened(known)) as opened:
            assert "is read-only" in look(opened)["up"]["store"]


def test_two_answers_to_one_command_count_as_a_server_that_is_away(clean_postgres_url):
    """A pooler whose server ended hands its last words on and adds its own, where one answer was expected."""
    engine = open_engine(clean_postgres_url)

    @event.listens_for(engine, "do_execute")
    def _answer_twice(*_):
        raise psycopg.InternalError("received 2 results from command 'BEGIN'")

    with pytest.raises(OperationalError) as caught, engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert problem_of(caught.value).kind.status == 503
    engine.dispose()


def test_the_store_leaves_a_server_that_only_reads(read_only_url):
    """After a failover the address leads to another server, and connections that are open lead to the old one."""
    store = open_store(read_only_url)
    name = read_only_url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(read_only_url, autocommit=True) as direct:
        direct.execute(b"SET default_transaction_read_only = off")
        direct.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'.encode())
    with pytest.raises(OperationalError), store.write() as tx:
        tx.sites.add(courier())
    with store.write() as tx:
        assert tx.sites.add(courier()).name == courier().name
    store.close()
