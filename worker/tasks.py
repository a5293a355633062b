"""The tasks by name: each is one call into the module that does the work."""

from __future__ import annotations

from celery import current_app, shared_task

from service.messaging.tasks import DELIVER, MAINTAIN, PUBLISH, SCORE
from service.scoring.scorer import sign
from worker.maintenance import publish_all_due
from worker.process import is_loading, present
from worker.scoring import Limits, score_pending


@shared_task(name=SCORE)  # type: ignore[untyped-decorator]  # Celery ships no types
def score() -> None:
    """Score what is pending; while the model is being loaded nothing is, and the task is enqueued again after it."""
    process = present(current_app.settings)
    if is_loading():
        return
    limits = Limits(batch=current_app.settings.score_batch, pace=process.pace)
    score_pending(process.context.deps, process.scorer, limits, current_app.stopping.is_set, sign)


@shared_task(name=DELIVER)  # type: ignore[untyped-decorator]  # Celery ships no types
def deliver() -> None:
    """Send the callbacks that are due."""
    present(current_app.settings).delivery.run()


@shared_task(name=PUBLISH)  # type: ignore[untyped-decorator]  # Celery ships no types
def publish() -> None:
    """Publish the decisions that are due."""
    publish_all_due(present(current_app.settings).context.deps, stopping=current_app.stopping.is_set)


@shared_task(name=MAINTAIN)  # type: ignore[untyped-decorator]  # Celery ships no types
def maintain() -> None:
    """Find what was left, tell moderators of their queues, and clean up; each whatever became of the one before."""
    process = present(current_app.settings)
    failures = []
    for step in (process.maintenance.run, process.alerts.run, process.maintenance.clean_up):
        if not current_app.stopping.is_set():
            try:
                step()
            except Exception as failure:  # noqa: BLE001  # raised below
                failures.append(failure)
    if failures:
        raise failures[0]
