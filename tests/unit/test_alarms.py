"""When moderators are called: at a limit, once, and again only when the queue has been calm."""

from datetime import timedelta

import pytest

from service.domain.alarms import LEAST_BETWEEN, Alarm, turns
from service.domain.options import Options
from tests.factories import NOON

OPTIONS = Options(notify_url="https://courier.example/hook", notify_held=10, notify_age_seconds=600.0)
LATER = NOON + LEAST_BETWEEN


def alarm(raised):
    return Alarm(1, raised, 1, NOON)


@pytest.mark.parametrize(
    ("raised", "held", "age", "turned"),
    [
        (False, 9, 599, None),
        (False, 10, 0, True),
        (False, 1, 600, True),
        (True, 10, 0, None),
        (True, 8, 479, None),
        (True, 7, 480, None),
        (True, 7, 479, False),
        (True, 0, 0, False),
        (False, 0, 0, None),
    ],
)
def test_it_rises_at_a_limit_and_falls_well_below_it(raised, held, age, turned):
    assert turns(alarm(raised), held, age, OPTIONS, LATER) is turned


def test_it_never_changes_twice_within_a_minute():
    just_before = LATER - timedelta(microseconds=1)
    assert turns(alarm(False), 99, 0, OPTIONS, just_before) is None
    assert turns(alarm(False), 99, 0, OPTIONS, LATER) is True
    assert turns(None, 99, 0, OPTIONS, NOON) is True


def test_limits_can_be_switched_off():
    assert turns(None, 99, 9999, Options(), NOON) is None
    only_age = Options(notify_url="https://x.example", notify_held=None, notify_age_seconds=600.0)
    assert turns(None, 10_000, 599, only_age, NOON) is None
    one = Options(notify_url="https://x.example", notify_held=1, notify_age_seconds=None)
    assert turns(None, 1, 0, one, NOON) is True
    assert turns(alarm(True), 0, 0, one, LATER) is False
