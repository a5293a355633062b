"""A worker whose scoring fails with a reader's words: `python -m tests.worker.failing`; it sends events and results."""

from __future__ import annotations

import worker.tasks
from service import logging
from service.config import load
from service.scoring.scorer import ModelScorer
from worker.celery_app import make_app

MESSAGE = "cannot read <ada@reader.example>: the new bridge is a disgrace"


def fail(*_: object, **__: object) -> None:
    """Raise what a library might, with what it was given in its message and in its cause."""
    try:
        raise KeyError(MESSAGE)
    except KeyError as cause:
        raise ValueError(MESSAGE) from cause


if __name__ == "__main__":
    settings = load()
    logging.configure("worker", "info")
    ModelScorer.warm = lambda _: None  # type: ignore[method-assign]
    worker.tasks.score_pending = fail  # type: ignore[assignment]
    app = make_app(settings)
    app.conf.update(result_backend=app.conf.broker_url, task_ignore_result=False)
    app.worker_main(
        ["--quiet", "worker", "-E", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    )
