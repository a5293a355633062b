"""The word to stop: given to the process that is told, read at once in every one it forked."""

from __future__ import annotations

import os
import threading
import time
from multiprocessing.sharedctypes import RawValue
from typing import Final

import structlog

EXIT_SECONDS: Final = 7.5
"""After the word a process that is still here exits as if killed, and its leases expire. A wait for a lock that had
begun takes five seconds, a parent that gathers its children needs two more, and all are gone within ten."""
LOOK_SECONDS: Final = 0.2

log = structlog.get_logger(__name__)


class Stop:
    """Set once; forked children share its memory and read the same monotonic clock."""

    def __init__(self) -> None:
        self._set_at = RawValue("d", 0.0)

    def set(self) -> None:
        """Say that the process shall end; only the first word counts."""
        self._set_at.value = self._set_at.value or time.monotonic()

    def is_set(self) -> bool:
        """Whether it was said."""
        return bool(self._set_at.value)

    def exit_in_time(self, more_seconds: float = 0.0) -> None:
        """Start a thread that ends this process when its time to stop is over: a database may hang for much longer."""
        seconds = EXIT_SECONDS + more_seconds

        def watch() -> None:
            while not self.is_set() or time.monotonic() - self._set_at.value < seconds:
                time.sleep(LOOK_SECONDS)
            log.warning("process.exited", waited_s=seconds)
            os._exit(0)

        threading.Thread(target=watch, name="exit-in-time", daemon=True).start()
