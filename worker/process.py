"""What one worker process holds: context, classifier and delivery worker, built at the first task, after the fork."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from celery import current_app, signals

from service.config import Settings
from service.context import AppContext, build_context
from service.observability.counters import share
from service.scoring.scorer import ModelScorer
from service.webhooks.url_guard import Allow
from worker.deliver import CLOSE_SECONDS, DeliveryWorker
from worker.journal import Journal
from worker.notify import Notifier
from worker.polling_fallback import PollingFallback, start_polling_fallback
from worker.score import Pace
from worker.stopping import Stop
from worker.sweep import Sweep
from worker.watchdog import Watchdog, start_watchdog

LOOK_SECONDS: Final = 0.2
"""Between two looks at whether it is time to go."""
PARENT_SECONDS: Final = 1.5
"""So long after its children a parent goes."""
LEAVE_SECONDS: Final = 1.0
"""What is left of the time to stop when the mail in the air is waited for no longer."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """What one process holds; `pid` tells a forked child that they are its parent's."""

    pid: int
    context: AppContext
    scorer: ModelScorer
    delivery_worker: DeliveryWorker
    sweep: Sweep
    notifier: Notifier
    fallback: PollingFallback
    watchdog: Watchdog
    journal: Journal
    pace: Pace


_present: Process | None = None
_building = threading.Lock()


def present(settings: Settings) -> Process:
    """Return this process's holdings, built now if this is their first use. Raises what building them raises."""
    global _present
    if _present is None or _present.pid != os.getpid():
        with _building:
            if _present is None or _present.pid != os.getpid():
                _present = _build(settings)
    return _present


def _build(settings: Settings) -> Process:
    share(settings.home)
    stopping: Stop = current_app.stopping
    threading.Thread(target=leave_in_time, args=(stopping,), name="leave", daemon=True).start()
    context = build_context(settings)
    context.deps.store.shorten_lock_waits(stopping.is_set)
    allow = Allow.parse(",".join(settings.callback_allow))
    journal = Journal(settings.home)
    return Process(
        os.getpid(),
        context,
        ModelScorer(),
        DeliveryWorker(context, allow, journal=journal),
        Sweep(context.deps, journal=journal, stopping=stopping.is_set),
        Notifier(context, allow),
        start_polling_fallback(settings.sweep_seconds),
        start_watchdog(),
        journal,
        Pace(),
    )


def leave_in_time(stopping: Stop, later: float = 0.0) -> None:
    """End this process when its time to stop is over: a database that hangs may keep a thread for much longer.

    Nothing is lost by it: that is what rows, leases and journals are for.
    """
    while not stopping.is_set() or stopping.left() > -later:
        time.sleep(LOOK_SECONDS)
    log.warning("process.left", held_up="the store or a receiver")
    os._exit(0)


@signals.celeryd_after_setup.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def warm_threads(instance: Any, **_: object) -> None:
    """Build what a pool of threads holds before the broker is asked: the polling fallback must not wait for it."""
    if "prefork" not in instance.pool_cls.__module__:
        warm()


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def watch_parent(sender: Any, **_: object) -> None:
    """End a parent of forked children in time: the pool may wait for results that no child will send any more."""
    if "prefork" in type(sender.pool).__module__:
        after = (current_app.stopping, PARENT_SECONDS)
        threading.Thread(target=leave_in_time, args=after, name="leave", daemon=True).start()


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def warm(**_: object) -> None:
    """Load the model in the background in a process that will score: a forked child, or a pool of threads."""
    settings: Settings = current_app.settings

    def load() -> None:
        try:
            process = present(settings)
            process.scorer.warm()
            process.sweep.release_dead()  # whoever died before us may have left something
        except Exception as failure:  # noqa: BLE001  # the first task meets the same fault and logs it where it belongs
            log.warning("process.cold", error=type(failure).__name__)

    threading.Thread(target=load, name="warm", daemon=True).start()


@signals.worker_process_shutdown.connect  # type: ignore[untyped-decorator]  # Celery ships no types
@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def close(**_: object) -> None:
    """Finish the mail that is in the air, give the rest back, and let go of everything."""
    global _present
    process, _present = _present, None
    if process is not None and process.pid == os.getpid():
        process.fallback.stop()
        process.watchdog.stop()
        process.delivery_worker.close(
            max(0.0, min(CLOSE_SECONDS, current_app.stopping.left() - LEAVE_SECONDS))
        )
        process.journal.close()
        with suppress(OSError):
            process.context.close()
