"""Rates, decided without a clock: what passes at once, what passes in the long run, and how long one waits."""

from hypothesis import given
from hypothesis import strategies as st

from service.domain.rates import Rate, drained, wait_for


def test_ten_seconds_worth_may_come_at_once():
    assert Rate.a_minute(600) == Rate(10.0, 100.0)
    assert Rate.a_minute(6) == Rate(0.1, 10.0)
    assert Rate.a_minute(600, 7).burst == 7


def test_the_wait_is_as_long_as_the_debt_takes_to_drain():
    rate = Rate(2.0, 10.0)
    seconds = wait_for(9.0, 4, rate)
    assert seconds == 1.5
    assert wait_for(drained(9.0, seconds, rate), 4, rate) == 0.0
    assert wait_for(drained(9.0, seconds - 0.1, rate), 4, rate) > 0.0


def test_more_than_the_burst_passes_when_nothing_is_owed():
    rate = Rate(1.0, 10.0)
    assert wait_for(0.0, 500, rate) == 0.0
    assert wait_for(500.0, 1, rate) == 491.0


@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 30)), max_size=60),
    st.floats(0.1, 50),
    st.integers(10, 60),
)
def test_no_more_passes_than_the_rate_and_one_burst(asked, per_second, burst):
    rate, debt, passed, elapsed = Rate(per_second, burst), 0.0, 0, 0.0
    for seconds, count in asked:
        debt, elapsed = drained(debt, seconds, rate), elapsed + seconds
        if not wait_for(debt, count, rate):
            debt, passed = debt + count, passed + count
    assert passed <= burst + per_second * elapsed + 30 + 1e-6
