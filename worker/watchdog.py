"""The watchdog: writes a heartbeat while this process's runs come to an end, and names the task that hangs.

A run that hangs has acknowledged its message and keeps others of its kind from running: neither broker nor queue can
tell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from celery import current_app, signals

from service.messaging.tasks import DELIVER, SCORE
from service.observability.heartbeat import EVERY_SECONDS, LOOP, TASKS, Heartbeat
from worker.single_run import SingleRun

SHORT_SECONDS: Final = 30.0
"""Of scoring and delivery, whatever the lease: four seconds of work, and waiting for a store."""
LONG_SECONDS: Final = 300.0
"""Of publishing and maintenance, at the least: clearing the files of a large database takes minutes."""

log = structlog.get_logger(__name__)


class Watchdog:
    """Looks at the running tasks of one process, from a thread of its own."""

    def __init__(
        self,
        runs: Mapping[str, SingleRun],
        lease_seconds: float,
        beat: Callable[[str], object],
        tell: Callable[[str], object],
    ) -> None:
        self._runs, self._beat, self._tell = runs, beat, tell
        self._most = {
            name: max(SHORT_SECONDS if name in (SCORE, DELIVER) else LONG_SECONDS, lease_seconds)
            for name in runs
        }
        self._over = threading.Event()
        self._hung = ""

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._keep, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def _keep(self) -> None:
        while not self._over.is_set():
            try:
                self.look()
            except Exception as failure:  # noqa: BLE001  # a watchdog that stops would end a healthy worker
                log.error("watchdog.failed", error=type(failure).__name__)
            self._over.wait(EVERY_SECONDS)

    def look(self) -> str:
        """Beat, with the name of a task whose run has been going for longer than it may; return that name."""
        overdue = [name for name, run in self._runs.items() if run.seconds() > self._most[name]]
        hung = overdue[0] if overdue else ""
        if hung and hung != self._hung:
            log.error("watchdog.task_hung", task=hung, seconds=round(self._runs[hung].seconds()))
        self._hung = hung
        if hung:
            self._tell(hung)
        self._beat(f"a run of {hung} hangs" if hung else "")
        return hung


def start_watchdog() -> Watchdog:
    """Start the watchdog of this process."""
    app: Any = current_app._get_current_object()  # a proxy is bound to the thread that asks
    heartbeat = Heartbeat(app.settings.home, TASKS)
    watchdog = Watchdog(app.runs, app.settings.lease_seconds, heartbeat.beat, app.heartbeats.hangs)
    watchdog.start()
    return watchdog


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def beat_in_the_loop(sender: Any, **_: object) -> None:
    """Let the main loop say that it goes round; while it waits for a broker, its connection says so."""
    current_app.loop.beat()
    sender.timer.call_repeatedly(EVERY_SECONDS, current_app.loop.beat)


def loop_heartbeat(settings: Any) -> Heartbeat:
    """Make the heartbeat of a worker's main loop."""
    return Heartbeat(settings.home, LOOP)
