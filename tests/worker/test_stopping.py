"""SIGTERM: a real worker in the middle of its work is gone within ten seconds and leaves no lease behind."""

import os
import signal
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from service.usecases.sites import enrol_site
from tests.processes import accept, pending, until, worker
from tests.receivers import receiver
from worker.stopping import Stop

COMMENTS = 400
LEASED = "SELECT count(*) FROM comments WHERE status = 'pending' AND lease_until > %s"


@pytest.fixture
def stopping(clean_postgres_url, env, contexts, tmp_path):
    """Start a worker whose leases outlive the test, on some hundred comments: what is free again was given back."""

    @contextmanager
    def start(pool, comments, callback_url=None):
        more = {"DATABASE_URL": clean_postgres_url, "WORKER_POOL": pool, "LEASE_SECONDS": "300"}
        env.update({f"REPLYDESK_{name}": value for name, value in more.items()}, REPLYDESK_SCORE_BATCH="100")
        context = contexts(env)
        with worker(env, tmp_path / "worker.log", "slowly") as process:
            enrolled = enrol_site(context, "courier", "https://courier.example", callback_url)
            for begin in range(0, comments, 200):
                accept(context, enrolled, [f"Number {begin + n}: a word about it." for n in range(200)])
            yield context, process

    return start


def leased(connection):
    row = connection.execute(LEASED, (int(datetime.now(UTC).timestamp() * 1_000_000),)).fetchone()
    return row[0] if row else 0


def lock_with_some_leased(connection):
    """Lock the table, and keep it only if a worker has a batch in hand."""
    connection.execute("LOCK TABLE comments IN ACCESS EXCLUSIVE MODE")
    if leased(connection):
        return True
    connection.rollback()
    return False


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_that_cannot_give_back_stops_all_the_same(stopping, clean_postgres_url, pool):
    with psycopg.connect(clean_postgres_url) as lock, stopping(pool, 2 * COMMENTS) as (_, process):
        until(lambda: lock_with_some_leased(lock))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert leased(lock) > 0
        lock.rollback()


def test_a_worker_told_to_stop_finishes_or_gives_back(stopping, clean_postgres_url):
    """What it had leased is decided or free again, callbacks included, so that the next worker need not wait."""
    with receiver() as hook, stopping("prefork", COMMENTS, hook.url) as (context, process):
        until(lambda: pending(context) < COMMENTS)
        assert pending(context) > 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    with psycopg.connect(clean_postgres_url) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {what}", {"now": now}).fetchone()[0]
            for what in (
                "comments WHERE status = 'pending' AND (lease_until > %(now)s OR attempts > 0)",
                "deliveries WHERE state = 'waiting' AND next_attempt_at > %(now)s",
                "deliveries WHERE state = 'delivered'",
            )
        ]
    assert counts == [0, 0, len(set(hook.ids()))]


def test_a_forked_child_hears_the_word_that_its_parent_was_given():
    stopping = Stop()
    assert not stopping.is_set()
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(heard, 1)
        os._exit(0 if stopping.is_set() else 1)
    stopping.set()
    os.write(said, b".")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(heard)
    os.close(said)
