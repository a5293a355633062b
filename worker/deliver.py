"""Delivery: lease due callbacks, sign, post, record how it ended; a slow receiver holds up nobody but itself.

No transaction is open while a receiver is asked, and no thread that posts waits for the disk (worker/recording.py).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.context import AppContext
from service.domain.errors import ReplydeskError
from service.domain.events import Delivery
from service.domain.site import Site
from service.messaging.tasks import DELIVER
from service.storage import Tx
from service.webhooks.signing import Outcome, sign
from service.webhooks.url_guard import Allow
from worker.circuit import Circuits
from worker.connections import Connections
from worker.journal import Journal
from worker.meters import meters
from worker.outbound import post
from worker.recording import Ended, Recorder

TIMEOUT_SECONDS: Final = 15.0
LEASE_SECONDS: Final = 60.0
"""Longer than a time-out, with room to wait for a turn; a delivery that waited too long is given back unposted."""
THREADS: Final = 24
PER_SITE: Final = 8
LEASED_AT_ONCE: Final = 64
REFILL_AT: Final = 16
"""So few of a site's are left when more are leased: as many as are posted while that commits."""
CLOSE_SECONDS: Final = 4.0
PUT_OFF_SECONDS: Final = 5.0
USER_AGENT: Final = "Replydesk/1 (+standard-webhooks)"

log = structlog.get_logger(__name__)
Post = Callable[..., Outcome]


@dataclass(slots=True)
class Round:
    """One site's mail in this process: the site as it was read, what waits for a thread, and how many are posting."""

    site: Site
    secrets: tuple[str, ...] = field(repr=False)
    waiting: deque[Delivery] = field(default_factory=deque)
    posting: int = 0
    gone: str | None = None
    """The address that answered 410, until the site's round ends: nothing more goes there."""


class DeliveryWorker:
    """Posts callbacks from a bounded pool of threads, a bounded number of them for each site.

    `collect` only nudges it: it leases what it has room for and goes on by itself until nothing is due.
    """

    def __init__(
        self,
        context: AppContext,
        allow: Allow,
        *,
        post: Post = post,
        timeout: float = TIMEOUT_SECONDS,
        threads: int = THREADS,
        journal: Journal | None = None,
    ) -> None:
        self._context, self._deps = context, context.deps
        self._allow, self._post, self._timeout = allow, post, timeout
        self._threads = threads
        self._circuits = Circuits()
        self._turn = threading.Condition()
        self._leasing = threading.Lock()
        self._journal = journal or Journal(None)
        self._connections = Connections()
        self._recorder = Recorder(context.deps, allow, self._journal, self._open, self._refill)
        self._rounds: OrderedDict[int, Round] = OrderedDict()
        self._senders = 0
        self._more_due = False
        self._closing = False

    # -- leasing -------------------------------------------------------------------------------------------------------

    def collect(self) -> int:
        """Lease due deliveries for sites that have room and set threads to them; return how many were leased."""
        with self._leasing:
            return self._lease()

    def _lease(self) -> int:
        full = self._full_sites()
        if full is None:
            return 0
        now = self._deps.clock()
        until = now + timedelta(seconds=LEASE_SECONDS)
        left_alone = self._circuits.left_alone(now)
        with self._deps.store.write() as tx:
            skip = full | {site_id for site_id, url in left_alone.items() if _stands(tx, site_id, url)}
            leased = tx.deliveries.lease(now, until, LEASED_AT_ONCE, skip=skip)
            sites = {site_id: tx.sites.by_id(site_id) for site_id in {one.site_id for one in leased}}
        ran_out = self._journal.note(DELIVER, until, [one.id for one in leased], now)
        meters().leases_expired.labels("deliver").inc(ran_out)
        with self._turn:
            for delivery in leased:
                site = sites[delivery.site_id]
                if site is not None:
                    self._round_of(site).waiting.append(delivery)
            self._start_senders()
        self._more_due = len(leased) == LEASED_AT_ONCE
        return len(leased)

    def _full_sites(self) -> set[int] | None:
        """Name the sites that have mail enough here; None when this process has."""
        with self._turn:
            if self._closing or sum(len(one.waiting) for one in self._rounds.values()) >= LEASED_AT_ONCE:
                return None
            return {site_id for site_id, one in self._rounds.items() if len(one.waiting) > REFILL_AT}

    def _round_of(self, site: Site) -> Round:
        """Return the site's round with its address and secrets as they are now."""
        known = self._rounds.setdefault(site.id, Round(site, ()))
        if known.site != site or not known.secrets:
            known.site, known.secrets = site, self._open(site)
        return known

    def _open(self, site: Site) -> tuple[str, ...]:
        """Decrypt the site's webhook secrets; none when they cannot be opened, and then nothing is sent unsigned."""
        try:
            return tuple(
                self._context.keyring.decrypt(site.name, "webhook", one).decode()
                for one in site.webhook_secrets
            )
        except ReplydeskError as failure:
            log.error(
                "deliver.secret_sealed", site=site.name, error=type(failure).__name__
            )  # no frames near secrets
            return ()

    def _start_senders(self) -> None:
        """Start as many threads as can be of use. Called with the lock held."""
        wanted = sum(min(one.posting + len(one.waiting), PER_SITE) for one in self._rounds.values())
        while self._senders < min(wanted, self._threads) and not self._closing:
            self._senders += 1
            # daemons: a receiver that hangs must not keep a process alive that was told to stop
            threading.Thread(target=self._send_all, name="delivery", daemon=True).start()

    # -- posting -------------------------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        """Carry one delivery after another until there is none to take."""
        while (taken := self._take()) is not None:
            one, delivery = taken
            try:
                self._send(one, delivery)
                if self._more_due:
                    self._refill()
            except Exception as failure:  # noqa: BLE001  # the store is away: the lease brings this delivery back
                log.warning("deliver.unrecorded", delivery=delivery.id, error=type(failure).__name__)
            finally:
                self._put_down(one)

    def _take(self) -> tuple[Round, Delivery] | None:
        """Take the next delivery, of each site in turn; None ends the thread."""
        with self._turn:
            for site_id, one in self._rounds.items():
                at_once = 1 if self._circuits.on_trial(site_id) else PER_SITE
                if one.waiting and one.posting < at_once:
                    self._rounds.move_to_end(site_id)
                    one.posting += 1
                    return one, one.waiting.popleft()
            self._senders -= 1
            self._turn.notify_all()
            return None

    def _put_down(self, one: Round) -> None:
        with self._turn:
            one.posting -= 1
            if not one.posting and not one.waiting:
                self._rounds.pop(one.site.id, None)

    def _refill(self) -> None:
        """Lease more where a site's mail runs low: whoever comes first does, the others go on."""
        with self._turn:
            low = not self._rounds or any(len(one.waiting) <= REFILL_AT for one in self._rounds.values())
        if low and self._leasing.acquire(blocking=False):
            try:
                self._lease()
            finally:
                self._leasing.release()

    def _send(self, one: Round, delivery: Delivery) -> None:
        """Post one delivery and record how it ended."""
        site, secrets = one.site, one.secrets  # a new lease may bring a new address while this one is asked
        if one.gone is not None and one.gone == site.callback_url:
            self._put_off(one, 0.0, delivery)
            return
        if self._is_stale(delivery):
            self._give_back([delivery], self._deps.clock())
            return
        outcome = self._try(site, secrets, delivery)
        now = self._deps.clock()
        self._circuits.heard(site.id, site.callback_url, outcome, now)
        is_left_alone = site.id in self._circuits.left_alone(now)
        if outcome.kind == "gone":
            one.gone = site.callback_url  # first of all: another thread may be leasing for this round
        if outcome.status is None or outcome.kind in ("slow_down", "gone") or is_left_alone:
            self._put_off(one, outcome.retry_after or 0.0)
        self._recorder.record(Ended(delivery, site, outcome))
        if outcome.kind == "gone":
            self._recorder.wait(self._timeout)  # until the site is switched off its round must not end

    def _is_stale(self, delivery: Delivery) -> bool:
        """Whether the lease could run out while the receiver takes its time, and another worker post it beside us."""
        left = (delivery.next_attempt_at - self._deps.clock()).total_seconds()
        return left < self._timeout + 2.0

    def _try(self, site: Site, secrets: tuple[str, ...], delivery: Delivery) -> Outcome:
        if not secrets:
            return Outcome("retry", detail="no webhook secret could be opened, and nothing is sent unsigned")
        now = self._deps.clock()
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            **sign(secrets, delivery.webhook_id, int(now.timestamp()), delivery.payload),
        }
        try:
            with meters().delivery_seconds.time():
                return self._post(
                    site.callback_url,
                    headers,
                    delivery.payload,
                    allow=self._allow,
                    timeout=self._timeout,
                    connections=self._connections,
                )
        except Exception as failure:  # noqa: BLE001  # an unforeseen fault of one post must not leave it unrecorded
            log.warning("deliver.fault", delivery=delivery.id, error=type(failure).__name__)
            return Outcome("retry", detail=type(failure).__name__)

    def _put_off(self, one: Round, seconds: float, *unposted: Delivery) -> None:
        """Give back what else waits for a receiver that will not have it now: asking again at once helps nobody."""
        with self._turn:
            rest = [*unposted, *one.waiting]
            one.waiting.clear()
        if rest:
            pause = max(PUT_OFF_SECONDS, seconds)
            self._give_back(rest, self._deps.clock() + timedelta(seconds=pause))

    def _give_back(self, deliveries: Sequence[Delivery], due_at: datetime) -> None:
        """Let them be due then, unposted; where the store is away, when their leases run out."""
        try:
            with self._deps.store.write() as tx:
                tx.deliveries.release(deliveries, due_at)
        except Exception as failure:  # noqa: BLE001  # whatever the store died of, how a post ended goes before
            log.warning("deliver.lease_kept", leased=len(deliveries), error=type(failure).__name__)
            return  # should this process end first, whoever sweeps finds them in its journal
        self._journal.drop(DELIVER, [one.id for one in deliveries])

    # -- stopping ------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> bool:
        """Wait until everything here is carried; False when the time is up first."""
        ends_at = time.monotonic() + seconds
        while True:
            with self._turn:
                if not self._turn.wait_for(
                    lambda: not self._senders, timeout=max(0.0, ends_at - time.monotonic())
                ):
                    return False
            if not self._recorder.wait(max(0.0, ends_at - time.monotonic())):
                return False
            with self._turn:
                if not self._senders:  # recording may have leased more
                    return True

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Lease no more, give back what waits, and let what is in the air land, for so long."""
        with self._turn:
            self._closing = True
            rest = [delivery for one in self._rounds.values() for delivery in one.waiting]
            for one in self._rounds.values():
                one.waiting.clear()
        if rest:
            self._give_back(rest, self._deps.clock())
        self.wait(seconds)
        self._connections.close()


def _stands(tx: Tx, site_id: int, url: str) -> bool:
    """Whether the site still wants its callbacks at that address: a new one is not left alone for an old one's sake."""
    site = tx.sites.by_id(site_id)
    return site is not None and site.callback_url == url
