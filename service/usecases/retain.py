"""retain: let go what each site keeps no longer, in bounded steps."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import datetime

from service.context import Dependencies
from service.domain.retention import cutoffs
from service.domain.site import Site
from service.domain.status import Status
from service.storage import Tx

BATCH = 200
"""Rows in one transaction."""

Turn = tuple[int, str]
"""A site, by its number, and the kind of thing of it that goes next."""
Step = Callable[[Tx, int], int]
"""Lets a bounded number of one kind go, and returns how many went."""


def turns_to_retain(deps: Dependencies) -> deque[Turn]:
    """List what is to be looked at, site beside site, so that a large one keeps no other waiting."""
    now = deps.clock()
    with deps.store.read() as tx:
        kinds = {site.id: [kind for kind, _ in _steps(site, now)] for site in tx.sites.all()}
    most = max(map(len, kinds.values()), default=0)
    return deque(
        (site_id, of[place]) for place in range(most) for site_id, of in kinds.items() if place < len(of)
    )


def retain(
    deps: Dependencies, turns: deque[Turn], is_over: Callable[[], bool], batch: int = BATCH
) -> dict[str, int]:
    """Let go what is older than each site keeps it, and return how many of each kind went.

    One transaction a turn, until there are none or time is over, but one at least; `turns` then says where to go on.
    What the site chose meanwhile counts.
    """
    gone: Counter[str] = Counter()
    while turns:
        site_id, kind = turns.popleft()
        with deps.store.write() as tx:
            site = tx.sites.by_id(site_id)
            step = dict(_steps(site, deps.clock())).get(kind) if site else None
            went = step(tx, batch) if step else 0
        gone[kind] += went
        if went >= batch:
            turns.append((site_id, kind))
        if is_over():
            break
    return {kind: number for kind, number in gone.items() if number}


def _steps(site: Site, now: datetime) -> Iterator[tuple[str, Step]]:
    """Name each kind that this site does not keep for good, with what lets it go."""
    due = cutoffs(site.options, now)
    for status, before in due.states.items():
        if before is not None:
            yield str(status), _texts(site.id, status, before)
    if (client := due.client) is not None:
        yield "clients", lambda tx, limit: tx.retention.drop_clients(site.id, client, limit)
    if (original := due.originals) is not None:
        yield "originals", lambda tx, limit: tx.retention.drop_originals(site.id, original, limit)
    if (delivery := due.deliveries) is not None:
        yield "deliveries", lambda tx, limit: tx.retention.drop_deliveries(site.id, delivery, limit)
        if not site.is_called:  # what waits for a site that is switched off would keep its texts for good
            yield (
                "deliveries",
                lambda tx, limit: tx.retention.drop_deliveries(site.id, delivery, limit, waiting=True),
            )


def _texts(site_id: int, status: Status, before: datetime) -> Step:
    def step(tx: Tx, limit: int) -> int:
        due = tx.retention.expired(site_id, status, before, limit)
        tx.erasure.empty(due)
        return len(due)

    return step
