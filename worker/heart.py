"""The heart: says while this process's runs come to an end that it lives, and names the one that does not.

A run that hangs has answered the bell and keeps others of its kind from running, so neither broker nor queue can tell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from celery import current_app, signals

from service.heartbeat import EVERY_SECONDS, LOOP, TASKS, Heartbeat
from service.ports import DELIVER, SCORE
from worker.concurrency import ConcurrencyLimit

SHORT_SECONDS: Final = 10.0
"""Of scoring whatever the lease: four seconds of work, and five of giving back to a store that is away."""
LONG_SECONDS: Final = 300.0
"""Of departures and sweeps, at the least: clearing the files of a large database takes minutes."""

log = structlog.get_logger(__name__)


class Heart:
    """Looks at the running tasks of one process, from a thread of its own."""

    def __init__(
        self,
        limits: Mapping[str, ConcurrencyLimit],
        lease_seconds: float,
        beat: Callable[[str], object],
        tell: Callable[[str], object],
    ) -> None:
        self._limits, self._beat, self._tell = limits, beat, tell
        self._patience = {
            name: max(SHORT_SECONDS if name in (SCORE, DELIVER) else LONG_SECONDS, lease_seconds)
            for name in limits
        }
        self._over = threading.Event()
        self._hung = ""

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._keep, name="heart", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def _keep(self) -> None:
        while not self._over.is_set():
            try:
                self.look()
            except Exception as failure:  # noqa: BLE001  # a heart that stops would kill who lives
                log.error("heart.failed", error=type(failure).__name__)
            self._over.wait(EVERY_SECONDS)

    def look(self) -> str:
        """Beat, with the name of a task whose run has been going for longer than it may; return that name."""
        overdue = [name for name, limit in self._limits.items() if limit.longest() > self._patience[name]]
        hung = overdue[0] if overdue else ""
        if hung and hung != self._hung:
            log.error("heart.hangs", task=hung, seconds=round(self._limits[hung].longest()))
        self._hung = hung
        if hung:
            self._tell(hung)
        self._beat(f"a run of {hung} hangs" if hung else "")
        return hung


def keep_heart() -> Heart:
    """Look after the runs of this process."""
    app: Any = current_app._get_current_object()  # a proxy is bound to the thread that asks
    heartbeat = Heartbeat(app.settings.home, TASKS)
    heart = Heart(app.limits, app.settings.lease_seconds, heartbeat.beat, app.answerer.hangs)
    heart.start()
    return heart


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def beat_in_the_loop(sender: Any, **_: object) -> None:
    """Let the main loop say that it goes round; while it waits for a broker, its connection says so."""
    current_app.loop.beat()
    sender.timer.call_repeatedly(EVERY_SECONDS, current_app.loop.beat)


def loop_heartbeat(settings: Any) -> Heartbeat:
    """Make the heartbeat of a worker's main loop."""
    return Heartbeat(settings.home, LOOP)
