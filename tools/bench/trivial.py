"""The ceiling of deciding: one trivial Celery task for each comment, on the same broker.

The worker is started as `celery -A tools.bench.trivial worker`.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time

from celery import Celery
from redis import Redis

from service.messaging.redis_client import kombu_url
from tools.bench.processes import stop, until

BROKER = os.environ.get("BENCH_BROKER", "redis://127.0.0.1:6379/0")
DONE = "bench:trivial:done"
EACH = 100
AHEAD = 2_000
"""So many tasks may wait: a queue that only grows would measure publishing."""

app = Celery("trivial", broker=kombu_url(BROKER))
app.conf.update(task_ignore_result=True, task_default_queue="bench-trivial", worker_prefetch_multiplier=64)
_count = itertools.count(1)
_redis = Redis.from_url(BROKER)


@app.task  # type: ignore[untyped-decorator]  # Celery ships no types
def nothing() -> None:
    """Do nothing, and say so after every hundredth."""
    if (number := next(_count)) % EACH == 0:
        _redis.set(DONE, number)


def tasks_a_second(broker: str, seconds: float) -> float:
    """Publish and run trivial tasks for about so long and return how many a second went the whole way."""
    os.environ["BENCH_BROKER"] = broker
    app.conf.broker_url = kombu_url(broker)
    redis = Redis.from_url(broker)
    redis.delete(DONE)
    command = [sys.executable, "-m", "celery", "-A", "tools.bench.trivial", "worker", "--pool=threads"]
    quiet = [
        "--concurrency=2",
        "--loglevel=error",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    worker = subprocess.Popen([*command, *quiet], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _send(EACH)
        _until_done(redis, EACH)
        began, sent = time.monotonic(), EACH
        while time.monotonic() < began + seconds:
            _send(EACH)
            sent += EACH
            _until_done(redis, sent - AHEAD)
        _until_done(redis, sent)
        return (sent - EACH) / (time.monotonic() - began)
    finally:
        stop(worker)


def _send(count: int) -> None:
    for _ in range(count):
        nothing.delay()


def _until_done(redis: Redis, count: int) -> None:
    until(lambda: _done(redis) >= count, 60)


def _done(redis: Redis) -> int:
    return int(redis.get(DONE) or 0)
