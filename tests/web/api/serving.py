"""The web process that ships, started as a user starts it: its own interpreter, waitress, and every bound it has."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
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
from tests.servers import free_port

START = "import sys; from service.cli.main import main; sys.argv = ['replydesk', 'web']; main()"
START_SECONDS = 60


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
        """Return the id of every stored comment, newest first."""
        found: list[str] = []
        after: int | None = None
        while True:
            with self.context.deps.store.read() as tx:
                page = tx.comments.page(self.site.site.id, after=after, limit=200)
            found += [comment.id for comment in page.comments]
            if page.next is None:
                return found
            after = page.next


@contextmanager
def served(home: Path, **more: str) -> Iterator[Served]:
    """Run a web process on a fresh home until the block ends."""
    env = {"REPLYDESK_HOME": str(home), "REPLYDESK_MASTER_KEY": MASTER, "PORT": str(free_port()), **more}
    known = config.load(env)
    home.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(known.database_url)
    context = build_context(known, env=env, dispatcher=RecordingDispatcher())
    site = enrol_site(context, "courier", "https://courier.example")
    log = home / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", START], env={**os.environ, **env}, stdout=output, stderr=output
        )
    try:
        _await(process, known.port, log)
        yield Served(known.port, site, context, log)
    finally:
        process.terminate()
        process.wait(timeout=20)
        context.close()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return
        time.sleep(0.1)
    raise AssertionError(f"the web process did not come up: {log.read_text()[-2000:]}")
