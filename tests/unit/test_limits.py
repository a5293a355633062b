"""Limits that several processes hold together through Redis, and each alone when there is none."""

import time
import uuid
from contextlib import contextmanager

import pytest

from service.domain.rates import Rate
from service.web.rate_limits import BUCKETS_BOUND, SYNC_SECONDS, Limiter
from tests.processes import Broker, until


class Ticking:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def redis_prefix():
    """A prefix of the test's own on the tests' server."""
    return f"limits-{uuid.uuid4().hex[:8]}:"


@contextmanager
def limiters(count, url, prefix="test:", **more):
    made = [Limiter(url, prefix, **more) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.close()


def test_a_burst_passes_and_then_the_rate():
    ticking = Ticking()
    limiter = Limiter(None, monotonic=ticking)
    rate = Rate(1.0, 10.0)
    assert [limiter.take("courier", rate) for _ in range(10)] == [0.0] * 10
    assert limiter.take("courier", rate) == 1.0
    assert limiter.take("herald", rate) == 0.0
    ticking.now += 0.9
    assert limiter.take("courier", rate) == pytest.approx(0.1)
    ticking.now += 0.1 + 1e-9
    assert limiter.take("courier", rate) == 0.0


def test_processes_share_one_rate(redis_url, redis_prefix):
    rate = Rate(0.01, 10.0)
    with limiters(2, redis_url, redis_prefix) as (first, second):
        assert first.take("courier", rate, 10) == 0.0
        until(lambda: second.take("courier", rate, 10) > 0)
        with limiters(1, redis_url, redis_prefix) as (third,):
            until(lambda: third.take("courier", rate) > 0)
        assert second.take("herald", rate) == 0.0


def test_what_passed_in_too_many_places_at_once_is_owed(redis_url, redis_prefix):
    rate = Rate(10.0, 10.0)
    with limiters(3, redis_url, redis_prefix) as three:
        assert [one.take("courier", rate, 10) for one in three] == [0.0, 0.0, 0.0]
        until(lambda: all(one.take("courier", rate) > 1.0 for one in three))


def test_without_an_answer_each_holds_the_limit_alone():
    rate = Rate(0.01, 10.0)
    with limiters(1, "redis://127.0.0.1:1/0") as (limiter,):
        began = time.perf_counter()
        assert [limiter.take("courier", rate) for _ in range(10)] == [0.0] * 10
        assert limiter.take("courier", rate) > 0
        assert time.perf_counter() - began < 0.5


def test_a_broker_that_hangs_costs_no_request_a_moment(tmp_path):
    broker, rate, spent = Broker(tmp_path), Rate(0.01, 1_000.0), []
    try:
        with limiters(1, broker.url) as (limiter,):
            assert limiter.take("courier", rate, 10) == 0.0
            time.sleep(2 * SYNC_SECONDS)
            with broker.hung():
                for _ in range(200):
                    began = time.perf_counter()
                    limiter.take("courier", rate)
                    spent.append(time.perf_counter() - began)
                    time.sleep(0.005)
        assert sorted(spent)[len(spent) * 95 // 100] < 0.005
        assert limiter.take("courier", rate, 1_000) > 0
    finally:
        broker.kill()


def test_an_emptied_broker_forgives_what_was_owed(redis_url, redis_prefix):
    import redis

    rate = Rate(0.01, 10.0)
    with limiters(2, redis_url, redis_prefix) as (first, second), redis.Redis.from_url(redis_url) as server:
        first.take("courier", rate, 10)
        until(lambda: second.take("courier", rate) > 0)
        server.delete(f"{redis_prefix}rate:courier")
        until(lambda: second.take("courier", rate) == 0.0)


def test_a_take_costs_less_than_fifty_microseconds(redis_url, redis_prefix):
    rate = Rate(1e6, 1e6)
    spent = []
    with limiters(1, redis_url, redis_prefix) as (limiter,):
        until_at = time.monotonic() + 3 * SYNC_SECONDS
        while time.monotonic() < until_at:
            began = time.perf_counter()
            limiter.take("courier", rate)
            spent.append(time.perf_counter() - began)
    assert sorted(spent)[len(spent) // 2] < 50e-6


def test_buckets_are_bounded():
    ticking = Ticking()
    limiter = Limiter(None, monotonic=ticking)
    rate = Rate(1.0, 10.0)
    for n in range(BUCKETS_BOUND):
        limiter.take(f"site {n}", rate)
    ticking.now += 2
    limiter.take("late", rate, 10)
    limiter.take("later", rate)
    assert len(limiter._buckets) <= BUCKETS_BOUND
    assert limiter.take("late", rate) > 0
