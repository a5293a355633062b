"""Beat's scheduler: it rings the same bell as everyone, so a hung broker cannot stop it nor a dead worker be buried."""

from __future__ import annotations

from typing import Any

from celery.beat import ScheduleEntry, Scheduler

from service.bell import BEAT, Bell
from service.heartbeat import BEAT as BEAT_ROLE
from service.heartbeat import Heartbeat


class BellScheduler(Scheduler):  # type: ignore[misc]  # Celery ships no types
    """Keeps its schedule in memory, for every entry is a short interval, and rings instead of publishing."""

    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        self.bell = Bell(app.settings.redis_url, app.settings.redis_prefix, pulse=BEAT)
        self.heartbeat = Heartbeat(app.settings.home, BEAT_ROLE)
        super().__init__(app, *args, **kwargs)

    producer = None  # the base class would open a connection here, and wait for the broker to take it

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Ring for what is due, and say that beat goes round."""
        self.heartbeat.beat()
        return super().tick(*args, **kwargs)

    def apply_async(self, entry: ScheduleEntry, advance: bool = True, **_: object) -> None:
        """Ring for the entry's task; never blocks."""
        due = self.reserve(entry) if advance else entry
        self.bell.ring(due.task)

    def close(self) -> None:
        """Stop ringing."""
        self.bell.close()
        super().close()
