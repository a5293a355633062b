"""Let one run of each task go on at a time in a process, so that no kind of work starves another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class SingleRun:
    """One task's run: a call meanwhile returns at once and makes the run repeat.

    So what was enqueued during a run is looked for after it.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._wanted = False
        self._began_at: float | None = None

    def seconds(self) -> float:
        """Say for how many seconds the present run has been going; 0.0 when there is none."""
        began_at = self._began_at
        return 0.0 if began_at is None else self._monotonic() - began_at

    def run(self, work: Callable[[], object], stopping: Callable[[], bool]) -> None:
        """Do the work here and now, and again while it was asked for meanwhile and the process is not stopping."""
        with self._lock:
            self._wanted = True
            if self._began_at is not None:
                return
            self._began_at = self._monotonic()
        try:
            while self._begins(stopping()):
                work()
        except BaseException:
            self._begins(stopping=True)
            raise

    def _begins(self, stopping: bool) -> bool:
        """Begin the next run or end the last, in one step, so that no call is lost between the two."""
        with self._lock:
            begins = self._wanted and not stopping
            self._wanted = False
            self._began_at = self._monotonic() if begins else None
            return begins
