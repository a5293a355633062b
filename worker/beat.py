"""Beat's scheduler: it uses the same dispatcher as everyone, so a hung broker cannot stop it nor a queue overflow."""

from __future__ import annotations

from typing import Any

from celery.beat import ScheduleEntry, Scheduler

from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.heartbeats import BEAT
from service.observability.heartbeat import BEAT as BEAT_ROLE
from service.observability.heartbeat import Heartbeat


class DispatchingScheduler(Scheduler):  # type: ignore[misc]  # Celery ships no types
    """Keeps its schedule in memory, for every entry is a short interval, and enqueues through the dispatcher."""

    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        self.dispatcher = CeleryDispatcher(app.settings.redis_url, app.settings.redis_prefix, heartbeat=BEAT)
        self.heartbeat = Heartbeat(app.settings.home, BEAT_ROLE)
        super().__init__(app, *args, **kwargs)

    producer = None  # the base class would open a connection here, and wait for the broker to take it

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Enqueue what is due, and write beat's heartbeat."""
        self.heartbeat.beat()
        return super().tick(*args, **kwargs)

    def apply_async(self, entry: ScheduleEntry, advance: bool = True, **_: object) -> None:
        """Enqueue the entry's task; never blocks."""
        due = self.reserve(entry) if advance else entry
        self.dispatcher.enqueue(due.task)

    def close(self) -> None:
        """Stop the dispatcher."""
        self.dispatcher.close()
        super().close()
