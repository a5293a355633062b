"""Alerts to a site's `notify_url`: its queue has grown past its limits or is calm again, or its callbacks stopped.

Kept apart from the callbacks: nobody waits for them in order.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.context import AppContext
from service.domain.alarms import Alarm, alarm_payload, turns
from service.domain.events import stopped_payload
from service.domain.site import Site
from service.storage.records import SiteQueue
from service.webhooks.signing import next_attempt
from worker.webhook_sender import WebhookSender

LOOK_SECONDS: Final = 10.0
LEASE: Final = timedelta(seconds=60)
"""Of one notice, taken when its turn comes: it outlasts the post, however many receivers hang before."""
AT_ONCE: Final = 4
"""So many are told at a time: one whose receiver hangs keeps few others waiting."""

log = structlog.get_logger(__name__)


class Alerts:
    """Looks at the queues now and then, and sends what changed from threads of its own: a receiver may hang."""

    def __init__(
        self, context: AppContext, sender: WebhookSender, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._deps, self._sender = context.settings, context.deps, sender
        self._monotonic = monotonic
        self._looked_at = monotonic() - LOOK_SECONDS
        self._threads = ThreadPoolExecutor(AT_ONCE, "alerts")
        self._sending: list[Future[int]] = []

    def run(self) -> None:
        """Look, and begin to send what is due."""
        if self._monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = self._monotonic()
        if self.look() and all(one.done() for one in self._sending):
            self._start()

    def look(self) -> bool:
        """Turn the alarms that change now; return whether anything is to be told."""
        now = self._deps.clock()
        with self._deps.store.read() as tx:
            sites = {site.id: site for site in tx.sites.all() if site.options.notify_url is not None}
            if not sites:
                return False
            known = {alarm.site_id: alarm for alarm in tx.alarms.all()}
            queues = [queue for queue in tx.statistics.site_queues() if queue.site_id in sites]
        turned = [
            alarm
            for queue in queues
            if (alarm := self._turned(known.get(queue.site_id), queue, sites[queue.site_id], now)) is not None
        ]
        if turned:
            with self._deps.store.write() as tx:
                for alarm in turned:
                    if tx.alarms.save(alarm):
                        log.info("alerts.turned", site=sites[alarm.site_id].name, raised=alarm.raised)
        return bool(turned) or any(
            one.next_attempt_at and one.next_attempt_at <= now for one in known.values()
        )

    def _turned(self, alarm: Alarm | None, queue: SiteQueue, site: Site, now: datetime) -> Alarm | None:
        age = (now - queue.oldest_held).total_seconds() if queue.oldest_held else 0.0
        raised = turns(alarm, queue.held, age, site.options, now)
        if raised is None:
            return None
        desk = f"{self._settings.public_url}/desk"
        payload = alarm_payload(site, raised, queue.held, age, desk, now)
        serial = alarm.serial + 1 if alarm else 1
        return Alarm(site.id, raised, serial, now, payload, next_attempt_at=now)

    def send(self) -> int:
        """Post what is due, each once; return how many arrived. A change that came meanwhile is told instead."""
        self._start()
        return sum(one.result() for one in self._sending)

    def _start(self) -> None:
        self._sending = [self._threads.submit(self._send_due) for _ in range(AT_ONCE)]

    def _send_due(self) -> int:
        """Lease one after another and post it, until none is due; return how many arrived."""
        arrived = 0
        try:
            while (leased := self._lease()) is not None:
                arrived += self._send(*leased)
        except Exception as failure:  # noqa: BLE001  # the store is away: the lease brings it back
            log.warning("alerts.unrecorded", error=type(failure).__name__)
        return arrived

    def _lease(self) -> tuple[Alarm, Site | None] | None:
        now = self._deps.clock()
        with self._deps.store.write() as tx:
            for alarm in tx.alarms.lease(now, now + LEASE, 1):
                return alarm, tx.sites.by_id(alarm.site_id)
        return None

    def _send(self, alarm: Alarm, site: Site | None) -> bool:
        now = self._deps.clock()
        if site is None or site.options.notify_url is None:
            again = None  # switched off since
        else:
            # its moment as well: an installation that was restored counts on from an earlier serial
            message_id = f"queue_{site.id}_{int(alarm.changed_at.timestamp())}_{alarm.serial}"
            outcome = self._sender.send(site, site.options.notify_url, message_id, alarm.payload, now)
            again = next_attempt(outcome, alarm.attempts, now, random.random())  # noqa: S311  # jitter
            log.info("alerts.sent", site=site.name, outcome=outcome.kind, attempt=alarm.attempts)
        with self._deps.store.write() as tx:
            tx.alarms.finish(alarm, again)
        return again is None

    def tell_stopped(self, site: Site, reason: str, now: datetime) -> None:
        """Say once that callbacks stopped: what stays lost is on the desk and in `replydesk status` all the same."""
        url = site.options.notify_url
        if url is None:
            return
        payload = stopped_payload(site.name, reason, now)
        message_id = f"stopped_{site.id}_{int(now.timestamp())}"

        def send() -> None:
            outcome = self._sender.send(site, url, message_id, payload, now)
            log.info("alerts.stopped_sent", site=site.name, outcome=outcome.kind)

        self._threads.submit(send)
