"""How many comments may pass in a time: a bucket that drains steadily, decided without a clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SECONDS_AT_ONCE: Final = 10.0
LEAST_AT_ONCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, and so many at once out of a quiet time."""

    per_second: float
    burst: float

    @classmethod
    def a_minute(cls, count: float, burst: float | None = None) -> Rate:
        """Return the rate of `count` a minute; without a `burst` ten seconds' worth may come at once, at least ten."""
        per_second = count / 60
        return cls(per_second, burst or max(LEAST_AT_ONCE, per_second * SECONDS_AT_ONCE))

    def with_burst(self, share: float) -> Rate:
        """Return the rate with that share of its burst."""
        return Rate(self.per_second, self.burst * share)


def drained(debt: float, seconds: float, rate: Rate) -> float:
    """Return what is left of `debt`, the comments that came ahead of the steady rate, after so many seconds."""
    return max(0.0, debt - max(0.0, seconds) * rate.per_second)


def wait_for(debt: float, count: int, rate: Rate) -> float:
    """Return the seconds until `count` comments may pass on top of `debt`; 0.0 when they may now.

    More at once than the burst may pass when nothing is owed: what they owe afterwards takes as long to drain.
    """
    excess = debt + min(count, rate.burst) - rate.burst
    return max(0.0, excess / rate.per_second)
