"""The tasks by name: each is one call into the module that does the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog
from celery import current_app, shared_task

from service.messaging.tasks import DELIVER, PUBLISH, SCORE, SWEEP
from service.scoring.scorer import sign
from worker.process import Process, present
from worker.score import Bounds, score_pending
from worker.sweep import publish_all_due

log = structlog.get_logger(__name__)


@shared_task(name=SCORE)  # type: ignore[untyped-decorator]  # Celery ships no types
def score() -> None:
    """Score what is pending."""
    _attempt(_score)


def _score(process: Process) -> None:
    process.sweep.release_dead()
    bounds = Bounds(batch=current_app.settings.score_batch, pace=process.pace)
    score_pending(
        process.context.deps, process.scorer, bounds, current_app.stopping.is_set, sign, process.journal
    )


@shared_task(name=DELIVER)  # type: ignore[untyped-decorator]  # Celery ships no types
def deliver() -> None:
    """Nudge this process's delivery worker."""
    _attempt(lambda process: process.delivery_worker.collect())


@shared_task(name=PUBLISH)  # type: ignore[untyped-decorator]  # Celery ships no types
def publish() -> None:
    """Let the desk's decisions leave when their moment has come."""
    _attempt(lambda process: publish_all_due(process.context.deps, stopping=current_app.stopping.is_set))


@shared_task(name=SWEEP)  # type: ignore[untyped-decorator]  # Celery ships no types
def sweep() -> None:
    """Find what was left lying."""
    _attempt(lambda process: process.sweep.run())
    for work in (lambda process: process.notifier.run(), lambda process: process.sweep.tidy()):
        if not current_app.stopping.is_set():
            _attempt(work)


def _attempt(work: Callable[[Process], object]) -> None:
    """Do one task's work. Whatever it raises is logged by its type and place alone: its message may quote a reader.

    Nothing is lost by it: the rows are still there, and the sweep enqueues again.
    """
    try:
        work(present(current_app.settings))
    except Exception as failure:  # noqa: BLE001  # the edge of the process: nothing above it could fix anything
        log.error("task.failed", error=type(failure).__name__, place=_place(failure))


def _place(failure: BaseException) -> str:
    """Name the file and line that raised."""
    frame = failure.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "nowhere"
