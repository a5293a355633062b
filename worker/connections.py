"""Connections to receivers that are kept for the next callback: each to an address that was judged, and for a while.

Who connects anew looks the name up and judges what it says; who finds a kept connection needs neither, for it still
leads to where it led.
"""

from __future__ import annotations

import select
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from urllib3.connection import HTTPConnection

IDLE_SECONDS: Final = 4.0
"""Shorter than what most servers wait for the next request; who hangs up earlier costs one more connection."""
LIFE_SECONDS: Final = 60.0
"""Then the name is looked up again: a site may have moved."""
USES: Final = 100
"""Then another gets its turn at a server that serves one connection at a time."""
KEPT_EACH: Final = 8
KEPT: Final = 64

Place = tuple[str, str, int]
"""Scheme, host and port, as the name was given: the certificate was checked against it."""


@dataclass(slots=True)
class Kept:
    """One open connection: where it leads, since when, how often it was used, and when last."""

    connection: HTTPConnection
    address: str
    born: float
    uses: int = 0
    rested: float = 0.0


class Connections:
    """What a process keeps open, bounded in number and in time; its threads share it, each connection is one's."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._resting: dict[Place, list[Kept]] = {}

    def take(self, place: Place) -> Kept | None:
        """Return a connection that is open and silent, the one used last; None when there is none."""
        while True:
            with self._turn:
                resting = self._resting.get(place)
                kept = resting.pop() if resting else None
                if resting is not None and not resting:
                    del self._resting[place]
            if kept is None or (self._is_young(kept) and _is_silent(kept.connection)):
                return kept
            close(kept.connection)

    def give(self, place: Place, kept: Kept) -> None:
        """Keep a connection whose last answer was read to its end."""
        kept.rested, kept.uses = self._monotonic(), kept.uses + 1
        spare: list[Kept] = []
        with self._turn:
            for name, resting in list(self._resting.items()):
                spare += [one for one in resting if not self._is_young(one)]
                self._resting[name] = [one for one in resting if self._is_young(one)]
                if not self._resting[name]:
                    del self._resting[name]
            count = sum(map(len, self._resting.values()))
            if self._is_young(kept) and count < KEPT and len(self._resting.get(place, ())) < KEPT_EACH:
                self._resting.setdefault(place, []).append(kept)
            else:
                spare.append(kept)
        for one in spare:
            close(one.connection)

    def close(self) -> None:
        """Hang up everywhere."""
        with self._turn:
            spare = [one for resting in self._resting.values() for one in resting]
            self._resting.clear()
        for one in spare:
            close(one.connection)

    def _is_young(self, kept: Kept) -> bool:
        now = self._monotonic()
        return now - kept.rested < IDLE_SECONDS and now - kept.born < LIFE_SECONDS and kept.uses < USES


def close(connection: HTTPConnection) -> None:
    """Hang up, whatever the other side does."""
    with suppress(OSError):
        connection.close()


def _is_silent(connection: HTTPConnection) -> bool:
    """Whether nothing waits to be read: neither a farewell, nor an answer to what was never asked."""
    if connection.sock is None:
        return False
    if isinstance(connection.sock, ssl.SSLSocket) and connection.sock.pending():
        return False  # read already, with the end of the last answer: no poll of the socket sees it
    poll = select.poll()
    try:
        poll.register(connection.sock, select.POLLIN)
    except (OSError, ValueError):
        return False
    return not poll.poll(0)


class Guard:
    """Ends what takes too long: a time-out of a socket starts anew with each byte that drips in."""

    def __init__(self, cut: Callable[[HTTPConnection], object]) -> None:
        self._cut = cut
        self._turn = threading.Condition()
        self._watched: dict[int, tuple[float, HTTPConnection]] = {}
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0

    def watch(self, connection: HTTPConnection, ends_at: float) -> None:
        """Cut the connection at that moment of the monotonic clock, unless it is let go of before."""
        with self._turn:
            self._watched[id(connection)] = ends_at, connection
            if self._thread is None or not self._thread.is_alive():  # the first, or forked
                self._thread = threading.Thread(target=self._keep, name="guard", daemon=True)
                self._thread.start()
            elif ends_at < self._wakes_at:
                self._turn.notify()

    def let_go(self, connection: HTTPConnection) -> None:
        """Watch it no more; once this returns it is not cut."""
        with self._turn:
            self._watched.pop(id(connection), None)

    def _keep(self) -> None:
        with self._turn:
            while True:
                now = time.monotonic()
                for key, (ends_at, connection) in list(self._watched.items()):
                    if ends_at <= now:
                        del self._watched[key]
                        self._cut(connection)
                soonest = min((ends_at for ends_at, _ in self._watched.values()), default=now + 60.0)
                self._wakes_at = soonest
                self._turn.wait(max(0.0, soonest - now))
