"""Rate limits that all web processes hold together, though no request ever asks Redis.

Each process counts in memory. A background thread adds what it let pass to the sum that Redis keeps, and learns what
the others did, ten times a second; so the rate holds exactly in the long run, and within a tenth of a second each
process may let pass what it has not yet heard that others did. While Redis is away each holds the limit by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from service.domain.rates import Rate, drained, wait_for
from service.messaging.dispatcher import connect

if TYPE_CHECKING:
    from redis import Redis

SYNC_SECONDS: Final = 0.1
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
BUCKETS_BOUND: Final = 4096
ADD_USAGE: Final = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local known = redis.call('HMGET', KEYS[1], 'debt', 'at')
local debt, rate = tonumber(known[1] or '0'), tonumber(ARGV[2])
if known[2] then debt = math.max(0, debt - math.max(0, now - tonumber(known[2])) * rate) end
debt = debt + tonumber(ARGV[1])
redis.call('HSET', KEYS[1], 'debt', string.format('%.6f', debt), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.min(86400, math.ceil(debt / rate) + 1))
return string.format('%.6f', debt)
"""
"""Adds to the shared debt and returns it, by Redis' own clock: the hosts' clocks need not agree."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Bucket:
    """One name's usage as far as this process knows, when it knew it, and what is not reported to Redis yet."""

    rate: Rate
    debt: float = 0.0
    at: float = 0.0
    unreported: float = 0.0
    asked: bool = False

    def drain(self, now: float) -> None:
        """Let time pass. A process's unreported usage is never more than the shared total."""
        self.debt = drained(self.debt, now - self.at, self.rate)
        self.unreported = min(self.unreported, self.debt)
        self.at = now


class Limiter:
    """Lets comments pass at a rate; threads share one. Its own thread starts with the first that passes.

    Without a `redis_url` it holds the limits of this process alone.
    """

    def __init__(
        self,
        redis_url: str | None,
        prefix: str = "replydesk:",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._prefix = redis_url, prefix
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._stir = threading.Event()
        self._ending = threading.Event()
        self._buckets: dict[str, Bucket] = {}
        self._prune_at = BUCKETS_BOUND
        self._thread: threading.Thread | None = None

    def take(self, name: str, rate: Rate, count: int = 1) -> float:
        """Take `count` of the name's rate and return 0.0, or take nothing and return the seconds to wait.

        Takes microseconds, whatever Redis does.
        """
        return self._weigh(name, rate, count, count)

    def ask(self, name: str, rate: Rate) -> float:
        """Return the seconds until one might pass, and take nothing."""
        return self._weigh(name, rate, 1, 0)

    def _weigh(self, name: str, rate: Rate, count: int, taken: int) -> float:
        now = self._monotonic()
        with self._lock:
            bucket = self._bucket(name, rate, now)
            bucket.drain(now)
            bucket.asked = True
            wait = wait_for(bucket.debt, count, rate)
            if not wait:
                bucket.debt += taken
                bucket.unreported += taken
        if self._url is not None and not self._stir.is_set():
            self._wake()
        return wait

    def _bucket(self, name: str, rate: Rate, now: float) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= self._prune_at:
                self._buckets = {
                    kept: one
                    for kept, one in self._buckets.items()
                    if drained(one.debt, now - one.at, one.rate)
                }
                # where more owe than the bound, looking through all of them must not cost every name that comes
                self._prune_at = max(BUCKETS_BOUND, 2 * len(self._buckets))
            bucket = self._buckets[name] = Bucket(rate, at=now)
        bucket.rate = rate
        return bucket

    def close(self) -> None:
        """Stop the thread; unreported usage is dropped."""
        self._ending.set()
        self._stir.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    # -- the thread ----------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None and not self._ending.is_set():
                self._thread = threading.Thread(target=self._run, name="limits", daemon=True)
                self._thread.start()
        self._stir.set()

    def _run(self) -> None:
        client: Redis | None = None
        pause = FIRST_PAUSE
        while self._stir.wait() and not self._ending.is_set():
            self._stir.clear()
            try:
                client = client or connect(self._url or "")
                self._agree(client)
                if pause > FIRST_PAUSE:
                    log.info("limits.shared_again")
                pause = FIRST_PAUSE
                self._ending.wait(SYNC_SECONDS)
            except Exception as failure:  # noqa: BLE001  # whatever a broker or its client does, the limits are held
                if pause == FIRST_PAUSE:
                    log.warning("limits.alone", error=type(failure).__name__)
                if client is not None:
                    client.close()
                    client = None
                self._ending.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        if client is not None:
            client.close()

    def _agree(self, client: Redis) -> None:
        """Report this process's usage and read the shared totals of the names asked for since the last time."""
        now = self._monotonic()
        with self._lock:
            reported = []
            for name, bucket in self._buckets.items():
                if bucket.asked:
                    bucket.drain(now)
                    reported.append((name, bucket.unreported, bucket.rate))
        if not reported:
            return
        with client.pipeline(transaction=False) as pipe:
            for name, unreported, rate in reported:
                pipe.eval(ADD_USAGE, 1, f"{self._prefix}rate:{name}", str(unreported), str(rate.per_second))
            debts = pipe.execute()
        with self._lock:
            for (name, unreported, _), debt in zip(reported, debts, strict=True):
                learnt = self._buckets.get(name)
                if learnt is not None:
                    learnt.drain(self._monotonic())
                    learnt.unreported = max(0.0, learnt.unreported - unreported)
                    learnt.debt, learnt.asked = float(debt) + learnt.unreported, learnt.unreported > 0
