"""With which effort is scored, and what of it is worth a full score: rules without a store."""

from __future__ import annotations

import pytest

from service.moderation.effort import next_effort
from service.moderation.verdict import Effort

FULL, FAST = Effort.FULL, Effort.FAST


@pytest.mark.parametrize(
    ("current", "oldest", "wanted"),
    [
        (FULL, 0.0, FULL),
        (FULL, 60.0, FULL),
        (FULL, 60.1, FAST),
        (FAST, 60.1, FAST),
        (FAST, 59.0, FAST),
        (FAST, 30.0, FAST),
        (FAST, 29.9, FULL),
        (FULL, 45.0, FULL),
    ],
)
def test_the_effort_follows_the_oldest_comment_and_does_not_swing(
    current: Effort, oldest: float, wanted: Effort
) -> None:
    """Fast from above the limit, full again from below half of it, as before between the two."""
    assert next_effort(current, oldest, 60.0) is wanted


def test_a_limit_of_zero_means_always_full() -> None:
    """However much waits, and though it was fast before the setting changed."""
    assert next_effort(FULL, 1e6, 0.0) is FULL
    assert next_effort(FAST, 1e6, 0.0) is FULL
