"""Delivery: lease due callbacks, sign, post, record how it ended; a slow receiver holds up nobody but itself.

No transaction is open while a receiver is asked. Results are recorded together, as many as came in meanwhile.
"""

from __future__ import annotations

import random
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.moderation.errors import ReplydeskError
from service.moderation.events import Delivery, instant
from service.ports import Site, Tx
from service.targets import Allow
from service.webhooks import Outcome, next_attempt, sign
from service.wiring import Parts
from worker.circuit import Circuits
from worker.meters import meters
from worker.outbound import post
from worker.owner import tell_stopped

TIMEOUT_SECONDS: Final = 15.0
LEASE_SECONDS: Final = 60.0
"""Longer than a time-out, with room to wait for a turn; a delivery that waited too long is given back unposted."""
THREADS: Final = 24
PER_SITE: Final = 8
LEASED_AT_ONCE: Final = 64
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


@dataclass(frozen=True, slots=True)
class Ended:
    """A delivery that was tried, and how that went."""

    delivery: Delivery
    site: Site
    outcome: Outcome


class Postman:
    """Posts callbacks from a bounded pool of threads, a bounded number of them for each site.

    `collect` only nudges it: it leases what it has room for and goes on by itself until nothing is due.
    """

    def __init__(
        self,
        parts: Parts,
        allow: Allow,
        *,
        post: Post = post,
        timeout: float = TIMEOUT_SECONDS,
        threads: int = THREADS,
    ) -> None:
        self._parts, self._house = parts, parts.house
        self._allow, self._post, self._timeout = allow, post, timeout
        self._threads = threads
        self._circuits = Circuits()
        self._turn = threading.Condition()
        self._leasing = threading.Lock()
        self._recording = threading.Lock()
        self._rounds: OrderedDict[int, Round] = OrderedDict()
        self._carriers = 0
        self._ended: list[Ended] = []
        self._closing = False

    # -- leasing -------------------------------------------------------------------------------------------------------

    def collect(self) -> int:
        """Lease due deliveries for sites that have room and set threads to them; return how many were leased."""
        with self._leasing:
            full = self._full_sites()
            if full is None:
                return 0
            now = self._house.clock()
            left_alone = self._circuits.left_alone(now)
            with self._house.store.write() as tx:
                skip = full | {site_id for site_id, url in left_alone.items() if _stands(tx, site_id, url)}
                leased = tx.lease_deliveries(
                    now, now + timedelta(seconds=LEASE_SECONDS), LEASED_AT_ONCE, skip=skip
                )
                sites = {one.site_id: tx.site_by_id(one.site_id) for one in leased}
            with self._turn:
                for delivery in leased:
                    site = sites[delivery.site_id]
                    if site is not None:
                        self._round_of(site).waiting.append(delivery)
                self._send_carriers()
        return len(leased)

    def _full_sites(self) -> set[int] | None:
        """Name the sites that have mail enough here; None when this process has."""
        with self._turn:
            if self._closing or sum(len(one.waiting) for one in self._rounds.values()) >= LEASED_AT_ONCE:
                return None
            return {site_id for site_id, one in self._rounds.items() if len(one.waiting) >= PER_SITE}

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
                self._parts.keyring.decrypt(site.name, "webhook", one).decode()
                for one in site.webhook_secrets
            )
        except ReplydeskError as failure:
            log.error(
                "deliver.secret_sealed", site=site.name, error=type(failure).__name__
            )  # no frames near secrets
            return ()

    def _send_carriers(self) -> None:
        """Start as many threads as can be of use. Called with the lock held."""
        wanted = sum(min(one.posting + len(one.waiting), PER_SITE) for one in self._rounds.values())
        while self._carriers < min(wanted, self._threads) and not self._closing:
            self._carriers += 1
            # daemons: a receiver that hangs must not keep a process alive that was told to stop
            threading.Thread(target=self._carry_on, name="postman", daemon=True).start()

    # -- posting -------------------------------------------------------------------------------------------------------

    def _carry_on(self) -> None:
        """Carry one delivery after another until there is none to take."""
        while (taken := self._take()) is not None:
            one, delivery = taken
            try:
                self._carry(one, delivery)
                self._refill(one)
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
            self._carriers -= 1
            self._turn.notify_all()
            return None

    def _put_down(self, one: Round) -> None:
        with self._turn:
            one.posting -= 1
            if not one.posting and not one.waiting:
                self._rounds.pop(one.site.id, None)

    def _refill(self, one: Round) -> None:
        """Lease more when this site's mail runs low."""
        with self._turn:
            low = len(one.waiting) < PER_SITE // 2
        if low:
            self.collect()

    def _carry(self, one: Round, delivery: Delivery) -> None:
        """Post one delivery and record how it ended."""
        site, secrets = one.site, one.secrets  # a new lease may bring a new address while this one is asked
        if one.gone is not None and one.gone == site.callback_url:
            self._put_off(one, 0.0, delivery)
            return
        if self._is_stale(delivery):
            self._give_back([delivery], self._house.clock())
            return
        outcome = self._try(site, secrets, delivery)
        now = self._house.clock()
        self._circuits.heard(site.id, site.callback_url, outcome, now)
        is_left_alone = site.id in self._circuits.left_alone(now)
        if outcome.kind == "gone":
            one.gone = site.callback_url  # first of all: another thread may be leasing for this round
        if outcome.status is None or outcome.kind in ("slow_down", "gone") or is_left_alone:
            self._put_off(one, outcome.retry_after or 0.0)
        self._record(Ended(delivery, site, outcome))

    def _is_stale(self, delivery: Delivery) -> bool:
        """Whether the lease could run out while the receiver takes its time, and another worker post it beside us."""
        left = (delivery.next_attempt_at - self._house.clock()).total_seconds()
        return left < self._timeout + 2.0

    def _try(self, site: Site, secrets: tuple[str, ...], delivery: Delivery) -> Outcome:
        if not secrets:
            return Outcome("retry", detail="no webhook secret could be opened, and nothing is sent unsigned")
        now = self._house.clock()
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            **sign(secrets, delivery.webhook_id, int(now.timestamp()), delivery.payload),
        }
        try:
            with meters().delivery_seconds.time():
                return self._post(
                    site.callback_url, headers, delivery.payload, allow=self._allow, timeout=self._timeout
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
            self._give_back(rest, self._house.clock() + timedelta(seconds=pause))

    def _give_back(self, deliveries: Sequence[Delivery], due_at: datetime) -> None:
        with self._house.store.write() as tx:
            tx.release_deliveries(deliveries, due_at)

    # -- recording -----------------------------------------------------------------------------------------------------

    def _record(self, ended: Ended) -> None:
        """Write down how it ended. Whoever gets the turn writes for all that came in meanwhile, in one transaction."""
        with self._turn:
            self._ended.append(ended)
        with self._recording:
            with self._turn:
                group, self._ended = self._ended, []
            if group:
                self._write(group)

    def _write(self, group: Sequence[Ended]) -> None:
        now = self._house.clock()
        endings = [(one, *_ending(one, now)) for one in group]
        gone = {one.site.id: one.site for one in group if one.outcome.kind == "gone"}
        reason, stopped = f"The receiver answered 410 Gone at {instant(now)}.", list[Site]()
        with self._house.store.write() as tx:
            lost = 0
            for one, state, again in sorted(endings, key=lambda ending: ending[0].delivery.id):
                lost += not tx.finish_delivery(
                    one.delivery.id, one.delivery.attempts, state, _said(one.outcome), again, now
                )
            for asked in gone.values():
                site = tx.site_by_id(asked.id)
                if site and site.callback_url == asked.callback_url and not site.callback_disabled:
                    stopped.append(site)
                    tx.save_site(replace(site, callback_disabled=reason))
        meters().leases_expired.labels("deliver").inc(lost)
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
            tell_stopped(site, self._open(site), reason, now, self._allow)

    # -- stopping ------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> bool:
        """Wait until everything here is carried; False when the time is up first."""
        with self._turn:
            return self._turn.wait_for(lambda: not self._carriers, timeout=seconds)

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Lease no more, give back what waits, and let what is in the air land, for so long."""
        with self._turn:
            self._closing = True
            rest = [delivery for one in self._rounds.values() for delivery in one.waiting]
            for one in self._rounds.values():
                one.waiting.clear()
        if rest:
            try:
                self._give_back(rest, self._house.clock())
            except Exception as failure:  # noqa: BLE001  # the store is away: the leases run out
                log.warning("deliver.lease_kept", leased=len(rest), error=type(failure).__name__)
        self.wait(seconds)


def _stands(tx: Tx, site_id: int, url: str) -> bool:
    """Whether the site still wants its callbacks at that address: a new one is not left alone for an old one's sake."""
    site = tx.site_by_id(site_id)
    return site is not None and site.callback_url == url


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
