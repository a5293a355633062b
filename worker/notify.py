"""Calling the moderators: a signed webhook when a site's queue grows past its limits, and one when it is calm again.

Kept apart from the callbacks: it tells of the queue, not of a comment, and nobody waits for it in order.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.context import AppContext
from service.domain.alarms import Alarm, alarm_payload, turns
from service.domain.errors import ReplydeskError
from service.domain.site import Site
from service.storage.records import SiteQueue
from service.webhooks.signing import Outcome, next_attempt, sign
from service.webhooks.url_guard import Allow
from worker.deliver import USER_AGENT, Post
from worker.outbound import post

LOOK_SECONDS: Final = 10.0
TIMEOUT_SECONDS: Final = 10.0
LEASE: Final = timedelta(seconds=60)
"""Of one notice, taken when its turn comes: it outlasts the post, however many receivers hang before."""
AT_ONCE: Final = 4
"""So many are told at a time: one whose receiver hangs keeps few others waiting."""

log = structlog.get_logger(__name__)


class Notifier:
    """Looks at the queues now and then, and tells what changed; at most one thread tells at a time."""

    def __init__(
        self,
        context: AppContext,
        allow: Allow,
        *,
        post: Post = post,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context, self._deps, self._allow, self._post = context, context.deps, allow, post
        self._monotonic = monotonic
        self._looked_at = monotonic() - LOOK_SECONDS
        self._telling = threading.Lock()

    def run(self) -> None:
        """Look, and let a thread tell what is due: a receiver that hangs must not hold up the sweep."""
        if self._monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = self._monotonic()
        if self.look() and not self._telling.locked():
            threading.Thread(target=self.tell, name="notify", daemon=True).start()

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
                        log.info("notify.turned", site=sites[alarm.site_id].name, raised=alarm.raised)
        return bool(turned) or any(
            one.next_attempt_at and one.next_attempt_at <= now for one in known.values()
        )

    def _turned(self, alarm: Alarm | None, queue: SiteQueue, site: Site, now: datetime) -> Alarm | None:
        age = (now - queue.oldest_held).total_seconds() if queue.oldest_held else 0.0
        raised = turns(alarm, queue.held, age, site.options, now)
        if raised is None:
            return None
        desk = f"{self._context.settings.public_url}/desk"
        payload = alarm_payload(site, raised, queue.held, age, desk, now)
        serial = alarm.serial + 1 if alarm else 1
        return Alarm(site.id, raised, serial, now, payload, next_attempt_at=now)

    # -- telling -------------------------------------------------------------------------------------------------------

    def tell(self) -> int:
        """Post what is due, each once; return how many arrived. A change that came meanwhile is told instead."""
        arrived: list[int] = []
        with self._telling:
            # daemons: a receiver that hangs must not keep a process alive that was told to stop
            tellers = [
                threading.Thread(target=self._tell_all, args=(arrived,), name="teller", daemon=True)
                for _ in range(AT_ONCE)
            ]
            for one in tellers:
                one.start()
            for one in tellers:
                one.join()
        return len(arrived)

    def _tell_all(self, arrived: list[int]) -> None:
        """Lease one after another and post it, until none is due."""
        try:
            while (leased := self._lease()) is not None:
                alarm, site = leased
                if self._tell(alarm, site):
                    arrived.append(alarm.site_id)
        except Exception as failure:  # noqa: BLE001  # the store is away: the lease brings it back
            log.warning("notify.unrecorded", error=type(failure).__name__)

    def _lease(self) -> tuple[Alarm, Site | None] | None:
        now = self._deps.clock()
        with self._deps.store.write() as tx:
            for alarm in tx.alarms.lease(now, now + LEASE, 1):
                return alarm, tx.sites.by_id(alarm.site_id)
        return None

    def _tell(self, alarm: Alarm, site: Site | None) -> bool:
        now = self._deps.clock()
        if site is None or site.options.notify_url is None:
            again = None  # switched off since
        else:
            headers = {"content-type": "application/json", "user-agent": USER_AGENT}
            # its moment as well: an installation that was restored counts on from an earlier serial
            name = f"queue_{site.id}_{int(alarm.changed_at.timestamp())}_{alarm.serial}"
            if secrets := self._secrets(site):
                headers |= sign(secrets, name, int(now.timestamp()), alarm.payload)
                outcome = self._post(
                    site.options.notify_url,
                    headers,
                    alarm.payload,
                    allow=self._allow,
                    timeout=TIMEOUT_SECONDS,
                )
            else:
                outcome = Outcome(
                    "retry", detail="no webhook secret could be opened, and nothing is sent unsigned"
                )
            again = next_attempt(outcome, alarm.attempts, now, random.random())  # noqa: S311  # jitter
            log.info("notify.sent", site=site.name, outcome=outcome.kind, attempt=alarm.attempts)
        with self._deps.store.write() as tx:
            tx.alarms.finish(alarm, again)
        return again is None

    def _secrets(self, site: Site) -> list[str]:
        try:
            keyring = self._context.keyring
            return [keyring.decrypt(site.name, "webhook", one).decode() for one in site.webhook_secrets]
        except ReplydeskError as failure:
            log.error("notify.secret_sealed", site=site.name, error=type(failure).__name__)
            return []
