"""Limit how many runs of one task a worker process has at once, so that no kind of work starves another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from service.messaging.tasks import DELIVER, PUBLISH, SCORE, SWEEP

CONCURRENCY: Final = {SCORE: 1, DELIVER: 2, PUBLISH: 1, SWEEP: 1}
"""Scoring holds the interpreter's lock, so a second run would gain nothing; a slow receiver must not hold all mail."""

THREADS: Final = sum(CONCURRENCY.values())
"""With this many threads every task can run as often as it may."""


class ConcurrencyLimit:
    """Allow `width` runs at a time; a call beyond that returns at once and makes a current run repeat.

    So no task is lost at the limit: work that was enqueued during a run is looked for after it.
    """

    def __init__(self, width: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._width, self._monotonic = width, monotonic
        self._lock = threading.Lock()
        self._running = 0
        self._again = False
        self._began: dict[object, float] = {}

    def longest(self) -> float:
        """Say for how many seconds the oldest of the present runs has been going; 0.0 when there is none."""
        with self._lock:
            return self._monotonic() - min(self._began.values()) if self._began else 0.0

    def run(self, work: Callable[[], object], stopping: Callable[[], bool]) -> None:
        """Do the work here and now, and again while it was asked for meanwhile and the process is not stopping."""
        if not self._enter():
            return
        try:
            self._timed(work)
            while self._must_repeat(stopping()):
                self._timed(work)
        except BaseException:
            self._must_repeat(stopping=True)
            raise

    def _timed(self, work: Callable[[], object]) -> None:
        run = object()
        with self._lock:
            self._began[run] = self._monotonic()
        try:
            work()
        finally:
            with self._lock:
                del self._began[run]

    def _enter(self) -> bool:
        with self._lock:
            if self._running >= self._width:
                self._again = True
                return False
            self._running += 1
            return True

    def _must_repeat(self, stopping: bool) -> bool:
        """End the run, or tell that it must repeat: in one step, so that no call is lost between the two."""
        with self._lock:
            if self._again and not stopping:
                self._again = False
                return True
            self._running -= 1
            return False
