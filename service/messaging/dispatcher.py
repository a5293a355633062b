"""Enqueue tasks for workers from a background thread that never blocks, and read the workers' heartbeats.

A message carries the name of a task and nothing else, and may be lost: leases and the sweep carry the guarantee.
"""

from __future__ import annotations

import heapq
import os
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from service.messaging.tasks import DELIVER, PUBLISH, SCORE, SWEEP

if TYPE_CHECKING:
    from redis import Redis

    from service.config import Settings

SCORE_QUEUE, DELIVER_QUEUE, UPKEEP_QUEUE = "score", "deliver", "upkeep"
QUEUES: Final = {SCORE: SCORE_QUEUE, DELIVER: DELIVER_QUEUE, PUBLISH: UPKEEP_QUEUE, SWEEP: UPKEEP_QUEUE}

SOCKET_SECONDS: Final = 0.5  # longer than any honest answer, short enough for close() to keep its promise
OUTSTANDING_SECONDS: Final = 5  # after this a message counts as lost, though no worker answered it
QUEUE_BOUND: Final = 8  # messages; a queue this long already says all that one more could say
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
LATER_BOUND: Final = 4096  # delayed tasks that are remembered; beyond it the sweep serves
TICK: Final = 0.05  # seconds; tasks of one name due within one tick are one
APART_SECONDS: Final = (
    0.05  # between two messages for one name: each costs the web process as much as a tenth of a request
)
HEARTBEAT_SECONDS: Final = 3600
HUNG, HUNG_SECONDS = "hung", 30
PROBE, PROBE_SECONDS = "probe", 60
"""The key that is set to find out whether the broker takes writes: one that only reads answers every question."""
BEAT: Final = "beat"
SKEW_HEARD_SECONDS: Final = 60.0
"""What an older heartbeat says of its writer's clock may have been corrected since."""
FALLBACK: Final = "fallback:"
"""Before the name of a task that a worker began by polling, without a message."""

log = structlog.get_logger(__name__)


def kombu_url(redis_url: str) -> str:
    """The broker's URL as Celery and kombu spell it; only a unix socket is spelled otherwise."""
    return f"redis+socket{redis_url.removeprefix('unix')}" if redis_url.startswith("unix:") else redis_url


def transport_options(prefix: str) -> dict[str, Any]:
    """The options of kombu's Redis transport that keep a hung broker from hanging us; times in seconds."""
    return {
        "global_keyprefix": prefix,
        "socket_timeout": 5.0,
        "socket_connect_timeout": 2.0,
        "socket_keepalive": True,
        "health_check_interval": 3,  # a BRPOP unanswered for 1 + 3 seconds is dropped and asked again
        "visibility_timeout": 3600,
        "queue_order_strategy": "round_robin",
        "priority_steps": [0],  # one list a queue: messages have no ranks
        "max_connections": 20,
    }


def connect(redis_url: str, seconds: float = SOCKET_SECONDS) -> Redis:
    """A Redis client that gives up within half a second, or so many, and tries nothing twice."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        redis_url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


class RedisDispatcher:
    """Enqueues tasks from a background thread: coalesced and bounded; what cannot be sent is dropped.

    The thread starts with the first task, so a process may fork before it. With no `redis_url` every task is dropped.
    With a `heartbeat_name` each message writes the heartbeat of that name.
    """

    def __init__(self, redis_url: str | None, prefix: str = "replydesk:", heartbeat_name: str = "") -> None:
        self._url = redis_url
        self._prefix = prefix
        self._heartbeat_name = heartbeat_name
        self._fresh()

    def _fresh(self) -> None:
        self._pid = os.getpid()
        self._turn = threading.Condition()
        self._now: set[str] = set()
        self._later: list[tuple[float, str]] = []
        self._published_at: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._closing = False

    def enqueue(self, name: str, after: float = 0.0) -> None:
        """Ask for a run of the named task, `after` seconds from now; never blocks, never raises.

        Takes microseconds. A name that no queue knows is dropped.
        """
        if self._url is None or name not in QUEUES:
            return
        if self._pid != os.getpid():  # forked: the parent keeps the thread, perhaps with its lock held
            self._fresh()
        with self._turn:
            if self._closing:
                return
            if after <= 0:
                self._now.add(name)
            elif len(self._later) < LATER_BOUND:
                entry = (round((time.monotonic() + after) / TICK + 0.5) * TICK, name)
                if entry not in self._later:
                    heapq.heappush(self._later, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
                self._thread.start()
            self._turn.notify()

    def close(self) -> None:
        """Send what is due, stop the thread, and return within a second whatever the broker does; once is enough."""
        if self._pid != os.getpid():
            return
        with self._turn:
            if self._closing:
                return
            self._closing = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        publisher = _Publisher(self._url or "", self._prefix, self._heartbeat_name)
        pause, resume_at = FIRST_PAUSE, 0.0
        while (names := self._wait(resume_at)) is not None:
            try:
                for name in sorted(names):
                    publisher.publish(name)
                    names.discard(name)
                    self._published_at[name] = time.monotonic()
                if pause > FIRST_PAUSE:
                    log.info("dispatcher.reconnected")
                pause = FIRST_PAUSE
            except Exception as failure:  # noqa: BLE001  # whatever a broker or its client does, the thread lives on
                if pause == FIRST_PAUSE:
                    log.warning("dispatcher.broker_unavailable", error=type(failure).__name__)
                publisher.drop()
                with self._turn:
                    self._now |= names  # four names at most: kept, and sent once the broker answers
                resume_at, pause = time.monotonic() + pause, min(pause * 2, LONGEST_PAUSE)
        publisher.drop()

    def _wait(self, resume_at: float) -> set[str] | None:
        """Sleep until something is due and the last failure is `resume_at` behind; None when it is time to go.

        A name sent a moment ago waits a little, except at the end.
        """
        with self._turn:
            while True:
                now = time.monotonic()
                while self._later and self._later[0][0] <= now:
                    self._now.add(heapq.heappop(self._later)[1])
                if self._closing and (not self._now or now < resume_at):
                    return None
                due = {name for name in self._now if self._closing or now >= self._due_at(name, resume_at)}
                if due:
                    self._now -= due
                    return due
                self._turn.wait(self._nap(now, resume_at))

    def _due_at(self, name: str, resume_at: float) -> float:
        return max(resume_at, self._published_at.get(name, 0.0) + APART_SECONDS)

    def _nap(self, now: float, resume_at: float) -> float | None:
        moments = [self._due_at(name, resume_at) for name in self._now]
        moments += [self._later[0][0]] if self._later else []
        return min(moments) - now if moments else None


class _Publisher:
    """Publishes with one connection for the mark that a message is outstanding, and one for Celery's message."""

    def __init__(self, url: str, prefix: str, heartbeat_name: str) -> None:
        self._url, self._prefix, self._heartbeat_name = url, prefix, heartbeat_name
        self._marks: Redis | None = None
        self._connection: Any = None
        self._producer: Any = None
        self._doubted: set[str] = set()

    def publish(self, name: str) -> None:
        """Put one message for `name` into its queue, unless one is outstanding or the queue is long enough.

        A broker that hung may set our mark long after we gave up on it, so after a failure the mark is not believed.
        """
        believed = name not in self._doubted
        self._doubted.add(name)
        if self._marks is None:
            self._marks = connect(self._url)
        mark, queue = f"{self._prefix}enqueued:{name}", QUEUES[name]
        with self._marks.pipeline(transaction=False) as pipe:
            pipe.set(mark, b"1", nx=believed, ex=OUTSTANDING_SECONDS)
            pipe.llen(f"{self._prefix}{queue}")
            if self._heartbeat_name:
                _write_heartbeat(pipe, self._prefix, self._heartbeat_name)
            ours, waiting = pipe.execute()[:2]
        if ours and waiting < QUEUE_BOUND:
            self._send(name, queue)
        self._doubted.discard(name)

    def _send(self, name: str, queue: str) -> None:
        """Celery's message protocol, version 2, with no arguments; the anonymous exchange needs no binding.

        A Redis that was emptied has forgotten every binding, so a named exchange would lose the message.
        Written here rather than sent through a Celery app, which would cost the web process its import.
        """
        if self._producer is None:
            self._open()
        ident = str(uuid.uuid4())
        self._producer.publish(
            ((), {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}),
            serializer="json",
            exchange="",
            routing_key=queue,
            correlation_id=ident,
            headers={
                "lang": "py", "task": name, "id": ident, "root_id": ident, "parent_id": None, "group": None,
                "retries": 0, "timelimit": [None, None], "argsrepr": "()", "kwargsrepr": "{}", "origin": "replydesk",
                "ignore_result": True,
            },
        )  # fmt: skip

    def _open(self) -> None:
        from kombu.connection import Connection
        from kombu.messaging import Producer

        options = transport_options(self._prefix) | {
            "socket_timeout": SOCKET_SECONDS,
            "socket_connect_timeout": SOCKET_SECONDS,
        }
        self._connection = Connection(kombu_url(self._url), transport_options=options)
        transport = (
            self._connection.transport
        )  # asked directly: the connection's own way in tries again and again
        channel = transport.create_channel(transport.establish_connection())
        self._producer = Producer(channel, auto_declare=False)

    def drop(self) -> None:
        """Forget both connections; the next message makes new ones."""
        if self._marks is not None:
            self._marks.close()
        if self._connection is not None:
            self._connection.collect(socket_timeout=0.1)
        self._marks = self._connection = self._producer = None


@dataclass(slots=True)
class RecordingDispatcher:
    """The shipped double: records the tasks instead of sending them, for tests and for commands without a broker."""

    enqueued: list[tuple[str, float]] = field(default_factory=list)
    closed: bool = False

    def enqueue(self, name: str, after: float = 0.0) -> None:
        """Record the task; never blocks, never raises."""
        if name in QUEUES and not self.closed:
            self.enqueued.append((name, after))

    def close(self) -> None:
        """Record no more."""
        self.closed = True


def make_dispatcher(settings: Settings) -> RedisDispatcher:
    """Return the dispatcher of these settings; without a broker every task is dropped and the sweep serves."""
    return RedisDispatcher(settings.redis_url, settings.redis_prefix)


class Answerer:
    """The worker's side: acknowledges a message, says that a task began, and asks when a sweep last did.

    A broker that does not answer is left alone for a while.
    """

    def __init__(self, redis_url: str | None, prefix: str = "replydesk:") -> None:
        self._url, self._prefix = redis_url, prefix
        self._client: Redis | None = None
        self._pid = 0
        self._resume_at = 0.0

    def answer(self, name: str) -> None:
        """Clear the mark of an outstanding message, so that the next one is sent again.

        Called before the task looks at any row: whoever enqueues afterwards gets a new run.
        """
        self._ask(name, lambda client: client.delete(f"{self._prefix}enqueued:{name}"))

    def begun(self, name: str, by_message: bool = True) -> None:
        """Write a heartbeat: a run of this task begins here, by a message or by the polling fallback."""
        self._ask(
            name,
            lambda client: _write_heartbeat(
                client, self._prefix, name if by_message else f"{FALLBACK}{name}"
            ),
        )

    def swept_ago(self) -> float | None:
        """Say how many seconds ago a sweep that beat enqueued last began anywhere; None when nobody knows."""
        left = self._ask(SWEEP, lambda client: client.pttl(f"{self._prefix}heartbeat:{SWEEP}"))
        return _ago(left) if left is not None else None

    def takes_turn(self, name: str, seconds: float) -> bool:
        """Take the only turn that is given for a task within so long; where no broker answers, everybody has one."""
        mark, bound = f"{self._prefix}enqueued:{FALLBACK}{name}", max(1, int(seconds * 1000))
        taken = self._ask(name, lambda client: (client.set(mark, b"1", nx=True, px=bound),))
        return taken is None or bool(taken[0])

    def takes_writes(self) -> bool:
        """Say whether the broker stored a key just now; where none is set there is nothing to miss."""
        return self._url is None or bool(self._ask(PROBE, lambda client: _probe(client, self._prefix)))

    def hangs(self, name: str) -> None:
        """Say that a run of this task does not come to its end."""
        self._ask(name, lambda client: client.set(f"{self._prefix}heartbeat:{HUNG}", name, ex=HUNG_SECONDS))

    def _ask(self, name: str, ask: Callable[[Redis], Any]) -> Any:
        """Return what the broker answers, or None: it is away, or was a moment ago."""
        if self._url is None or time.monotonic() < self._resume_at:
            return None
        from redis.exceptions import RedisError

        if self._client is None or self._pid != os.getpid():
            self._client, self._pid = connect(self._url), os.getpid()
        try:
            return ask(self._client)
        except (RedisError, OSError) as failure:
            self._resume_at = time.monotonic() + LONGEST_PAUSE
            log.warning("dispatcher.no_answer", task=name, error=type(failure).__name__)
            return None


def _probe(client: Redis, prefix: str) -> Any:
    """Set a key that soon goes. Raises redis.ResponseError where the broker answers and refuses to write."""
    return client.set(f"{prefix}{PROBE}", b"1", ex=PROBE_SECONDS)


def ask_to_write(redis_url: str, prefix: str) -> None:
    """Return when the broker takes writes. Raises redis.RedisError or OSError, within half a second."""
    client = connect(redis_url)
    try:
        _probe(client, prefix)
    finally:
        client.close()


def fault_of(failure: Exception) -> str:
    """Say in a few words how the broker failed whose answer, or silence, this error is."""
    from redis.exceptions import ResponseError

    how = "refuses to write" if isinstance(failure, ResponseError) else "does not answer"
    return f"{how} ({type(failure).__name__})"


def _write_heartbeat(client: Redis, prefix: str, name: str) -> None:
    """Write a heartbeat: its time to live tells its age by the broker's clock, its value is the writer's clock."""
    client.set(f"{prefix}heartbeat:{name}", f"{time.time():.3f}", ex=HEARTBEAT_SECONDS)


def _ago(left: int) -> float | None:
    """Return the age of a heartbeat by the milliseconds that it still lives; None when it is gone."""
    return max(0.0, HEARTBEAT_SECONDS - left / 1000) if left >= 0 else None


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
    def sweep(self) -> float | None:
        """When a sweep last began, whoever saw to it."""
        return min((of[SWEEP] for of in (self.by_message, self.rounds) if SWEEP in of), default=None)


def silent_after(sweep_seconds: float) -> float:
    """Say after how many seconds without a heartbeat beat or all workers are taken for gone; each sweep leaves both."""
    return max(30.0, 5 * sweep_seconds)


def read_heartbeats(redis_url: str, prefix: str = "replydesk:") -> BrokerHeartbeats:
    """Return what was heard of beat and workers.

    Raises redis.RedisError or OSError, within half a second, when the broker does not answer or takes no writes.
    """
    names = [*QUEUES, *(f"{FALLBACK}{name}" for name in QUEUES), BEAT]
    client = connect(redis_url)
    try:
        with client.pipeline(transaction=False) as pipe:
            _probe(pipe, prefix)
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
        ago = _ago(left)
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
