"""Comments that come one by one and wait for the same disk go there together: one transaction, one sync for all.

SQLite takes one writer at a time and waits for the disk at each commit, far longer than the insert takes.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from service.moderation.comment import Comment, Draft
from service.ports import Tx

MOST = 100
"""Comments in one transaction; so many wait only where a server runs that many threads."""


@dataclass(eq=False, slots=True)
class Waiting:
    """One draft on its way. `added` counts once `done`; an `alone` one takes no company along and joins none."""

    site_id: int
    draft: Draft
    now: datetime
    alone: bool = False
    done: bool = False
    added: Comment | None = None
    refused: Exception | None = None


class Company:
    """Threads put their drafts in; whoever is next to write takes along all that wait. Nobody waits for company."""

    def __init__(self, write: Callable[[], AbstractContextManager[Tx]]) -> None:
        self._write = write
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[Waiting] = []

    def add(self, mine: Waiting) -> Comment | None:
        """Return the comment once it is committed, by this thread or another; None when its id exists."""
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if mine.refused:
                raise mine.refused
            if not mine.done:
                self._go(mine)
        return mine.added

    def _go(self, mine: Waiting) -> None:
        """Write what waits. Where that fails each goes alone, by its own thread: one must not spoil the others.

        A store that cannot be entered has kept this thread for its whole time-out already. Those behind it are told the
        same at once: each would wait as long again, one after the other.
        """
        going = self._taken_out(mine)
        entered = False
        try:
            with self._write() as tx:
                entered = True
                going += [] if mine.alone else self._others(mine)
                added = _added(tx, going)
        except Exception as failure:
            if not entered:
                self._refuse_all(failure)
            if len(going) == 1:
                raise
            for one in going:
                one.alone = True
            self._go(mine)
            return
        for one in going:
            one.added = added.get((one.site_id, one.draft.id))
            one.done = True

    def _refuse_all(self, failure: Exception) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.refused = failure

    def _taken_out(self, mine: Waiting) -> list[Waiting]:
        with self._lock:
            self._waiting = [one for one in self._waiting if one is not mine]
        return [mine]

    def _others(self, mine: Waiting) -> list[Waiting]:
        """Take out what goes along: of two with one id the first alone, so that the other finds it stored."""
        going: list[Waiting] = []
        ids = {(mine.site_id, mine.draft.id)}
        with self._lock:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                key = (one.site_id, one.draft.id)
                free = key not in ids and len(going) < MOST
                (going if free else self._waiting).append(one)
                ids.add(key)
        return going


def _added(tx: Tx, going: Sequence[Waiting]) -> dict[tuple[int, str], Comment]:
    by_site: dict[int, list[Draft]] = defaultdict(list)
    for one in going:
        by_site[one.site_id].append(one.draft)
    now = max(one.now for one in going)
    return {
        (site_id, comment_id): comment
        for site_id, drafts in by_site.items()
        for comment_id, comment in tx.add_comments(site_id, drafts, now).items()
    }
