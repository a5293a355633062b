"""A worker whose tasks only note that they ran: `python -m tests.worker.listening worker|beat FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

from celery import shared_task

from service import logging
from service.config import load
from service.messaging.tasks import QUEUES, SCORE
from worker.celery_app import make_app


def declare(notes: Path) -> None:
    """Declare each task; it writes its name, and scoring goes on while a file `slow` lies beside the notes."""
    for name in QUEUES:

        @shared_task(name=name)  # type: ignore[untyped-decorator]  # Celery ships no types
        def note(name: str = name) -> None:
            with notes.open("a") as file:
                file.write(f"{name}\n")
            while name == SCORE and (notes.parent / "slow").exists():
                sum(range(1000))  # scoring, too, keeps the interpreter busy


if __name__ == "__main__":
    settings = load()
    logging.configure(sys.argv[1], "warning")
    app = make_app(settings, include=())
    declare(Path(sys.argv[2]))
    if sys.argv[1] == "beat":
        app.Beat(loglevel="warning", quiet=True).run()
    else:
        app.worker_main(["--quiet", "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"])
