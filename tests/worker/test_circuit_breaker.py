"""The breaker of an endpoint: when it opens, for how long, and what closes it."""

import pytest

from service.webhooks.signing import Outcome
from tests.factories import NOON, after
from worker.circuit_breaker import FAILURES, CircuitBreakers

URL = "https://courier.example/callback"
AWAY, BROKEN, FINE = Outcome("retry"), Outcome("retry", 500), Outcome("delivered", 204)


def failed(circuits, times, at=0, outcome=AWAY):
    for _ in range(times):
        circuits.record(1, URL, outcome, after(at))


@pytest.mark.parametrize("outcome", [AWAY, BROKEN, Outcome("slow_down", 503)])
def test_it_opens_after_five_failures_in_a_row(outcome):
    circuits = CircuitBreakers()
    failed(circuits, FAILURES - 1, outcome=outcome)
    assert circuits.limits(NOON) == {}
    failed(circuits, 1, outcome=outcome)
    assert circuits.limits(after(9.9)) == {1: (URL, 0)}
    assert circuits.limits(after(10)) == {1: (URL, 1)}


def test_it_opens_for_longer_each_time_up_to_five_minutes():
    circuits = CircuitBreakers()
    failed(circuits, FAILURES + 7)
    assert circuits.limits(after(10)) == {1: (URL, 1)}
    at = 10.0
    for pause in (20, 40, 80, 160, 300, 300):
        failed(circuits, 1, at)
        assert circuits.limits(after(at + pause - 0.1)) == {1: (URL, 0)}
        at += pause
        assert circuits.limits(after(at)) == {1: (URL, 1)}


def test_one_success_closes_it():
    circuits = CircuitBreakers()
    failed(circuits, FAILURES)
    circuits.record(1, URL, FINE, after(11))
    assert circuits.limits(after(11)) == {}
    failed(circuits, FAILURES - 1, 12)
    assert circuits.limits(after(12)) == {}


def test_retry_after_is_obeyed_for_the_whole_endpoint():
    circuits = CircuitBreakers()
    failed(circuits, 1, outcome=Outcome("slow_down", 429, 120.0))
    assert circuits.limits(after(119)) == {1: (URL, 0)}
    assert circuits.limits(after(120)) == {}


@pytest.mark.parametrize("outcome", [Outcome("retry", 404), Outcome("refused"), Outcome("gone", 410)])
def test_a_refusal_says_nothing_of_the_next_callback(outcome):
    circuits = CircuitBreakers()
    failed(circuits, 20, outcome=outcome)
    assert circuits.limits(NOON) == {}


def test_a_new_address_starts_anew():
    circuits = CircuitBreakers()
    failed(circuits, FAILURES - 1)
    circuits.record(1, URL + "/new", AWAY, NOON)
    assert circuits.limits(NOON) == {}
