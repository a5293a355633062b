"""Bulk decisions: a duplicate cluster or a score range is decided in one act and undone in one act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.duplicates import DuplicateCluster
from service.domain.errors import NotFound, ReplydeskError
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Who
from service.messaging.tasks import DELIVER, SCORE
from service.storage.records import BulkDecision
from service.usecases.review import Judgement, Reviewed, Target, carry_out_each, enqueue_after
from service.usecases.undo import Undone, UndoTarget, take_back_each

SLICE: Final = 100
"""Comments in one transaction: on SQLite no other writer waits longer than for so many."""
MOST: Final = 5_000
"""Comments that one act may decide."""
TIME_LIMIT_SECONDS: Final = 10.0
"""So long one act begins further slices: who pressed the button waits for it, and so may a proxy in between."""


def range_named(by: str | None, low: float, high: float) -> str:
    """Say how a range was chosen, as `what` keeps it: the score's label, or none for the leading one, and the edges."""
    return f"range {by or 'score'} {low:g} {high:g}"


class ClusterAlreadyDecided(ReplydeskError):
    """Somebody else decided this duplicate cluster since you loaded it; look at it and decide again."""


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """A bulk decision, how many comments it decided or its undo put back, and how many had changed meanwhile.

    `stopped` where there may be more: it reached its limit of comments or time, or was undone meanwhile.
    """

    bulk_decision: BulkDecision
    changed: int
    passed_over: int
    stopped: bool = False


def decide_bulk(
    deps: Dependencies, targets: Iterable[Target], judgement: Judgement, what: str, delay: float = 0.0
) -> BulkOutcome:
    """Carry one judgement out on every target, a hundred to a transaction; `what` says how they were chosen.

    A target that is no longer as it was seen is passed over: who acted first has won. At most 5,000 are decided, and
    no further slice is begun after ten seconds or once the act is undone. What takes more than one slice is published
    at once, `delay` seconds after those ten, so that all of it can still be undone when the answer comes.
    """
    begun = deps.clock()
    with deps.store.write() as tx:
        bulk_decision = tx.bulk_decisions.add(judgement.who, judgement.action, what, begun)
    return _decide(deps, bulk_decision, targets, judgement, delay)


def _decide(
    deps: Dependencies,
    bulk_decision: BulkDecision,
    targets: Iterable[Target],
    judgement: Judgement,
    delay: float,
) -> BulkOutcome:
    begun = bulk_decision.made_at
    decided = passed_over = 0
    slices = _slices(islice(targets, MOST + 1))
    some, more = next(slices, []), next(slices, [])
    wait = TIME_LIMIT_SECONDS if more and delay > 0 else 0.0
    leaving = begun + timedelta(seconds=wait + delay)
    while some:
        done = _decide_slice(deps, bulk_decision, some, judgement, delay, leaving)
        if done is None:
            return BulkOutcome(bulk_decision, decided, passed_over, stopped=True)
        decided += done
        passed_over += len(some) - done
        over = (deps.clock() - begun).total_seconds() >= TIME_LIMIT_SECONDS
        if more and (over or decided + passed_over >= MOST):
            return BulkOutcome(bulk_decision, decided, passed_over, stopped=True)
        some, more = more, next(slices, [])
    return BulkOutcome(bulk_decision, decided, passed_over)


def _decide_slice(
    deps: Dependencies,
    bulk_decision: BulkDecision,
    targets: Sequence[Target],
    judgement: Judgement,
    delay: float,
    leaving: datetime,
) -> int | None:
    """Decide these and return how many; None once the act is undone, which waits for a slice that has begun."""
    now = deps.clock()
    delay = max(delay, (leaving - now).total_seconds())
    with deps.store.write() as tx:
        known = tx.bulk_decisions.get(bulk_decision.id, lock=True)
        if known is None or known.undone_at is not None:
            return None
        outcomes = carry_out_each(tx, targets, judgement, now, delay)
        reviewed = [one for one in outcomes if isinstance(one, Reviewed)]
        tx.bulk_decisions.add_members(bulk_decision.id, [one.decision.id for one in reviewed])
    if reviewed:
        enqueue_after(deps, reviewed[0], delay)
    return len(reviewed)


def decide_cluster(
    deps: Dependencies, site: Site, cluster: DuplicateCluster, judgement: Judgement, delay: float = 0.0
) -> BulkOutcome:
    """Decide the held members of a cluster, and the copies that arrive in the next hours.

    `cluster` is as the moderator saw it. Raises ClusterAlreadyDecided, and decides nothing, if its decision changed.
    """
    begun, hours = deps.clock(), site.options.duplicate_hours
    with deps.store.write() as tx:
        bulk_decision = tx.bulk_decisions.add(judgement.who, judgement.action, f"cluster {cluster.id}", begun)
        # before its members: of two who decide at once the second gets an error and decides nothing
        if hours and not tx.clusters.decide(
            cluster.id, bulk_decision, begun + timedelta(hours=hours), cluster.bulk_decision_id
        ):
            raise ClusterAlreadyDecided
    return _decide(deps, bulk_decision, _members(deps, site, cluster), judgement, delay)


def _members(deps: Dependencies, site: Site, cluster: DuplicateCluster) -> Iterator[Target]:
    after = 0
    while True:
        with deps.store.read() as tx:
            some = tx.clusters.held_members(cluster.id, after, SLICE)
        yield from (Target(site, comment.id, comment.revision) for comment in some)
        if len(some) < SLICE:
            return
        after = some[-1].pk


def undo_bulk(deps: Dependencies, bulk_decision_id: int, who_kind: Who, who: str) -> BulkOutcome:
    """Take back every decision of a bulk decision that still stands, arrivals that it covered included.

    No further slice is begun after ten seconds; asked again, it goes on where it stopped. Raises NotFound for no such
    bulk_decision, NothingToUndo never: what another decided since is passed over.
    """
    begun = deps.clock()
    with deps.store.write() as tx:
        bulk_decision = tx.bulk_decisions.get(bulk_decision_id)
        if bulk_decision is None:
            raise NotFound("There is no such act to undo.")
        tx.clusters.undecide(bulk_decision_id)  # first, so that nothing more is covered meanwhile
        tx.bulk_decisions.mark_undone(bulk_decision_id, begun)
    undone = passed_over = after = 0
    while True:
        with deps.store.read() as tx:
            some = tx.bulk_decisions.members(bulk_decision_id, after, SLICE)
            sites = {site_id: tx.sites.by_id(site_id) for site_id in {one.site_id for _, one in some}}
        done = _undo_slice(deps, some, sites, who_kind, who)
        undone += done
        passed_over += len(some) - done
        if len(some) < SLICE:
            return BulkOutcome(bulk_decision, undone, passed_over)
        if done and (deps.clock() - begun).total_seconds() >= TIME_LIMIT_SECONDS:
            return BulkOutcome(bulk_decision, undone, passed_over, stopped=True)
        after = some[-1][0]


def _undo_slice(
    deps: Dependencies,
    bulk_decision_members: Sequence[tuple[int, Comment]],
    sites: dict[int, Site | None],
    who_kind: Who,
    who: str,
) -> int:
    targets = [
        UndoTarget(site, comment.id, decision_id)
        for decision_id, comment in bulk_decision_members
        if comment.decision_id == decision_id and (site := sites[comment.site_id])
    ]
    if not targets:
        return 0
    with deps.store.write() as tx:
        outcomes = take_back_each(tx, targets, who_kind, who, deps.clock())
    taken = [one for one in outcomes if isinstance(one, Undone)]
    if any(one.called_back for one in taken):
        deps.dispatcher.enqueue(DELIVER)
    if any(one.comment.status is Status.PENDING for one in taken):
        deps.dispatcher.enqueue(SCORE)
    return len(taken)


def _slices(targets: Iterable[Target]) -> Iterator[list[Target]]:
    rest = iter(targets)
    while some := list(islice(rest, SLICE)):
        yield some
