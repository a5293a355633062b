"""The web process that ships, started as a user starts it: its own interpreter, waitress, and every bound it has."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from service import config
from service.context import AppContext, build_context
from service.messaging.dispatcher import RecordingDispatcher
from service.storage import migrate
from service.usecases.sites import Enrolment, enrol_site
from tests.factories import MASTER
from tests.processes import until
from tests.servers import free_port


@dataclass(frozen=True)
class Served:
    """A running web process: where it listens, whose key it knows, its store seen from here, and what it logged."""

    port: int
    site: Enrolment
    context: AppContext
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stored(self) -> list[str]:
        """The ids of the stored comments."""
        with self.context.deps.store.read() as tx:
            return [one.id for one in tx.comments.page(self.site.site.id, limit=200).comments]


@contextmanager
def served(home: Path, **more: str) -> Iterator[Served]:
    """Run a web process on a fresh home until the block ends."""
    env = {"REPLYDESK_HOME": str(home), "REPLYDESK_MASTER_KEY": MASTER, "PORT": str(free_port()), **more}
    known = config.load(env)
    home.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(known.database_url)
    context = build_context(known, env=env, dispatcher=RecordingDispatcher())
    made = Served(
        known.port, enrol_site(context, "courier", "https://courier.example"), context, home / "web.log"
    )
    command = [sys.executable, "-m", "service.cli.main", "web"]
    with made.log.open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **env}, stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or _answers(made))
        assert process.poll() is None, made.log.read_text()[-2000:]
        yield made
    finally:
        process.terminate()
        process.wait(timeout=20)
        context.close()


def _answers(web: Served) -> bool:
    with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{web.port}/healthz", timeout=2):
        return True
    return False
