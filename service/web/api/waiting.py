"""Prefer: wait, held by a quarter of the threads at most: the rest of the callers get their 202 at once."""

from __future__ import annotations

import time
from typing import Final

from flask import request

from service.domain.comment import Comment
from service.domain.decisions import public_state
from service.domain.status import Status
from service.domain.verdict import Decision
from service.storage import Store
from service.web.reach import Api

LONGEST: Final = 10.0
FIRST_PAUSE, LAST_PAUSE = 0.01, 0.1


def seconds_preferred() -> float:
    """Return how long the caller prefers to wait (RFC 7240), 0 to 10 seconds; what cannot be read counts as 0."""
    for preference in request.headers.get("Prefer", "").split(",")[:20]:
        name, _, value = preference.partition(";")[0].partition("=")
        number = value.strip().strip('"')
        if name.strip().lower() == "wait" and number.isascii() and number.isdigit() and len(number) < 10:
            return min(float(number), LONGEST)
    return 0.0


def wait_for_verdict(api: Api, comment: Comment, seconds: float) -> tuple[Comment, Decision | None] | None:
    """Return the comment with its decision once there is one, None when time or free threads ran out.

    No transaction is open between two looks at the store. A newer revision ends the wait: it is another's to wait for.
    """
    if seconds <= 0 or not api.waits.acquire(blocking=False):
        return None
    try:
        with api.meters.waits.track_inprogress():
            return _watch(api.context.deps.store, comment, time.monotonic() + seconds)
    finally:
        api.waits.release()


def _watch(store: Store, comment: Comment, until: float) -> tuple[Comment, Decision | None] | None:
    pause = FIRST_PAUSE
    while True:
        with store.read() as tx:
            now = tx.comments.by_pk(comment.pk)
            decision = tx.decisions.current(now) if now else None
        if now is None or now.revision != comment.revision:
            return None
        if public_state(now, decision).status is not Status.PENDING:
            return now, decision
        left = until - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LAST_PAUSE)
