"""Limits that several processes hold together through Redis, and each alone when there is none."""

import time
import uuid

import pytest

from service.messaging.redis_client import connect
from service.web.rate_limits import ALONE_SECONDS, REDIS_SECONDS, Limiter, Rate
from tests.processes import Broker

SLOW = Rate.a_minute(0.6, 10)


@pytest.fixture
def redis_prefix():
    return f"limits-{uuid.uuid4().hex[:8]}:"


@pytest.fixture(params=["memory", "redis"])
def limiter(request, redis_prefix):
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    return Limiter(url, redis_prefix)


def test_ten_seconds_worth_may_come_at_once():
    rates = [Rate.a_minute(600), Rate.a_minute(6), Rate.a_minute(600, 20)]
    assert [rate.at_once for rate in rates] == [100, 10, 20]
    assert Rate.a_minute(600, 1).at_once == 10  # a window lasts a second at least


@pytest.mark.parametrize(
    ("takes", "waits"),
    [
        ([(1, 1.0, True)] * 10, 1000),  # a burst passes, and the rest waits
        ([(50, 1.0, True)], 5000),  # more than the burst passes when nothing is owed
        (
            [(9, 1.0, True), (2, 1.0, False), (0, 1.0, True), (1, 1.0, True)],
            1000,
        ),  # what does not fit takes nothing
        ([(5, 0.5, True), (1, 0.5, False), (5, 1.0, True)], 1000),  # a share leaves room for others
    ],
)
def test_what_fits_into_a_window_passes_and_the_rest_waits(limiter, takes, waits):
    for count, share, passes in takes:
        assert (limiter.take("courier", SLOW, count, share=share) == 0.0) is passes
    assert waits - 10 < limiter.take("courier", SLOW) <= waits
    assert limiter.take("herald", SLOW) == 0.0


def test_a_window_ends(limiter):
    rate = Rate.a_minute(600, 10)
    assert limiter.take("courier", rate, 10) == 0.0
    time.sleep(limiter.take("courier", rate) + 0.1)
    assert limiter.take("courier", rate, 10) == 0.0


def test_processes_share_one_rate_until_the_broker_is_emptied(redis_url, redis_prefix):
    first, second = Limiter(redis_url, redis_prefix), Limiter(redis_url, redis_prefix)
    assert first.take("courier", SLOW, 10) == 0.0
    assert second.take("courier", SLOW) > 0
    with connect(redis_url) as server:
        assert server.delete(*server.keys(f"{redis_prefix}*")) == 1
    assert first.take("courier", SLOW) == 0.0


def test_without_an_answer_each_holds_the_limit_alone():
    limiter = Limiter("redis://127.0.0.1:1/0")
    assert [limiter.take("courier", SLOW) for _ in range(10)] == [0.0] * 10
    assert limiter.take("courier", SLOW) > 0


def test_a_broker_that_hangs_costs_one_short_wait(tmp_path):
    broker = Broker(tmp_path)
    limiter, spent = Limiter(broker.url), []
    try:
        assert limiter.take("courier", SLOW, 5) == 0.0
        with broker.hung():
            until = time.monotonic() + ALONE_SECONDS / 2
            for _ in range(11):
                began = time.perf_counter()
                waits = limiter.take("courier", SLOW)
                spent.append(time.perf_counter() - began)
            assert time.monotonic() < until
        assert waits > 0
        assert sorted(spent)[-2] < REDIS_SECONDS
        assert spent[0] < 10 * REDIS_SECONDS
    finally:
        broker.kill()
