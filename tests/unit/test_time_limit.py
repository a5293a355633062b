"""Asking with a bound: answers, failures and time-outs pass through, and what hangs is given up."""

import threading
import time

import pytest

from service.compat.time_limit import TimeLimit, TooLate


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
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            assert limit.ask(lambda: 2) == 2
            break
        except TooLate:
            time.sleep(0.01)
    else:
        pytest.fail("the places did not come free")
