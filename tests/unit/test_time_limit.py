"""Asking with a bound: answers, failures and time-outs pass through, and what hangs is given up."""

import threading
from contextlib import suppress

import pytest

from service.compat.time_limit import TimeLimit, TooLate
from tests.processes import until


def test_an_answer_and_a_failure_come_back():
    limit = TimeLimit(5)

    def fail():
        raise TimeoutError("its own")

    assert limit.ask(lambda: 7) == 7
    with pytest.raises(TimeoutError, match="its own"):
        limit.ask(fail)


def test_what_hangs_is_given_up_and_does_not_pile_up():
    limit, release = TimeLimit(0.05, places=2), threading.Event()
    for _ in range(2):
        with pytest.raises(TooLate):
            limit.ask(release.wait)
    asked = []
    with pytest.raises(TooLate):
        limit.ask(lambda: asked.append(1))
    assert asked == []
    release.set()

    def is_free():
        with suppress(TooLate):
            return limit.ask(lambda: True)

    until(is_free, 5)
