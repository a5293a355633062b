"""The breaker of an endpoint: when it opens, for how long, and what closes it."""

import pytest

from service.webhooks.signing import Outcome
from tests.factories import NOON, after
from worker.circuit import FAILURES, Circuits

URL = "https://courier.example/callback"
AWAY, BROKEN, FINE = Outcome("retry"), Outcome("retry", 500), Outcome("delivered", 204)


def failed(circuits, times, at=0, outcome=AWAY):
    for _ in range(times):
        circuits.heard(1, URL, outcome, after(at))


@pytest.mark.parametrize("outcome", [AWAY, BROKEN, Outcome("slow_down", 503)])
def test_it_opens_after_five_failures_in_a_row(outcome):
    circuits = Circuits()
    failed(circuits, FAILURES - 1, outcome=outcome)
    assert circuits.left_alone(NOON) == {}
    failed(circuits, 1, outcome=outcome)
    assert circuits.left_alone(after(9.9)) == {1: URL}
    assert circuits.left_alone(after(10)) == {}
    assert circuits.on_trial(1)


def test_it_opens_for_longer_each_time_up_to_five_minutes():
    circuits = Circuits()
    failed(circuits, FAILURES + 7)
    assert circuits.left_alone(after(10)) == {}
    at = 10.0
    for pause in (20, 40, 80, 160, 300, 300):
        failed(circuits, 1, at)
        assert circuits.left_alone(after(at + pause - 0.1)) == {1: URL}
        at += pause
        assert circuits.left_alone(after(at)) == {}


def test_one_success_closes_it():
    circuits = Circuits()
    failed(circuits, FAILURES)
    circuits.heard(1, URL, FINE, after(11))
    assert not circuits.on_trial(1)
    failed(circuits, FAILURES - 1, 12)
    assert circuits.left_alone(after(12)) == {}


def test_retry_after_is_obeyed_for_the_whole_endpoint():
    circuits = Circuits()
    failed(circuits, 1, outcome=Outcome("slow_down", 429, 120.0))
    assert circuits.left_alone(after(119)) == {1: URL}
    assert circuits.left_alone(after(120)) == {}


@pytest.mark.parametrize("outcome", [Outcome("retry", 404), Outcome("refused"), Outcome("gone", 410)])
def test_a_refusal_says_nothing_of_the_next_callback(outcome):
    circuits = Circuits()
    failed(circuits, 20, outcome=outcome)
    assert circuits.left_alone(NOON) == {}


def test_a_new_address_starts_anew():
    circuits = Circuits()
    failed(circuits, FAILURES - 1)
    circuits.heard(1, URL + "/new", AWAY, NOON)
    assert circuits.left_alone(NOON) == {}
