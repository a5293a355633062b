"""Rate limits on the `limits` library: counted in Redis by all web processes together, in memory while it is away."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Final

import structlog
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage

from service.messaging.redis_client import connect

REDIS_SECONDS: Final = 0.05
"""So long one request may wait for Redis; then it is left alone for a while."""
ALONE_SECONDS: Final = 5.0
SECONDS_AT_ONCE: Final = 10.0
LEAST_AT_ONCE: Final = 10.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, and so many at once: these fill a window, which lasts until they are due."""

    per_second: float
    at_once: float

    @classmethod
    def a_minute(cls, count: float, at_once: float | None = None) -> Rate:
        """Return the rate of `count` a minute; ten seconds' worth may come at once, at least ten.

        A window lasts a second at least: storages count in whole ones.
        """
        per_second = count / 60
        return cls(per_second, max(per_second, at_once or max(LEAST_AT_ONCE, per_second * SECONDS_AT_ONCE)))

    def seconds(self, count: float) -> int:
        """Return for how long a window stands that so many have entered at once."""
        return math.ceil(max(count, self.at_once) / self.per_second)


class Limiter:
    """Lets comments pass at a rate; threads share one. Without a `redis_url` it holds the limits of this process."""

    def __init__(self, redis_url: str | None, prefix: str = "replydesk:") -> None:
        self._own = MemoryStorage()
        self._shared: RedisStorage | None = None
        self._shared_from = 0.0
        if redis_url is not None:
            pool = connect(redis_url, REDIS_SECONDS).connection_pool
            self._shared = RedisStorage("redis:", pool, key_prefix=f"{prefix}limit", wrap_exceptions=True)

    def take(self, name: str, rate: Rate, count: int = 1, share: float = 1.0) -> float:
        """Take `count` of the name's window and return 0.0, or take nothing and return the seconds to wait.

        With a `share`, only that much of the window may be full afterwards. A count of 0 only asks for one.
        """
        if self._shared is not None and time.monotonic() >= self._shared_from:
            try:
                return _take(self._shared, name, rate, count, share)
            except StorageError as failure:
                self._shared_from = time.monotonic() + ALONE_SECONDS
                log.warning("limits.alone", error=type(failure.storage_error).__name__)
        return _take(self._own, name, rate, count, share)


def _take(storage: MemoryStorage | RedisStorage, name: str, rate: Rate, count: int, share: float) -> float:
    room = rate.at_once * share
    # more than the window holds may pass when it is empty; then it stands until they are all due
    if storage.get(name) + min(max(count, 1), room) > room:
        return max(1.0, storage.get_expiry(name) - time.time())
    if count:
        storage.incr(name, rate.seconds(count), count)
    return 0.0
