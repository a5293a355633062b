"""When moderators are called: at a limit, once, and again only when the queue has been calm."""

from datetime import timedelta

import pytest

from service.domain.alarms import LEAST_BETWEEN, Alarm, turns
from service.domain.options import Options
from tests.factories import NOON

BOTH = Options(notify_url="https://courier.example/hook", notify_held=10, notify_age_seconds=600.0)
AGE = Options(notify_url="https://courier.example/hook", notify_held=None, notify_age_seconds=600.0)
ONE = Options(notify_url="https://courier.example/hook", notify_held=1, notify_age_seconds=None)
LATER = NOON + LEAST_BETWEEN
A_MOMENT_EARLIER = LATER - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("raised", "held", "age", "options", "now", "turned"),
    [
        # it rises at a limit and falls well below it
        (False, 9, 599, BOTH, LATER, None),
        (False, 10, 0, BOTH, LATER, True),
        (False, 1, 600, BOTH, LATER, True),
        (True, 10, 0, BOTH, LATER, None),
        (True, 8, 479, BOTH, LATER, None),
        (True, 7, 480, BOTH, LATER, None),
        (True, 7, 479, BOTH, LATER, False),
        (True, 0, 0, BOTH, LATER, False),
        (False, 0, 0, BOTH, LATER, None),
        # it never changes twice within a minute
        (False, 99, 0, BOTH, A_MOMENT_EARLIER, None),
        (None, 99, 0, BOTH, NOON, True),
        # limits can be switched off
        (None, 99, 9999, Options(), NOON, None),
        (None, 10_000, 599, AGE, NOON, None),
        (None, 1, 0, ONE, NOON, True),
        (True, 0, 0, ONE, LATER, False),
    ],
)
def test_an_alarm_turns(raised, held, age, options, now, turned):
    alarm = None if raised is None else Alarm(1, raised, 1, NOON)
    assert turns(alarm, held, age, options, now) is turned
