"""`replydesk worker` that scores by a script, not with the model: `python -m tests.worker.scripted passes|…`."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import worker.tasks
import worker.watchdog
from service.cli.main import main
from service.domain.verdict import LABELS, Assessment, Effort
from service.scoring.scorer import ModelScorer
from worker import celery_app

MESSAGE = "cannot read <ada@reader.example>: the new bridge is a disgrace"
make_app = celery_app.make_app


def passes(self: object, readings: Any, explain: object = True, effort: Effort = Effort.FULL) -> Any:
    return [Assessment(dict.fromkeys(LABELS, 0.0), "scripted-1", effort=effort) for _ in readings]


def slowly(self: object, readings: Any, explain: object = True, effort: Effort = Effort.FULL) -> Any:
    time.sleep(0.005 * len(readings))
    return passes(self, readings, explain, effort)


def kills(self: object, readings: Any, explain: object = True, effort: Effort = Effort.FULL) -> Any:
    if any("deadly" in one.text for one in readings):
        os.kill(os.getpid(), signal.SIGKILL)
    return passes(self, readings, explain, effort)


def loads(self: object, readings: Any, explain: object = True, effort: Effort = Effort.FULL) -> Any:
    return passes(self, readings, explain, effort)


def hangs(*_: object, **__: object) -> None:
    time.sleep(3600)


def fails(*_: object, **__: object) -> None:
    """Raise what a library might, with what it was given in its message and in its cause."""
    try:
        raise KeyError(MESSAGE)
    except KeyError as cause:
        raise ValueError(MESSAGE) from cause


def with_results_and_events(settings: Any) -> Any:
    app = make_app(settings)
    app.conf.update(
        result_backend=app.conf.broker_url, task_ignore_result=False, worker_send_task_events=True
    )
    return app


if __name__ == "__main__":
    script = globals()[sys.argv[1]]
    if script in (hangs, fails):
        worker.tasks.score_pending = script
    else:
        ModelScorer.score = script
    if script in (hangs, fails, loads):
        worker.watchdog.SHORT_SECONDS = 2.0  # type: ignore[misc]
    if script is fails:
        celery_app.make_app = with_results_and_events
    ModelScorer.warm = lambda _: time.sleep(5 if script is loads else 0)  # type: ignore[method-assign]
    worker.watchdog.EVERY_SECONDS = 0.5  # type: ignore[misc]
    sys.argv = ["replydesk", "worker"]
    main()
