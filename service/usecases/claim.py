"""claim: assign the next comments of a queue to a moderator, for as long as they stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from service.context import Dependencies
from service.domain.desk_records import Matter, Queued, Wanted
from service.domain.severity import is_severe, paced
from service.storage import Tx

CLAIM_SECONDS: Final = 60
RENEW_BELOW_SECONDS: Final = 45
ROUNDS: Final = 4
SPARE: Final = 3
"""So many times a batch is looked at, so that something mild can come between what is severe."""


def claim_held(
    deps: Dependencies, moderator_id: int, wanted: Wanted, limit: int, cap: int = 0, run: int = 0
) -> list[Queued]:
    """Claim the next held comments for the moderator and return them, at most `limit`, in the wanted order.

    None of them is assigned to another moderator, nor will be while the claims are kept. At most `cap` severe
    ones follow each other while there are others; `run` of them came just before.
    """
    now = deps.clock()
    ahead = limit * SPARE if cap else limit
    with deps.store.read() as tx:
        found = _in_pace(tx.queue.page(wanted, moderator_id, now, ahead), limit, cap, run)
        mine = _kept(tx, moderator_id, now)
    if {one.comment.pk for one in found} <= mine:
        return found  # nothing to write: a page that is looked at again costs a read
    with deps.store.write() as tx:
        return _claimed(tx, deps, moderator_id, wanted, limit, cap, run)


def _claimed(
    tx: Tx, deps: Dependencies, moderator_id: int, wanted: Wanted, limit: int, cap: int, run: int
) -> list[Queued]:
    now = deps.clock()
    until = now + timedelta(seconds=CLAIM_SECONDS)
    ahead = limit * SPARE if cap else limit
    got: list[Queued] = []
    for _ in range(ROUNDS):
        missing = limit - len(got)
        without = (*wanted.without, *(one.comment.pk for one in got))
        offered = tx.queue.page(replace(wanted, without=without), moderator_id, now, ahead)
        chosen = _in_pace(offered, missing, cap, run)
        mine = tx.queue.claim(moderator_id, [one.comment.pk for one in chosen], now, until)
        got += [one for one in chosen if one.comment.pk in mine]
        if len(got) >= limit or not chosen:
            break  # else others were faster with some of these: look for what is left
    return got


def _in_pace(found: Sequence[Queued], limit: int, cap: int, run: int) -> list[Queued]:
    order = paced([is_severe(one.comment.verdict) for one in found], cap, run)
    return [found[place] for place in order][:limit]


def claim_matters(
    deps: Dependencies, moderator_id: int, kind: Matter, wanted: Wanted, limit: int
) -> list[Queued]:
    """Claim the next comments with an open matter of that kind and return them, in the wanted order."""
    now = deps.clock()
    with deps.store.read() as tx:
        found = tx.queue.with_matter(kind, wanted, moderator_id, now, limit)
        if {one.comment.pk for one in found} <= _kept(tx, moderator_id, now):
            return found
    with deps.store.write() as tx:
        now = deps.clock()
        found = tx.queue.with_matter(kind, wanted, moderator_id, now, limit)
        until = now + timedelta(seconds=CLAIM_SECONDS)
        mine = tx.queue.claim(moderator_id, [one.comment.pk for one in found], now, until)
    return [one for one in found if one.comment.pk in mine]


def _kept(tx: Tx, moderator_id: int, now: datetime) -> set[int]:
    """What is assigned to the moderator for long enough yet."""
    return {
        one.comment_pk
        for one in tx.queue.claims(now)
        if one.moderator_id == moderator_id and (one.until - now).total_seconds() > RENEW_BELOW_SECONDS
    }


def renew_claims(deps: Dependencies, moderator_id: int, pks: Sequence[int]) -> None:
    """Renew the claims on what a moderator still has before them, where they run low: the heartbeat."""
    now = deps.clock()
    with deps.store.read() as tx:
        fresh = _kept(tx, moderator_id, now)
    low = [pk for pk in pks if pk not in fresh]
    if low:
        with deps.store.write() as tx:
            tx.queue.claim(moderator_id, low, now, now + timedelta(seconds=CLAIM_SECONDS))
