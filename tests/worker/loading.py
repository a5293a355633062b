"""A worker whose model takes three seconds to load, where a second counts as hung: `python -m tests.worker.loading`."""

from __future__ import annotations

import time

import worker.watchdog
from service import logging
from service.config import load
from service.scoring.scorer import ModelScorer
from worker.celery_app import make_app

if __name__ == "__main__":
    settings = load()
    logging.configure("worker", "info")
    worker.watchdog.SHORT_SECONDS = 1.0  # type: ignore[misc]
    warm = ModelScorer.warm

    def warm_slowly(scorer: ModelScorer) -> None:
        """Load the model after a while."""
        time.sleep(3)
        warm(scorer)

    ModelScorer.warm = warm_slowly  # type: ignore[method-assign]
    make_app(settings).worker_main(
        ["--quiet", "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    )
