"""SIGTERM: a real worker in the middle of its work is gone within ten seconds and leaves no lease behind."""

import os
import signal
from datetime import UTC, datetime

import psycopg
import pytest

from service.config import load
from service.context import build_context
from service.usecases.sites import enrol_site
from tests.processes import accept, pending, until, worker
from tests.receivers import receiver
from worker.stopping import Stop

COMMENTS = 1_000
LEASED = "SELECT count(*) FROM comments WHERE status = 'pending' AND lease_until > %s"


def surroundings(database_url, redis_url, home, pool="prefork"):
    """The environment of a worker whose leases outlive the test: what is free again was given back."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REPLYDESK_")}
    return clean | {
        "REPLYDESK_HOME": str(home),
        "REPLYDESK_DATABASE_URL": database_url,
        "REPLYDESK_MASTER_KEY": "5e" * 32,
        "REPLYDESK_CALLBACK_ALLOW": "127.0.0.0/8",
        "REPLYDESK_WORKER_POOL": pool,
        "REPLYDESK_SCORE_BATCH": "100",
        "REPLYDESK_LEASE_SECONDS": "300",
        "REDIS_URL": redis_url,
        "REPLYDESK_REDIS_PREFIX": f"stop-{pool}:",
    }


def leased(connection):
    """Count the comments that some worker has in hand."""
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
def test_a_worker_that_cannot_give_back_stops_all_the_same(clean_postgres_url, redis_url, tmp_path, pool):
    env = surroundings(clean_postgres_url, redis_url, tmp_path, pool)
    context = build_context(load(env), env=env)
    try:
        with psycopg.connect(clean_postgres_url) as lock, worker(env, tmp_path / "worker.log") as process:
            enrolled = enrol_site(context, "courier", "https://courier.example")
            for begin in range(0, 2 * COMMENTS, 500):
                accept(
                    context, enrolled, [f"Number {begin + n}: a word about the bridge." for n in range(500)]
                )
            until(lambda: lock_with_some_leased(lock))
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            kept = leased(lock)
            lock.rollback()
        assert kept > 0
    finally:
        context.close()


def test_a_worker_told_to_stop_finishes_or_gives_back(clean_postgres_url, redis_url, tmp_path):
    """What it had leased is decided or free again, callbacks included, so that the next worker need not wait."""
    env = surroundings(clean_postgres_url, redis_url, tmp_path)
    log = tmp_path / "worker.log"
    context = build_context(load(env), env=env)
    try:
        with receiver() as hook, worker(env, log) as process:
            enrolled = enrol_site(context, "courier", "https://courier.example", hook.url)
            for begin in range(0, COMMENTS, 500):
                accept(
                    context, enrolled, [f"Number {begin + n}: a word about the bridge." for n in range(500)]
                )
            until(lambda: pending(context) < COMMENTS)
            left_to_do = pending(context)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert left_to_do > 0
        now = int(datetime.now(UTC).timestamp() * 1_000_000)
        with psycopg.connect(clean_postgres_url) as connection:
            in_hand = connection.execute(
                "SELECT count(*) FROM comments WHERE status = 'pending' AND (lease_until > %s OR attempts > 0)",
                (now,),
            ).fetchone()
            in_flight = connection.execute(
                "SELECT count(*) FROM deliveries WHERE state = 'waiting' AND next_attempt_at > %s", (now,)
            ).fetchone()
            delivered = connection.execute(
                "SELECT count(*) FROM deliveries WHERE state = 'delivered'"
            ).fetchone()
        assert (in_hand, in_flight) == ((0,), (0,))
        assert delivered == (len(set(hook.ids())),)
    finally:
        context.close()


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
