"""Asking with a bound: what a part of the service does not answer in time is given up, however long the part hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDone
from typing import Final, TypeVar

from service.domain.errors import ReplydeskError

T = TypeVar("T")

PLACES: Final = 16


class TooLate(ReplydeskError):
    """The answer did not come in time."""

    code = "unavailable"


class TimeLimit:
    """Waits so many seconds for an answer and no longer; at most `places` questions hang at a time.

    Each question runs in a thread of its own, which goes on when it was given up: what it writes is written late.
    """

    def __init__(self, seconds: float, places: int = PLACES) -> None:
        self.seconds: Final = seconds
        self._places = threading.BoundedSemaphore(places)

    def ask(self, question: Callable[[], T]) -> T:
        """Return what `question` returns and raise what it raises; TooLate when time or places ran out."""
        if not self._places.acquire(blocking=False):
            raise TooLate()
        answer: Future[T] = Future()
        threading.Thread(target=self._run, args=(question, answer), name="time-limit", daemon=True).start()
        try:
            return answer.result(self.seconds)
        except NotDone:
            if answer.done():  # the question's own time-out, not ours
                raise
            raise TooLate() from None

    def _run(self, question: Callable[[], T], answer: Future[T]) -> None:
        try:
            answer.set_result(question())
        except BaseException as failure:  # noqa: BLE001  # handed to whoever asked
            answer.set_exception(failure)
        finally:
            self._places.release()
