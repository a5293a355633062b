"""Counts what clients ask, by site and month, for the calls that say so; off the way of those that are counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from service.domain.site import Site
from service.storage import Store

FLUSH_SECONDS: Final = 2.0
BOUND: Final = 10_000
"""So many different counts wait for a store that is away; then further ones are forgotten."""

log = structlog.get_logger(__name__)
Counted = tuple[int, str, str]


class Tally:
    """Counts in memory and writes it down every two seconds; a process that is killed forgets what it counted since.

    Counting never waits for the store, and a store that is away is told when it is back.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: Counter[Counted] = Counter()
        self._flushing = False

    def count(self, site: Site, what: str) -> None:
        """Count one call of this site."""
        counted = (site.id, month_of(self._clock()), what)
        with self._lock:
            if counted in self._waiting or len(self._waiting) < BOUND:
                self._waiting[counted] += 1
            start, self._flushing = not self._flushing, True
        if start:
            timer = threading.Timer(FLUSH_SECONDS, self.flush)
            timer.daemon = True
            timer.start()

    def flush(self) -> None:
        """Write down what was counted; what cannot be written waits for the next call."""
        with self._writing:
            with self._lock:
                taken, self._flushing = self._waiting.copy(), False
            if not taken:
                return
            try:
                with self._store.write() as tx:
                    tx.sites.add_usage(taken)
            except Exception as failure:  # noqa: BLE001  # whatever the store died of, the counts are kept
                log.warning("compat.usage_not_counted", error=type(failure).__name__)
                return
            with self._lock:  # until now they were seen here
                self._waiting -= taken

    def waiting(self, site: Site) -> Counter[tuple[str, str]]:
        """Return what was counted of this site and is not written yet, by month and kind."""
        with self._lock:
            return Counter(
                {(month, what): n for (owner, month, what), n in self._waiting.items() if owner == site.id}
            )


def month_of(moment: datetime) -> str:
    """Return the month as `2026-11`."""
    return f"{moment:%Y-%m}"
