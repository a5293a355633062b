"""retain: let go what each site keeps no longer, in bounded steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from service.moderation.comment import Status
from service.moderation.retention import cutoffs
from service.ports import House, Site, Tx

BATCH = 200
"""Rows in one transaction."""
ROUNDS = 25
"""Transactions in a row for one site and kind; the rest waits for the next time."""


Step = Callable[[Tx, int], int]
"""Lets a bounded number of one kind go, and returns how many went."""


def retain(house: House, batch: int = BATCH, rounds: int = ROUNDS) -> dict[str, int]:
    """Let go what is older than each site keeps it, and return how many of each kind went."""
    now = house.clock()
    with house.store.read() as tx:
        sites = tx.sites()
    gone: Counter[str] = Counter()
    for site in sites:
        for kind, step in _steps(site, now):
            for _ in range(rounds):
                with house.store.write() as tx:
                    went = step(tx, batch)
                gone[kind] += went
                if went < batch:
                    break
    return {kind: number for kind, number in gone.items() if number}


def _steps(site: Site, now: datetime) -> Iterator[tuple[str, Step]]:
    """Name each kind that this site does not keep for good, with what lets it go."""
    due = cutoffs(site.options, now)
    for status, before in due.states.items():
        if before is not None:
            yield str(status), _texts(site.id, status, before)
    if (client := due.client) is not None:
        yield "clients", lambda tx, limit: tx.drop_clients(site.id, client, limit)
    if (original := due.originals) is not None:
        yield "originals", lambda tx, limit: tx.drop_originals(site.id, original, limit)
    if (delivery := due.deliveries) is not None:
        yield "deliveries", lambda tx, limit: tx.drop_deliveries(site.id, delivery, limit)
        if not site.is_called:  # what waits for a site that is switched off would keep its texts for good
            yield "deliveries", lambda tx, limit: tx.drop_deliveries(site.id, delivery, limit, waiting=True)


def _texts(site_id: int, status: Status, before: datetime) -> Step:
    def step(tx: Tx, limit: int) -> int:
        due = tx.expired(site_id, status, before, limit)
        tx.empty(due)
        return len(due)

    return step
