"""SIGTERM: a real worker in the middle of its work is gone within ten seconds and leaves no lease behind."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from service.enrolment import enrol_site
from service.settings import load
from service.wiring import build
from tests.worker.receivers import receiver
from tests.worker.test_celery import accept, pending, wait_for, worker

COMMENTS = 1_000


def test_a_worker_told_to_stop_finishes_or_gives_back(
    clean_postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    """What it had leased is decided or free again, callbacks included, so that the next worker need not wait."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REPLYDESK_")}
    env = clean | {
        "REPLYDESK_HOME": str(tmp_path),
        "REPLYDESK_DATABASE_URL": clean_postgres_url,
        "REPLYDESK_MASTER_KEY": "5e" * 32,
        "REPLYDESK_CALLBACK_ALLOW": "127.0.0.0/8",
        "REPLYDESK_WORKER_POOL": "prefork",
        "REPLYDESK_SCORE_BATCH": "100",
        "REPLYDESK_LEASE_SECONDS": "300",
        "REDIS_URL": redis_url,
        "REPLYDESK_REDIS_PREFIX": "stop:",
    }
    log = tmp_path / "worker.log"
    parts = build(load(env), env=env)
    try:
        with receiver() as hook, worker(env, log) as process:
            enrolled = enrol_site(parts, "courier", "https://courier.example", hook.url)
            for _ in range(COMMENTS // 500):
                accept(parts, enrolled, [f"Number {n}: a quiet word about the bridge." for n in range(500)])
            wait_for(lambda: pending(parts) < COMMENTS)
            left_to_do = pending(parts)
            told_at = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert time.monotonic() - told_at < 10
        assert left_to_do > 0
        now = int(datetime.now(UTC).timestamp() * 1_000_000)
        with psycopg.connect(clean_postgres_url) as connection:
            leased = connection.execute(
                "SELECT count(*) FROM comments WHERE status = 'pending' AND (lease_until > %s OR attempts > 0)",
                (now,),
            ).fetchone()
            in_the_air = connection.execute(
                "SELECT count(*) FROM deliveries WHERE state = 'waiting' AND next_attempt_at > %s", (now,)
            ).fetchone()
            delivered = connection.execute(
                "SELECT count(*) FROM deliveries WHERE state = 'delivered'"
            ).fetchone()
        assert (leased, in_the_air) == ((0,), (0,))
        assert delivered == (len(set(hook.ids())),)
    finally:
        parts.close()
