"""What one worker process holds: the house, the classifier and the postman, built at the first task, after the fork."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass

from celery import signals

from service.settings import Settings
from service.wiring import Parts, build
from worker.deliver import Postman
from worker.outbound import Allow
from worker.reader import ModelScorer
from worker.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Process:
    """The parts of one process; `pid` tells a forked child that they are its parent's."""

    pid: int
    parts: Parts
    scorer: ModelScorer
    postman: Postman
    sweep: Sweep


_present: Process | None = None
_building = threading.Lock()


def present(settings: Settings) -> Process:
    """Return this process's parts, built now if this is their first use. Raises what building them raises."""
    global _present
    if _present is None or _present.pid != os.getpid():
        with _building:
            if _present is None or _present.pid != os.getpid():
                _present = _build(settings)
    return _present


def _build(settings: Settings) -> Process:
    parts = build(settings)
    allow = Allow.parse(",".join(settings.callback_allow))
    return Process(os.getpid(), parts, ModelScorer(), Postman(parts, allow), Sweep(parts.house))


@signals.worker_process_shutdown.connect  # type: ignore[untyped-decorator]  # Celery ships no types
@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def close(**_: object) -> None:
    """Finish the mail that is in the air, give the rest back, and let go of everything."""
    global _present
    process, _present = _present, None
    if process is not None and process.pid == os.getpid():
        process.postman.close()
        with suppress(OSError):
            process.parts.close()
