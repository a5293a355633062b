"""Upgrades under traffic: comments of the version before go on coming in while the schema moves forward."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from service.storage import migrate, open_store
from service.storage.schema import HEAD
from tests import servers
from tests.builders import NOON

ROWS = 3_000
OLD_INSERT = (
    "INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body,"
    " submitted_at, received_at, content_hash, source)"
    " VALUES (%s, %s, 1, 'pending', true, 0, %s, 'Ada', 'A bridge.', 0, 0, 'h', 'api')"
)


@pytest.fixture
def first_schema(postgres_url: str) -> Iterator[str]:
    """A database with the first schema and some thousand comments, a tenth of them held."""
    assert postgres_url
    with servers.postgresql_database() as url:
        migrate.upgrade(url, "0001")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO sites (name, url, policy_version, email_required, address_mode, webhook_secrets,"
                " inbound_secrets) VALUES ('courier', 'https://courier.example', 1, true, 'sealed', '[]', '[]')"
            )
            connection.execute("INSERT INTO policies (site_id, version, terms) SELECT pk, 1, '{}' FROM sites")
            connection.execute(
                "INSERT INTO articles (site_id, url) SELECT pk, 'https://courier.example/b' FROM sites"
            )
            connection.execute(
                "INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body,"
                " submitted_at, received_at, content_hash, source)"
                " SELECT s.pk, 'old-' || n, 1, CASE WHEN n %% 10 = 0 THEN 'held' ELSE 'approved' END, true, 1, a.pk,"
                " 'Bo', 'Comment ' || n, n, n, 'h', 'api'"
                " FROM sites s, articles a, generate_series(1, %s) AS n",
                (ROWS,),
            )
        yield url


class Traffic:
    """Threads that post and read as the first version's statements did, until they are told to stop."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.accepted: list[str] = []
        self.failures: list[str] = []
        self.slowest = 0.0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._post, args=(n,)) for n in range(3)]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _post(self, number: int) -> None:
        with psycopg.connect(self.url, options="-c lock_timeout=5s -c statement_timeout=15s") as connection:
            for n in range(100_000):
                if self._over.wait(0.002):
                    return
                began = time.monotonic()
                try:
                    with connection.transaction():
                        row = connection.execute("SELECT pk FROM sites WHERE name = 'courier'").fetchone()
                        article = connection.execute("SELECT min(pk) FROM articles").fetchone()
                        assert row
                        assert article
                        connection.execute(OLD_INSERT, (row[0], f"new-{number}-{n}", article[0]))
                except psycopg.Error as failure:
                    self.failures.append(type(failure).__name__)
                else:
                    self.accepted.append(f"new-{number}-{n}")
                self.slowest = max(self.slowest, time.monotonic() - began)


def test_the_first_schema_moves_forward_under_traffic(first_schema: str) -> None:
    """No request of the running version fails or waits long, no row is lost, and the newest code reads them all."""
    with Traffic(first_schema) as traffic:
        while len(traffic.accepted) < 20 and not traffic.failures:
            time.sleep(0.01)
        migrate.upgrade(first_schema)
        before_the_end = len(traffic.accepted)
    assert traffic.failures == []
    assert before_the_end >= 20
    assert traffic.slowest < 3.0
    assert migrate.current(first_schema) == HEAD
    store = open_store(first_schema)
    with store.read() as tx:
        site = tx.site("courier")
        assert site is not None
        assert tx.backlog(NOON).held == ROWS // 10
        assert all(tx.comment(site.id, name) for name in traffic.accepted[::50])
        assert tx.comment(site.id, f"old-{ROWS}") is not None
    store.close()
    with psycopg.connect(first_schema) as connection:
        counted = connection.execute("SELECT count(*) FROM comments").fetchone()
        broken = connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone()
    assert counted == (ROWS + len(traffic.accepted),)
    assert broken == (0,)


def test_a_step_that_cannot_have_its_lock_lets_the_traffic_pass(first_schema: str) -> None:
    """While a long reader holds a table the migration steps back again and again, and comments go on coming in."""
    held = threading.Event()

    def hold() -> None:
        with psycopg.connect(first_schema) as connection, connection.transaction():
            connection.execute("SELECT count(*) FROM sites, comments")
            held.set()
            time.sleep(2.5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    with Traffic(first_schema) as traffic:
        migrate.upgrade(first_schema)
    holder.join(10)
    assert traffic.failures == []
    assert traffic.slowest < 2.0
    assert migrate.current(first_schema) == HEAD


def test_a_migration_that_was_broken_off_is_taken_up_again(
    first_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However far each step had come when the process died, the next `migrate` finishes it."""
    from alembic.operations import Operations

    create_index, broken = Operations.create_index, []

    def die(self: Operations, name: str, *arguments: object, **more: object) -> object:
        if more.get("postgresql_concurrently") and name not in broken:
            broken.append(name)
            raise KeyboardInterrupt
        return create_index(self, name, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Operations, "create_index", die)
    for _ in range(40):
        try:
            migrate.upgrade(first_schema)
        except KeyboardInterrupt:
            continue
        break
    assert broken
    assert migrate.current(first_schema) == HEAD
    with psycopg.connect(first_schema) as connection:
        assert connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone() == (0,)


def test_an_old_transaction_does_not_break_an_index_that_is_built_meanwhile(first_schema: str) -> None:
    """Building an index waits for whoever reads an old snapshot, for as long as that takes, and then goes on."""
    held = threading.Event()

    def read() -> None:
        with psycopg.connect(first_schema) as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute("SELECT count(*) FROM acts")
            held.set()
            time.sleep(2.5)

    reader = threading.Thread(target=read)
    reader.start()
    assert held.wait(10)
    migrate.upgrade(first_schema)
    reader.join(10)
    assert migrate.current(first_schema) == HEAD
