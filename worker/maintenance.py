"""Maintenance: whatever a lost message, a dead worker or an empty broker left is found here, every few seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.context import Dependencies
from service.domain.options import DUPLICATE_HOURS_LIMIT
from service.domain.site import Site
from service.messaging.tasks import DELIVER, PUBLISH, SCORE
from service.scoring.scorer import sign
from service.storage.records import Backlog
from service.usecases import Scored, clear_files, publish_due, record_scores, retain, turns_to_retain
from service.usecases.retain import Turn
from worker.metrics import meters

PUBLISH_BATCH: Final = 200
PUBLISH_ROUNDS: Final = 50
LATE_BATCH: Final = 100
LATE_SECONDS: Final = 4.0
SILENCE_SECONDS: Final = 60.0
HEAD_START_SECONDS: Final = 30.0
KEYS_KEPT: Final = timedelta(days=7)
CLUSTERS_KEPT: Final = timedelta(hours=DUPLICATE_HOURS_LIMIT)
PRUNE_SECONDS: Final = 600.0
PRUNE_BATCH: Final = 1_000
CLEAN_UP_SECONDS: Final = 2.0
"""In one maintenance run: urgent work waits for it, and so does a warm shutdown."""
CLEAR_SECONDS: Final = 60.0

log = structlog.get_logger(__name__)


def _goes_on() -> bool:
    """Nobody told this process to stop."""
    return False


def publish_all_due(
    deps: Dependencies, batch: int = PUBLISH_BATCH, stopping: Callable[[], bool] = _goes_on
) -> int:
    """Publish every decision that is due, in bounded transactions; return how many."""
    left = 0
    for _ in range(PUBLISH_ROUNDS):
        went = publish_due(deps, batch)
        left += went
        if went < batch or stopping():
            return left
    deps.dispatcher.enqueue(PUBLISH)
    return left


class Maintenance:
    """One process's maintenance. It remembers when it last ran, to know a silence when it comes out of one."""

    def __init__(
        self,
        deps: Dependencies,
        monotonic: Callable[[], float] = time.monotonic,
        stopping: Callable[[], bool] = _goes_on,
    ) -> None:
        self._deps, self._stopping = deps, stopping
        self._monotonic = monotonic
        self._maintained_at = self._awake_since = -SILENCE_SECONDS
        self._pruned_at = monotonic() - PRUNE_SECONDS
        self._cleared_at = monotonic() - CLEAR_SECONDS
        self._to_prune = False
        self._to_retain: deque[Turn] = deque()

    def run(self) -> Backlog:
        """Enqueue tasks for what waits, publish due decisions, and settle what waited too long; return what waited."""
        deps = self._deps
        with deps.store.read() as tx:
            backlog = tx.statistics.backlog(deps.clock())
        if backlog.pending or backlog.to_rescore:
            deps.dispatcher.enqueue(SCORE)
        if backlog.deliveries_due:
            deps.dispatcher.enqueue(DELIVER)
        if backlog.due_decisions:
            publish_all_due(deps, stopping=self._stopping)
        if self._had_head_start() and backlog.oldest_unscored:
            self.settle_late(backlog.oldest_unscored)
        return backlog

    def clean_up(self) -> None:
        """Do what can wait, for a bounded time: clear files, drop what expired, let go what no site keeps longer."""
        ends_at = self._monotonic() + CLEAN_UP_SECONDS

        def is_over() -> bool:
            return self._stopping() or self._monotonic() >= ends_at

        with self._deps.store.read() as tx:
            uncleared = tx.erasure.count_unpurged()
        if uncleared and not is_over():
            self._clear()
        if self._monotonic() - self._pruned_at >= PRUNE_SECONDS:
            self._pruned_at = self._monotonic()
            self._to_prune = True
            self._to_retain = self._to_retain or turns_to_retain(self._deps)
        if self._to_prune and not is_over():
            self._to_prune = self._prune(is_over)
        if self._to_retain and not is_over() and (gone := retain(self._deps, self._to_retain, is_over)):
            log.info("maintenance.retained", **gone)

    def _had_head_start(self) -> bool:
        """Whether scoring had its chance: after a silence, what waited is scored rather than settled unscored."""
        now = self._monotonic()
        if now - self._maintained_at > SILENCE_SECONDS:
            self._awake_since = now
        self._maintained_at = now
        return now - self._awake_since >= HEAD_START_SECONDS

    def settle_late(self, oldest: datetime) -> int:
        """Settle by each site's outage policy what no score reached in time; return how many moved.

        Sites take turns, a batch each, for a few seconds at most: the next maintenance run goes on.
        """
        with self._deps.store.read() as tx:
            sites = tx.sites.all()
        now, ends_at, moved = self._deps.clock(), self._monotonic() + LATE_SECONDS, 0
        waiting = [
            (site, before)
            for site in sites
            if oldest < (before := now - timedelta(seconds=site.policy.outage_after_seconds))
        ]
        while waiting and self._monotonic() < ends_at and not self._stopping():
            went = [self._settle_late_of(site, before) for site, before in waiting]
            waiting = [one for one, count in zip(waiting, went, strict=True) if count == LATE_BATCH]
            moved += sum(went)
        return moved

    def _settle_late_of(self, site: Site, before: datetime) -> int:
        with self._deps.store.read() as tx:
            late = tx.comments.late(site.id, before, LATE_BATCH)
        moved = len(record_scores(self._deps, [Scored(one, None, late=True) for one in late], sign))
        if moved:
            meters().settled.labels("late").inc(moved)
            log.warning("maintenance.settled_late", site=site.name, policy=site.policy.outage, moved=moved)
        return moved

    def _prune(self, is_over: Callable[[], bool]) -> bool:
        """Drop what has expired, in bounded transactions: nobody who writes waits long. Return whether more is left."""
        deps, dropped, more = self._deps, 0, True
        while more:
            with deps.store.write() as tx:
                went = tx.retention.prune(deps.clock(), deps.clock() - KEYS_KEPT, PRUNE_BATCH)
                went += tx.clusters.prune(deps.clock() - CLUSTERS_KEPT, PRUNE_BATCH)
            dropped += went
            more = went >= PRUNE_BATCH
            if is_over():
                break
        if dropped:
            log.info("maintenance.pruned", rows=dropped)
        return more

    def _clear(self) -> None:
        """Clear the files of what was erased; where something stands in the way, once a minute."""
        if self._monotonic() - self._cleared_at < CLEAR_SECONDS:
            return
        self._cleared_at = self._monotonic()
        log.info("maintenance.cleared", done=clear_files(self._deps))
