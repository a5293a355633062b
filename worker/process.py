"""What one worker process holds: context, classifier and deliveries, built at the first task, after the fork."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from celery import current_app, signals

from service.config import Settings
from service.context import AppContext, build_context
from service.messaging.tasks import QUEUES, SCORE
from service.observability.counters import share
from service.scoring.scorer import ModelScorer
from service.webhooks.url_guard import Allow
from worker.alerts import Alerts
from worker.delivery import DeliveryWorker
from worker.http_client import HttpClient
from worker.maintenance import Maintenance
from worker.polling_fallback import PollingFallback, start_polling_fallback
from worker.scoring import Pace
from worker.watchdog import Watchdog, start_watchdog
from worker.webhook_sender import WebhookSender

PARENT_SECONDS: Final = 1.5
"""So long after its children a parent exits."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """What one process holds; `pid` tells a forked child that they are its parent's."""

    pid: int
    context: AppContext
    scorer: ModelScorer
    delivery: DeliveryWorker
    maintenance: Maintenance
    alerts: Alerts
    fallback: PollingFallback
    watchdog: Watchdog
    pace: Pace


_present: Process | None = None
_is_loading = False
_building = threading.Lock()


def present(settings: Settings) -> Process:
    """Return this process's holdings, built now if this is their first use. Raises what building them raises."""
    global _present
    with _building:
        if _present is None or _present.pid != os.getpid():
            _present = _build(settings)
        return _present


def _build(settings: Settings) -> Process:
    share(settings.home)
    stopping = current_app.stopping
    stopping.exit_in_time()
    context = build_context(settings)
    context.deps.store.shorten_lock_waits(stopping.is_set)
    client = HttpClient(Allow.parse(",".join(settings.callback_allow)))
    sender = WebhookSender(context.keyring, client.post)
    alerts = Alerts(context, sender)
    return Process(
        os.getpid(),
        context,
        ModelScorer(),
        DeliveryWorker(context.deps, sender, alerts.tell_stopped, stopping.is_set),
        Maintenance(context.deps, stopping=stopping.is_set),
        alerts,
        start_polling_fallback(settings.maintenance_seconds),
        start_watchdog(),
        Pace(),
    )


@signals.celeryd_after_setup.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def warm_threads(instance: Any, **_: object) -> None:
    """Build what a pool of threads holds before the broker is asked: the polling fallback must not wait for it."""
    if "prefork" not in instance.pool_cls.__module__:
        warm()


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def watch_parent(sender: Any, **_: object) -> None:
    """End a parent of forked children in time: the pool may wait for results that no child will send any more."""
    if "prefork" in type(sender.pool).__module__:
        current_app.stopping.exit_in_time(PARENT_SECONDS)


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def warm(**_: object) -> None:
    """Build what this process holds in the background, with the model if it serves the queue for scoring."""
    global _is_loading
    settings: Settings = current_app.settings
    scores = QUEUES[SCORE] in current_app.amqp.queues.consume_from

    def load() -> None:
        global _is_loading
        try:
            process = present(settings)
            if scores:
                process.scorer.warm()
                _is_loading = False
                process.context.deps.dispatcher.enqueue(SCORE)
        except Exception as failure:  # noqa: BLE001  # the first task meets the same fault and logs it where it belongs
            log.warning("process.cold", error=type(failure).__name__)
        finally:
            _is_loading = False

    _is_loading = scores
    threading.Thread(target=load, name="warm", daemon=True).start()


def is_loading() -> bool:
    """Whether this process still loads the model: on a processor shared by many that may take minutes."""
    return _is_loading


@signals.worker_process_shutdown.connect  # type: ignore[untyped-decorator]  # Celery ships no types
@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def close(**_: object) -> None:
    """Let go of everything; the tasks have ended."""
    global _present
    process, _present = _present, None
    if process is not None and process.pid == os.getpid():
        process.fallback.stop()
        process.watchdog.stop()
        process.delivery.close()
        with suppress(OSError):
            process.context.close()
