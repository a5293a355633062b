"""Heartbeats in Redis: workers and beat write when they last did something, whoever looks after them reads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

from service.messaging.redis_client import connect, probe
from service.messaging.tasks import MAINTAIN, QUEUES

if TYPE_CHECKING:
    from redis import Redis

HEARTBEAT_SECONDS: Final = 3600
HUNG, HUNG_SECONDS = "hung", 30
BEAT: Final = "beat"
FALLBACK: Final = "fallback:"
"""Before the name of a task that a worker began by polling, without a message."""
RETRY_SECONDS: Final = 5.0
"""So long a worker leaves a broker alone that did not answer."""
SKEW_HEARD_SECONDS: Final = 60.0
"""What an older heartbeat says of its writer's clock may have been corrected since."""

log = structlog.get_logger(__name__)


def write_heartbeat(client: Redis, prefix: str, name: str) -> None:
    """Write a heartbeat: its time to live tells its age by the broker's clock, its value is the writer's clock."""
    client.set(f"{prefix}heartbeat:{name}", f"{time.time():.3f}", ex=HEARTBEAT_SECONDS)


def _age(left: int) -> float | None:
    """Return the age of a heartbeat by the milliseconds that it still lives; None when it is gone."""
    return max(0.0, HEARTBEAT_SECONDS - left / 1000) if left >= 0 else None


class WorkerHeartbeats:
    """The worker's side: says that a task began or hangs, and asks when a maintenance run last began anywhere.

    A broker that does not answer is left alone for a while.
    """

    def __init__(self, redis_url: str | None, prefix: str = "replydesk:") -> None:
        self._url, self._prefix = redis_url, prefix
        self._client: Redis | None = None
        self._pid = 0
        self._resume_at = 0.0

    def begun(self, name: str, by_message: bool = True) -> None:
        """Write that a run of this task begins here, by a message or by the polling fallback."""
        written = name if by_message else f"{FALLBACK}{name}"
        self._ask(lambda client: write_heartbeat(client, self._prefix, written))

    def hangs(self, name: str) -> None:
        """Write that a run of this task does not come to its end."""
        self._ask(lambda client: client.set(f"{self._prefix}heartbeat:{HUNG}", name, ex=HUNG_SECONDS))

    def maintained_ago(self) -> float | None:
        """Say how many seconds ago a maintenance run that beat enqueued last began anywhere; None when nobody knows."""
        left = self._ask(lambda client: client.pttl(f"{self._prefix}heartbeat:{MAINTAIN}"))
        return _age(left) if left is not None else None

    def takes_turn(self, name: str, seconds: float) -> bool:
        """Take the only turn that is given for a task within so long; where no broker answers, everybody has one."""
        key, milliseconds = f"{self._prefix}turn:{name}", max(1, int(seconds * 1000))
        taken = self._ask(lambda client: (client.set(key, b"1", nx=True, px=milliseconds),))
        return taken is None or bool(taken[0])

    def takes_writes(self) -> bool:
        """Say whether the broker stored a key just now; where none is set there is nothing to miss."""
        return self._url is None or bool(self._ask(lambda client: probe(client, self._prefix)))

    def _ask(self, ask: Callable[[Redis], Any]) -> Any:
        """Return what the broker answers, or None: it is away, or was a moment ago."""
        if self._url is None or time.monotonic() < self._resume_at:
            return None
        from redis.exceptions import RedisError

        if self._client is None or self._pid != os.getpid():
            self._client, self._pid = connect(self._url), os.getpid()
        try:
            return ask(self._client)
        except (RedisError, OSError) as failure:
            self._resume_at = time.monotonic() + RETRY_SECONDS
            log.warning("heartbeats.broker_unavailable", error=type(failure).__name__)
            return None


@dataclass(frozen=True, slots=True)
class BrokerHeartbeats:
    """How many seconds ago each was heard of, by the broker's clock alone; of an hour ago nothing is known."""

    by_message: Mapping[str, float]
    """By the name of a task: a worker began it for a message."""
    rounds: Mapping[str, float]
    """A worker began it by polling."""
    beat: float | None
    """Beat enqueued something."""
    hung: str | None
    """The name of a task of which a run has been going on for far too long."""
    skew: float
    """By how many seconds a host's clock differs from the broker's: this one's or a heartbeat writer's, whichever
    does most."""

    @property
    def worker(self) -> float | None:
        """When a worker last began anything."""
        return min((*self.by_message.values(), *self.rounds.values()), default=None)

    @property
    def maintenance(self) -> float | None:
        """When a maintenance run last began, whoever saw to it."""
        return min((of[MAINTAIN] for of in (self.by_message, self.rounds) if MAINTAIN in of), default=None)


def silent_after(maintenance_seconds: float) -> float:
    """Say after how many seconds without a heartbeat beat or all workers count as gone; maintenance leaves both."""
    return max(30.0, 5 * maintenance_seconds)


def read_heartbeats(redis_url: str, prefix: str = "replydesk:") -> BrokerHeartbeats:
    """Return what was heard of beat and workers.

    Raises redis.RedisError or OSError, within half a second, when the broker does not answer or takes no writes.
    """
    names = [*QUEUES, *(f"{FALLBACK}{name}" for name in QUEUES), BEAT]
    client = connect(redis_url)
    try:
        with client.pipeline(transaction=False) as pipe:
            probe(pipe, prefix)
            pipe.time()
            pipe.get(f"{prefix}heartbeat:{HUNG}")
            for name in names:
                pipe.pttl(f"{prefix}heartbeat:{name}")
                pipe.get(f"{prefix}heartbeat:{name}")
            began = time.time()
            _, (seconds, micros), hung, *told = pipe.execute()
            ours = (began + time.time()) / 2
    finally:
        client.close()
    now = seconds + micros / 1e6
    heard, skews = {}, [ours - now]
    for name, left, written in zip(names, told[::2], told[1::2], strict=True):
        ago = _age(left)
        if ago is not None and written is not None:
            heard[name] = ago
            skews += [float(written) - (now - ago)] if ago < SKEW_HEARD_SECONDS else []
    return BrokerHeartbeats(
        by_message={name: ago for name, ago in heard.items() if name in QUEUES},
        rounds={name.removeprefix(FALLBACK): ago for name, ago in heard.items() if name.startswith(FALLBACK)},
        beat=heard.get(BEAT),
        hung=hung.decode() if hung else None,
        skew=max(skews, key=abs),
    )


def stuck(
    redis_url: str, queues: Collection[str], prefix: str = "replydesk:", seconds: float = 30.0
) -> list[str]:
    """Name the queues in which messages wait though no worker started any of their tasks for so long.

    "The process lives" says nothing of a worker that hangs, and an empty queue is no fault. Raises as
    `read_heartbeats` does.
    """
    heard = read_heartbeats(redis_url, prefix).by_message
    client = connect(redis_url)
    try:
        waiting = {queue: client.llen(f"{prefix}{queue}") for queue in queues}
    finally:
        client.close()
    fresh = {QUEUES[name] for name, age in heard.items() if age < seconds}
    return [queue for queue, length in waiting.items() if length and queue not in fresh]
