"""A worker whose every scoring run hangs: `python -m tests.worker.hanging`."""

from __future__ import annotations

import time

import worker.tasks
import worker.watchdog
from service import logging
from service.config import load
from service.scoring.scorer import ModelScorer
from worker.celery_app import make_app

if __name__ == "__main__":
    settings = load()
    logging.configure("worker", "info")
    worker.watchdog.SHORT_SECONDS = 8.0  # type: ignore[misc]
    ModelScorer.warm = lambda _: None  # type: ignore[method-assign]
    worker.tasks.score_pending = lambda *_, **__: time.sleep(3600)  # type: ignore[assignment]
    make_app(settings).worker_main(
        ["--quiet", "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    )
