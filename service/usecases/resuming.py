"""resume: after a restore, number what is published beyond everything that left before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from service.context import Dependencies

BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)
A_MINUTE: Final = 2**20
"""More than can be decided in a minute; a double still holds the product exactly for sixteen thousand years."""


def resume(deps: Dependencies) -> int:
    """Let every number that sites know decisions by go on from one that was never given; return it.

    A restored database has forgotten the decisions made since its backup, but their receivers have not: they would
    take a new decision under a known `webhook-id` for a repetition, and a follower whose cursor is ahead would never
    see it. How many there were nobody knows, so the number goes by the clock, beyond what could have been reached.
    """
    number = (deps.clock() - BEGINNING) // timedelta(minutes=1) * A_MINUTE
    with deps.store.write() as tx:
        tx.decisions.advance_sequence(number)
    return number
