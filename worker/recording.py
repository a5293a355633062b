"""Recording how deliveries ended: as many as came in meanwhile in one transaction, while the next are posted.

Who posts does not wait for the disk. A process that dies in between has posted what is posted again: at least once is
promised, under one id, and no later callback of the comment is on its way before this one is recorded.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from service.context import Dependencies
from service.domain.events import Delivery, instant
from service.domain.site import Site
from service.messaging.tasks import DELIVER
from service.storage.records import Finished
from service.webhooks.signing import Outcome, next_attempt
from service.webhooks.url_guard import Allow
from worker.journal import Journal
from worker.meters import meters
from worker.owner import tell_stopped

UNRECORDED: Final = 64
"""So many may have ended and not be written down: beyond it whoever posts waits for the disk."""
LINGER_SECONDS: Final = 1.0
INSIST_SECONDS: Final = 20.0
FIRST_PAUSE: Final = 0.1
"""Between two tries to write, twice as long each time."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A delivery that was tried, and how that went."""

    delivery: Delivery
    site: Site
    outcome: Outcome


class Recorder:
    """Writes from a thread of its own, which ends when there is nothing to write; `recorded` is called after each."""

    def __init__(
        self,
        deps: Dependencies,
        allow: Allow,
        journal: Journal,
        secrets_of: Callable[[Site], tuple[str, ...]],
        recorded: Callable[[], object],
    ) -> None:
        self._deps, self._allow, self._journal = deps, allow, journal
        self._secrets_of, self._recorded = secrets_of, recorded
        self._turn = threading.Condition()
        self._ended: list[Ended] = []
        self._unwritten = 0
        self._runs = False

    def record(self, ended: Ended) -> None:
        """Take note of an ending; waits only while too many are not yet written down."""
        with self._turn:
            self._turn.wait_for(lambda: self._unwritten < UNRECORDED)
            self._ended.append(ended)
            self._unwritten += 1
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="recorder", daemon=True).start()
            self._turn.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until all is written down; False when the time is up first."""
        with self._turn:
            return self._turn.wait_for(lambda: not self._unwritten, timeout=seconds)

    def _run(self) -> None:
        while group := self._next():
            self._insist(group)
            self._journal.drop(DELIVER, [one.delivery.id for one in group])
            try:
                self._recorded()
            except Exception as failure:  # noqa: BLE001  # likewise: the sweep enqueues again
                log.warning("deliver.not_leased", error=type(failure).__name__)
            with self._turn:
                self._unwritten -= len(group)
                self._turn.notify_all()

    def _insist(self, group: Sequence[Ended]) -> None:
        """Write, and try again while the store is away for a moment: else all of it would be posted again.

        What was written after all, though its commit went unheard, is known by its attempt.
        """
        ends_at, pause = time.monotonic() + INSIST_SECONDS, FIRST_PAUSE
        while True:
            try:
                return self._write(group)
            except Exception as failure:  # noqa: BLE001  # whatever the store died of, the leases bring these back
                is_over = time.monotonic() + pause > ends_at
                ids = [one.delivery.id for one in group]
                event = "deliver.unrecorded" if is_over else "deliver.recording_again"
                log.warning(event, deliveries=ids, error=type(failure).__name__)
            if is_over:
                return None
            time.sleep(pause)
            pause *= 2

    def _next(self) -> list[Ended]:
        """Take all that has ended; nothing, after a while of idleness, ends the thread."""
        with self._turn:
            self._turn.wait_for(lambda: self._ended, timeout=LINGER_SECONDS)
            group, self._ended = self._ended, []
            self._runs = bool(group)
            return group

    def _write(self, group: Sequence[Ended]) -> None:
        now = self._deps.clock()
        endings = [(one, *_ending(one, now)) for one in group]
        gone = {one.site.id: one.site for one in group if one.outcome.kind == "gone"}
        reason, stopped = f"The receiver answered 410 Gone at {instant(now)}.", list[Site]()
        with self._deps.store.write() as tx:
            finished = tx.deliveries.finish(
                [
                    Finished(one.delivery.id, one.delivery.attempts, state, _said(one.outcome), again)
                    for one, state, again in endings
                ],
                now,
            )
            for asked in gone.values():
                site = tx.sites.by_id(asked.id)
                if site and site.callback_url == asked.callback_url and not site.callback_disabled:
                    stopped.append(site)
                    tx.sites.save(replace(site, callback_disabled=reason))
        meters().leases_expired.labels("deliver").inc(len(group) - len(finished))
        for one, state, _ in endings:
            meters().delivered(one.outcome, state)
        arrived = [one.delivery.id for one, state, _ in endings if state == "delivered"]
        if arrived:
            log.info("deliver.delivered", deliveries=arrived)
        for one, state, _ in endings:
            if state != "delivered":
                log.warning(
                    "deliver.failed",
                    delivery=one.delivery.id,
                    site=one.site.name,
                    state=state,
                    attempt=one.delivery.attempts,
                    outcome=_said(one.outcome),
                )
        for site in gone.values():
            log.error("deliver.site_disabled", site=site.name, reason="410 Gone")
        for site in stopped:
            tell_stopped(site, self._secrets_of(site), reason, now, self._allow)


def _ending(ended: Ended, now: datetime) -> tuple[str, datetime | None]:
    """Return the state a delivery is left in, and when it is tried again; chance spreads the tries."""
    if ended.outcome.kind == "delivered":
        return "delivered", None
    again = next_attempt(ended.outcome, ended.delivery.attempts, now, random.random())  # noqa: S311  # jitter
    return ("waiting", again) if again else ("dead", None)


def _said(outcome: Outcome) -> str:
    """Put an outcome in a few words, without anything the receiver wrote."""
    answered = f"HTTP {outcome.status}" if outcome.status else ""
    remark = ", ".join(part for part in (answered, outcome.detail) if part)
    return f"{outcome.kind}: {remark}"[:200] if remark else outcome.kind
