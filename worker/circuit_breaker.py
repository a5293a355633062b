"""A breaker for each endpoint: one that fails again and again is left alone for a while, then asked once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service.webhooks.signing import Outcome

FAILURES: Final = 5
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 300.0


@dataclass(slots=True)
class Circuit:
    """One endpoint: its address, how often it failed in a row, and until when it is left alone."""

    url: str
    failures: int = 0
    open_until: datetime | None = None


class CircuitBreakers:
    """Knows which sites' endpoints are left alone; threads of one process share it.

    Five failures in a row open a circuit for ten seconds, each further one for twice as long, up to five minutes; a
    `Retry-After` opens it for as long as it says. A delivery that is not tried meanwhile spends no attempt. Each
    process learns for itself, and a new address starts anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._circuits: dict[int, Circuit] = {}

    def limits(self, now: datetime) -> dict[int, tuple[str, int]]:
        """Return the endpoints in trouble, by site: the address, and how many posts it may get at a time, 0 or 1."""
        with self._lock:
            return {
                site_id: (one.url, 0 if _is_open(one, now) else 1)
                for site_id, one in self._circuits.items()
                if _is_open(one, now) or one.failures >= FAILURES
            }

    def record(self, site_id: int, url: str, outcome: Outcome, now: datetime) -> None:
        """Take note of how a post to this address ended. A refusal of one callback says nothing of the next."""
        with self._lock:
            one = self._circuits.get(site_id)
            if outcome.kind == "delivered":
                self._circuits.pop(site_id, None)
                return
            if not _is_trouble(outcome):
                return
            if one is None or one.url != url:
                one = self._circuits[site_id] = Circuit(url)
            if _is_open(one, now):
                return  # posts that were in the air together are one failure
            one.failures += 1
            pause = outcome.retry_after or 0.0
            if one.failures >= FAILURES:
                pause = max(pause, min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(one.failures - FAILURES, 10)))
            one.open_until = now + timedelta(seconds=pause) if pause else None


def _is_open(one: Circuit, now: datetime) -> bool:
    return one.open_until is not None and now < one.open_until


def _is_trouble(outcome: Outcome) -> bool:
    """Whether the endpoint itself is in trouble: away, broken, or asking for a pause."""
    return outcome.kind == "slow_down" or (
        outcome.kind == "retry" and (outcome.status is None or outcome.status >= 500)
    )
