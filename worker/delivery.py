"""Delivery: lease due callbacks, sign, post, record how they ended; a slow receiver holds up nobody but itself.

No transaction is open while a receiver is asked. A process that dies has posted what is posted again: at least once is
promised, under one id, and no later callback of a comment is in flight before this one is recorded.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.context import Dependencies
from service.domain.events import Delivery, instant
from service.domain.site import Site
from service.messaging.tasks import DELIVER
from service.storage import Tx
from service.storage.records import Finished
from service.webhooks.signing import Outcome, next_attempt
from worker.circuit_breaker import CircuitBreakers
from worker.metrics import meters
from worker.webhook_sender import WebhookSender

RUN_SECONDS: Final = 4.0
IDLE_SECONDS: Final = 0.1
"""When no receiver answers for so long the run ends; what is in flight is recorded by the thread that posted it."""
GATHER_SECONDS: Final = 0.01
"""After an answer others are waited for so long: what ends together is recorded in one transaction."""
LEASE_SECONDS: Final = 30.0
"""A post's time-out, and as long again for a store that is away."""
THREADS: Final = 24
PER_SITE: Final = 8
RECORDING_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Seconds between tries while the store is away: what was posted and not recorded would be posted again."""

log = structlog.get_logger(__name__)
TellStopped = Callable[[Site, str, datetime], object]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that was tried, and how that went."""

    delivery: Delivery
    site: Site
    outcome: Outcome


class DeliveryWorker:
    """Posts callbacks, so many at a time, and so many of them for one site.

    A run belongs to the task: it leases as many as it may post, and records and leases again as receivers answer.
    """

    def __init__(
        self,
        deps: Dependencies,
        sender: WebhookSender,
        tell_stopped: TellStopped,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._deps, self._sender, self._tell_stopped = deps, sender, tell_stopped
        self._stopping = stopping
        self._breakers = CircuitBreakers()
        self._threads = ThreadPoolExecutor(THREADS, "delivery")
        self._in_flight: dict[Future[Attempt], int] = {}
        """Posts that are not recorded yet, with their sites."""

    @property
    def in_flight(self) -> int:
        """How many posts are not recorded yet."""
        return len(self._in_flight)

    def run(self) -> None:
        """Post what is due until nothing is, time is up, or only slow receivers are left."""
        posting: set[Future[Attempt]] = set()
        done: set[Future[Attempt]] = set()
        ends_at = time.monotonic() + RUN_SECONDS
        try:
            while True:
                is_over = self._stopping() or time.monotonic() >= ends_at
                posting |= self._record_and_post(done, 0 if is_over else THREADS)
                if is_over:
                    self._deps.dispatcher.enqueue(DELIVER)
                if is_over or not posting:
                    return
                done, posting = wait(posting, IDLE_SECONDS, FIRST_COMPLETED)
                if not done:
                    return
                done |= (late := wait(posting, GATHER_SECONDS)).done
                posting = late.not_done
        finally:
            for post in posting:
                post.add_done_callback(self._record_late)

    def close(self) -> None:
        """Wait until what is in flight is recorded."""
        self._threads.shutdown()

    def _record_late(self, post: Future[Attempt]) -> None:
        """Record a post whose run is over, and look for what became due with it."""
        try:
            self._record_and_lease([post.result()], 0)
        except Exception as failure:  # noqa: BLE001  # the lease brings it back
            log.warning("deliver.unrecorded", error=type(failure).__name__)
        finally:
            del self._in_flight[post]
        self._deps.dispatcher.enqueue(DELIVER)

    def _record_and_post(self, done: set[Future[Attempt]], threads: int) -> set[Future[Attempt]]:
        """Record these posts, and start what is due while fewer than so many are in flight."""
        for post in done:
            del self._in_flight[post]
        limit = max(0, threads - len(self._in_flight))
        if not done and not limit:
            return set()
        started = set()
        for delivery, site in self._record_and_lease([post.result() for post in done], limit):
            post = self._threads.submit(self._post, delivery, site)
            self._in_flight[post] = site.id
            started.add(post)
        return started

    def _post(self, delivery: Delivery, site: Site) -> Attempt:
        url, now = site.callback_url or "", self._deps.clock()
        with meters().delivery_seconds.time():
            outcome = self._sender.send(site, url, delivery.webhook_id, delivery.payload, now)
        self._breakers.record(site.id, url, outcome, self._deps.clock())
        return Attempt(delivery, site, outcome)

    def _record_and_lease(self, ended: Sequence[Attempt], limit: int) -> list[tuple[Delivery, Site]]:
        """Record and lease in one transaction; with anything to record, a store that is away is asked again."""
        for pause in RECORDING_PAUSES if ended else ():
            try:
                return self._record_and_lease_once(ended, limit)
            except Exception as failure:  # noqa: BLE001  # whatever the store died of
                log.warning("deliver.recording_again", deliveries=len(ended), error=type(failure).__name__)
                time.sleep(pause)
        return self._record_and_lease_once(ended, limit)

    def _record_and_lease_once(self, ended: Sequence[Attempt], limit: int) -> list[tuple[Delivery, Site]]:
        now = self._deps.clock()
        states = [(one, *_next_state(one, now)) for one in ended]
        reason = f"The receiver answered 410 Gone at {instant(now)}."
        with self._deps.store.write() as tx:
            finished = tx.deliveries.finish(
                [
                    Finished(one.delivery.id, one.delivery.attempts, state, _describe(one.outcome), again)
                    for one, state, again in states
                ],
                now,
            )
            stopped = _stop_callbacks(tx, ended, reason)
            leased = self._lease(tx, limit, now) if limit else []
        meters().leases_expired.labels("deliver").inc(len(ended) - len(finished))
        for one, state, _ in states:
            _report(one, state)
        for site in stopped:
            log.error("deliver.site_disabled", site=site.name, reason="410 Gone")
            self._tell_stopped(site, reason, now)
        return leased

    def _lease(self, tx: Tx, limit: int, now: datetime) -> list[tuple[Delivery, Site]]:
        in_flight = Counter(tuple(self._in_flight.values()))
        site_limits = {site_id: PER_SITE - count for site_id, count in in_flight.items()}
        for site_id, (url, most) in self._breakers.limits(now).items():
            site = tx.sites.by_id(site_id)
            if (
                site is not None and site.callback_url == url
            ):  # a new address is not left alone for an old one's sake
                site_limits[site_id] = max(0, most - in_flight[site_id])
        until = now + timedelta(seconds=LEASE_SECONDS)
        leased = tx.deliveries.lease(now, until, limit, per_site=PER_SITE, site_limits=site_limits)
        ended_without_result = sum(one.attempts > 1 and one.last_outcome is None for one in leased)
        meters().leases_expired.labels("deliver").inc(ended_without_result)
        sites = {site_id: tx.sites.by_id(site_id) for site_id in {one.site_id for one in leased}}
        return [(one, site) for one in leased if (site := sites[one.site_id])]


def _stop_callbacks(tx: Tx, ended: Sequence[Attempt], reason: str) -> list[Site]:
    """Switch off the callbacks of sites that answered 410, and return those; a new address stays switched on."""
    stopped = []
    for asked in {one.site.id: one.site for one in ended if one.outcome.kind == "gone"}.values():
        site = tx.sites.by_id(asked.id)
        if site and site.callback_url == asked.callback_url and not site.callback_disabled:
            tx.sites.save(replace(site, callback_disabled=reason))
            stopped.append(site)
    return stopped


def _next_state(ended: Attempt, now: datetime) -> tuple[str, datetime | None]:
    """Return the state a delivery is left in, and when it is tried again; chance spreads the tries."""
    if ended.outcome.kind == "delivered":
        return "delivered", None
    again = next_attempt(ended.outcome, ended.delivery.attempts, now, random.random())  # noqa: S311  # jitter
    return ("waiting", again) if again else ("dead", None)


def _report(ended: Attempt, state: str) -> None:
    meters().delivered(ended.outcome, state)
    delivery, site = ended.delivery, ended.site
    if state == "delivered":
        log.info("deliver.delivered", delivery=delivery.id)
    else:
        log.warning(
            "deliver.failed",
            delivery=delivery.id,
            site=site.name,
            state=state,
            attempt=delivery.attempts,
            outcome=_describe(ended.outcome),
        )


def _describe(outcome: Outcome) -> str:
    """Put an outcome in a few words, without anything the receiver wrote."""
    answered = f"HTTP {outcome.status}" if outcome.status else ""
    remark = ", ".join(part for part in (answered, outcome.detail) if part)
    return f"{outcome.kind}: {remark}"[:200] if remark else outcome.kind
