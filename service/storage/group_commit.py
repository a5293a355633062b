"""Group commit: comments that come one by one and wait for the same disk share a transaction and its sync.

SQLite takes one writer at a time and waits for the disk at each commit, far longer than the insert takes. PostgreSQL
takes many, but each statement of its own costs both sides far more than one more row in a statement that goes anyway.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from service.domain.comment import Comment, Draft

MOST = 100
"""Comments in one transaction; so many wait only where a server runs that many threads."""

T = TypeVar("T")
Name = tuple[int, str]


def _shut() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False, slots=True)
class Waiting:
    """One draft on its way. `added` is valid once `done`. With `alone=True` the insert is committed by itself.

    `called` opens once for who waits: the draft is `done` or `refused`, or else it is its own turn to write, and has
    been `since` then (seconds of the monotonic clock).
    """

    site_id: int
    draft: Draft
    now: datetime
    alone: bool = False
    done: bool = False
    added: Comment | None = None
    refused: Exception | None = None
    since: float = 0.0
    called: threading.Lock = field(default_factory=_shut)

    @property
    def name(self) -> Name:
        """What no two comments share."""
        return self.site_id, self.draft.id


class GroupCommit(Generic[T]):
    """Threads put their drafts in; the next to write commits all that wait. No draft waits for another to come.

    `enter` opens a transaction, `add` stores what goes along and returns the comments by `Waiting.name`. One thread
    writes at a time, and beside one that takes longer than `wait_seconds`, a lock's time and not a disk's, another:
    `turns` at most. Each thread is called once, so that what is stored waits for no later commit.
    """

    def __init__(
        self,
        enter: Callable[[], AbstractContextManager[T]],
        add: Callable[[T, Sequence[Waiting]], Mapping[Name, Comment]],
        turns: int = 1,
        wait_seconds: float = 0.02,
    ) -> None:
        self._enter = enter
        self._add = add
        self._turns = turns
        self._wait_seconds = wait_seconds if turns > 1 else -1  # as threads wait: for ever
        self._writing: list[Waiting] = []
        self._lock = threading.Lock()
        self._waiting: list[Waiting] = []

    def add(self, mine: Waiting) -> Comment | None:
        """Return the comment once it is committed, by this thread or another; None when it was left out."""
        if not self._at_once(mine):
            while not mine.called.acquire(timeout=self._wait_seconds):
                if self._beside(mine):
                    break
        if mine.refused:
            raise mine.refused
        if not mine.done:
            try:
                self._go(mine)
            finally:
                self._end(mine)
        return mine.added

    def _at_once(self, mine: Waiting) -> bool:
        with self._lock:
            if self._may_begin():
                self._begin(mine)
                return True
            self._waiting.append(mine)
            return False

    def _beside(self, mine: Waiting) -> bool:
        """Take a turn beside those who write, when they have taken too long; not when one of them has this draft."""
        with self._lock:
            if mine not in self._waiting or not self._may_begin():
                return False
            self._waiting.remove(mine)
            self._begin(mine)
            return True

    def _may_begin(self) -> bool:
        """Whether there is a turn, and nobody writes who will soon be back for those who wait."""
        latest = time.monotonic() - self._wait_seconds
        return len(self._writing) < self._turns and not any(one.since > latest for one in self._writing)

    def _begin(self, mine: Waiting) -> None:
        mine.since = time.monotonic()
        self._writing.append(mine)

    def _end(self, mine: Waiting) -> None:
        with self._lock:
            self._writing.remove(mine)
        self._call_next()

    def _call_next(self) -> None:
        with self._lock:
            if self._waiting and self._may_begin():
                called = self._waiting.pop(0)
                self._begin(called)
                called.called.release()

    def _go(self, mine: Waiting) -> None:
        """Write what waits. Where that fails each goes alone, by its own thread: one must not spoil the others.

        A store that cannot be entered has kept this thread for its whole time-out already. Those behind it are told the
        same at once: each would wait as long again, one after the other.
        """
        going = [mine]
        entered = False
        try:
            with self._enter() as tx:
                entered = True
                going += [] if mine.alone else self._others(mine)
                added = self._add(tx, going)
        except BaseException as failure:
            if not entered and isinstance(failure, Exception):
                self._refuse_all(failure)
            if len(going) == 1:
                raise
            self._part(going)
            if not isinstance(failure, Exception):
                raise
            self._go(mine)
            return
        for one in going:
            one.added = added.get(one.name)
            one.done = True
            one.called.release()

    def _part(self, going: Sequence[Waiting]) -> None:
        """Let each go alone; all but the first of them wait at the head of the line again."""
        for one in going:
            one.alone = True
        with self._lock:
            self._waiting[:0] = going[1:]

    def _refuse_all(self, failure: Exception) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.refused = failure
            one.called.release()

    def _others(self, mine: Waiting) -> list[Waiting]:
        """Take out what goes along: of two with one id the first alone, so that the other finds it stored."""
        going: list[Waiting] = []
        names = {mine.name}
        with self._lock:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                free = not one.alone and one.name not in names and len(going) < MOST
                (going if free else self._waiting).append(one)
                names.add(one.name)
        return going
