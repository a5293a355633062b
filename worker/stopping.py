"""The word to stop: said in the process that is told, heard at once in every one it forked."""

from __future__ import annotations

import mmap
import struct
import time
from typing import Final

LAST_MOMENT: Final = 7.5
"""Seconds after the word; whoever is still here then goes as if killed, and its journal gives back what it had leased.
A wait for a lock that had begun takes five, and one that begins then takes one; a parent that gathers its children
needs two more where processors are short, and all shall be over within ten."""

_MOMENT: Final = struct.Struct("d")


class Stop:
    """Set once; forked children share the page it stands on, and read the same monotonic clock."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, _MOMENT.size)

    def set(self) -> None:
        """Say that the process shall end; only the first word counts."""
        if not self.is_set():
            self._page[:] = _MOMENT.pack(time.monotonic())

    def is_set(self) -> bool:
        """Whether it was said."""
        return self._said_at() > 0.0

    def left(self) -> float:
        """Return the seconds until the last moment, which may be over; all of them while nothing was said."""
        said_at = self._said_at()
        return LAST_MOMENT - (time.monotonic() - said_at if said_at else 0.0)

    def _said_at(self) -> float:
        moment: float = _MOMENT.unpack(self._page[:])[0]
        return moment
