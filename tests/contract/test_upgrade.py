"""Upgrades under traffic: comments go on coming in while the next schema's migrations run."""

import shutil
import threading
import time
from pathlib import Path

import psycopg
import pytest
from alembic.operations import Operations

from service.storage import migrate, open_store
from service.storage.schema import HEAD
from tests import servers
from tests.factories import NOON, courier, draft

ROWS = 3_000
INSERT = (
    "INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body,"
    " submitted_at, received_at, content_hash, source)"
    " VALUES (%s, %s, 1, 'pending', true, 0, %s, 'Ada', 'A bridge.', 0, 0, 'h', 'api')"
)
NEXT = '''
"""A column and an index that the next version needs."""
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade():
    op.add_column("comments", sa.Column("mood", sa.Text), if_not_exists=True)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_comments_mood")
        op.create_index("ix_comments_mood", "comments", ["mood"], postgresql_concurrently=True)
'''


@pytest.fixture
def next_schema(tmp_path, monkeypatch):
    """The migrations of a version that has one more."""
    shutil.copytree(Path(migrate.__file__).parent / "migrations", tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "9999_next.py").write_text(NEXT.format(head=HEAD))
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path / "migrations")


@pytest.fixture
def filled(postgres_url):
    assert postgres_url
    with servers.postgresql_database() as url:
        migrate.upgrade(url)
        store = open_store(url)
        with store.write() as tx:
            site = tx.sites.add(courier())
            tx.comments.add(site.id, [draft(f"old-{n}") for n in range(1, ROWS + 1)], NOON)
        store.close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "UPDATE comments SET status = CASE WHEN pk % 10 = 0 THEN 'held' ELSE 'approved' END"
            )
        yield url


class Traffic:
    """Threads that post and read as a running version does, until they are told to stop."""

    def __init__(self, url):
        self.url = url
        self.accepted = []
        self.failures = []
        self.slowest = 0.0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._post, args=(n,)) for n in range(3)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _post(self, number):
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
                        connection.execute(INSERT, (row[0], f"new-{number}-{n}", article[0]))
                except psycopg.Error as failure:
                    self.failures.append(type(failure).__name__)
                else:
                    self.accepted.append(f"new-{number}-{n}")
                self.slowest = max(self.slowest, time.monotonic() - began)


def test_the_schema_moves_forward_under_traffic(filled, next_schema):
    with Traffic(filled) as traffic:
        while len(traffic.accepted) < 20 and not traffic.failures:
            time.sleep(0.01)
        migrate.upgrade(filled)
        before_the_end = len(traffic.accepted)
    assert traffic.failures == []
    assert before_the_end >= 20
    assert traffic.slowest < 3.0
    assert migrate.current(filled) == "9999"
    store = open_store(filled)
    with store.read() as tx:
        site = tx.sites.get("courier")
        assert tx.statistics.backlog(NOON).held == ROWS // 10
        assert all(tx.comments.get(site.id, name) for name in traffic.accepted[::50])
        assert tx.comments.get(site.id, f"old-{ROWS}") is not None
    store.close()
    with psycopg.connect(filled) as connection:
        counted = connection.execute("SELECT count(*) FROM comments").fetchone()
        broken = connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone()
    assert counted == (ROWS + len(traffic.accepted),)
    assert broken == (0,)


def test_a_step_that_cannot_have_its_lock_lets_the_traffic_pass(filled, next_schema):
    held = threading.Event()

    def hold():
        with psycopg.connect(filled) as connection, connection.transaction():
            connection.execute("SELECT count(*) FROM sites, comments")
            held.set()
            time.sleep(2.5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    with Traffic(filled) as traffic:
        migrate.upgrade(filled)
    holder.join(10)
    assert traffic.failures == []
    assert traffic.slowest < 2.0
    assert migrate.current(filled) == "9999"


def test_a_migration_that_was_broken_off_is_taken_up_again(filled, next_schema, monkeypatch):
    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Operations, "create_index", die)
        with pytest.raises(KeyboardInterrupt):
            migrate.upgrade(filled)
    assert migrate.current(filled) == HEAD
    migrate.upgrade(filled)
    assert migrate.current(filled) == "9999"


def test_a_migration_behind_a_pooler_builds_its_index_too(next_schema, postgres_url):
    with servers.postgresql_database() as empty, servers.pgbouncer(empty, "default_pool_size = 4") as url:
        migrate.upgrade(url)
        assert migrate.current(url) == "9999"
