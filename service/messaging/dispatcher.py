"""Send tasks to workers from a background thread, so that nobody waits for the broker.

A message carries the name of a task and nothing else, and may be lost: leases and maintenance carry the guarantee.
"""

from __future__ import annotations

import math
import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from service.messaging.heartbeats import write_heartbeat
from service.messaging.redis_client import SOCKET_SECONDS, celery_settings, connect, kombu_url
from service.messaging.tasks import QUEUES

if TYPE_CHECKING:
    from redis import Redis

    from service.config import Settings

QUEUE_BOUND: Final = (
    4  # messages; a worker that takes one finds all rows that are due, so more would add nothing
)
DUE_BOUND: Final = 4096  # delayed tasks that are remembered; beyond it maintenance serves
TICK: Final = 0.05  # seconds; tasks of one name due within one tick are one
APART_SECONDS: Final = 0.05  # between two rounds of sending: a message costs as much as a tenth of a request
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0  # seconds after a failure, twice as long each time

log = structlog.get_logger(__name__)


class CeleryDispatcher:
    """Sends tasks from a background thread: coalesced and bounded; what cannot be sent is dropped.

    The thread starts with the first task, so a process may fork before it. With no `redis_url` every task is dropped.
    With a `heartbeat` each round of sending writes the heartbeat of that name.
    """

    def __init__(self, redis_url: str | None, prefix: str = "replydesk:", heartbeat: str = "") -> None:
        self._url, self._prefix, self._heartbeat = redis_url, prefix, heartbeat
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._due: set[tuple[float, str]] = set()
        """When, by the monotonic clock, each task is to be sent; 0.0 is now."""
        self._thread: threading.Thread | None = None
        self._closing = False
        self._pause = 0.0
        """Seconds to wait after a failure; 0.0 while the broker takes what is sent."""

    def enqueue(self, name: str, after: float = 0.0) -> None:
        """Ask for a run of the named task, `after` seconds from now; never blocks, never raises.

        Takes microseconds. A name that no queue knows is dropped.
        """
        if self._url is None or name not in QUEUES:
            return
        if self._pid != os.getpid():  # forked: the parent keeps the thread, perhaps with its lock held
            self._reset()
        due = math.ceil((time.monotonic() + after) / TICK) * TICK if after > 0 else 0.0
        with self._changed:
            if self._closing or len(self._due) >= DUE_BOUND:
                return
            self._due.add((due, name))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Send what is due, stop the thread, and return within a second whatever the broker does."""
        if self._pid != os.getpid():
            return
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        sender = _Sender(self._url or "", self._prefix, self._heartbeat)
        resume_at = 0.0
        while due := self._take(resume_at):
            try:
                sender.send({name for _, name in due})
                if self._pause:
                    log.info("dispatcher.reconnected")
                self._pause = 0.0
            except Exception as failure:  # noqa: BLE001  # whatever a broker or its client does, the thread lives on
                if not self._pause:
                    log.warning("dispatcher.broker_unavailable", error=type(failure).__name__)
                self._pause = min(self._pause * 2, LONGEST_PAUSE) or FIRST_PAUSE
                sender.disconnect()
                with self._changed:
                    self._due |= {(0.0, name) for _, name in due}
            resume_at = time.monotonic() + (self._pause or APART_SECONDS)
        sender.disconnect()

    def _take(self, resume_at: float) -> set[tuple[float, str]]:
        """Wait until something is due and that moment has come, and take it; nothing when it is time to end."""
        with self._changed:
            while True:
                now = time.monotonic()
                due = {one for one in self._due if one[0] <= now}
                if self._closing and (self._pause or not due):
                    return set()
                if due and (self._closing or now >= resume_at):
                    self._due -= due
                    return due
                first = min(self._due, default=None)
                self._changed.wait(max(first[0], resume_at) - now if first else None)


class _Sender:
    """Sends with one connection for questions and one for Celery's messages; both give up within half a second."""

    def __init__(self, url: str, prefix: str, heartbeat: str) -> None:
        self._url, self._prefix, self._heartbeat = url, prefix, heartbeat
        self._client: Redis | None = None
        self._app: Any = None
        self._producer: Any = None

    def send(self, names: set[str]) -> None:
        """Send a message for each task whose queue is not long enough already."""
        if self._client is None:
            self._client = connect(self._url)
        ordered = sorted(names)
        with self._client.pipeline(transaction=False) as pipe:
            for name in ordered:
                pipe.llen(f"{self._prefix}{QUEUES[name]}")
            if self._heartbeat:
                write_heartbeat(pipe, self._prefix, self._heartbeat)
            lengths = pipe.execute()
        for name, length in zip(ordered, lengths, strict=False):
            if length < QUEUE_BOUND:
                self._celery().send_task(
                    name,
                    producer=self._producer,
                    retry=False,
                    ignore_result=True,
                    declare=[],
                    add_to_parent=False,
                )

    def _celery(self) -> Any:
        """Return a Celery app that runs nothing, with a producer that is connected."""
        if self._app is None:
            from celery import Celery

            self._app = Celery("replydesk", broker=kombu_url(self._url), set_as_current=False)
            self._app.conf.update(
                celery_settings(
                    self._prefix,
                    socket_timeout=SOCKET_SECONDS,
                    socket_connect_timeout=SOCKET_SECONDS,
                    max_retries=0,  # the thread tries again itself
                )
            )
        if self._producer is None:
            self._producer = self._app.amqp.Producer(self._app.connection_for_write(), auto_declare=False)
        return self._app

    def disconnect(self) -> None:
        """Close both connections; the next message makes new ones."""
        if self._client is not None:
            self._client.close()
        if self._producer is not None:
            self._producer.connection.collect(socket_timeout=0.1)
        self._client = self._producer = None


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


def make_dispatcher(settings: Settings) -> CeleryDispatcher:
    """Return the dispatcher of these settings; without a broker every task is dropped and maintenance serves."""
    return CeleryDispatcher(settings.redis_url, settings.redis_prefix)
