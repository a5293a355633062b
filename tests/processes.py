"""Processes of the tests: a broker that can be hung or killed, a worker, and what is given to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from redis.exceptions import RedisError

from service.context import AppContext
from service.domain.comment import Article, Placed, Source, Submission
from service.messaging.redis_client import connect
from service.storage import migrate
from service.storage.schema import HEAD
from service.usecases import submit
from service.usecases.sites import Enrolment
from tests import servers


class Broker:
    """A Valkey on a socket that stays the same when it is started again."""

    def __init__(self, home: Path) -> None:
        self.socket = home / "v.sock"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [
                *(servers.valkey_program(), "--port", "0", "--unixsocket", self.socket),
                *("--save", "", "--dir", self.socket.parent),
            ],
            stdout=subprocess.DEVNULL,
        )
        until(self._answers)

    def _answers(self) -> bool:
        client = connect(self.url)
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False
        finally:
            client.close()

    def kill(self) -> None:
        """End it at once, with all that it held."""
        self.process.kill()
        self.process.wait()

    @contextmanager
    def hung(self) -> Iterator[None]:
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


def until(true: Callable[[], object], seconds: float = 60.0) -> float:
    """Wait until something is so, and return how long that took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() < started + seconds, f"not so within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - started


def environment(home: Path, redis_url: str, **more: str) -> dict[str, str]:
    """The environment of a process of this home and this broker; nothing of the tests' own settings is in it."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("REPLYDESK_", "REDIS_"))
    }
    given = {
        "REPLYDESK_HOME": str(home),
        "REDIS_URL": redis_url,
        "REPLYDESK_MASTER_KEY": "5e" * 32,
        "REPLYDESK_CALLBACK_ALLOW": "127.0.0.0/8",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    return clean | given | more


@contextmanager
def worker(
    env: dict[str, str], log: Path, script: str = "", *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `replydesk worker`, which scores by a script if one is named, and end it however the test ends."""
    module = ["tests.worker.scripted", script] if script else ["service.cli.main", "worker", *options]
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], env=env, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def migrated_by_two_at_once(url: str) -> None:
    """Let two processes that start at the same moment bring this empty database to the newest schema."""
    script = "import sys; from service.storage import migrate; migrate.upgrade(sys.argv[1])"
    command = [sys.executable, "-c", script, url]
    starters = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    told = [starter.communicate(timeout=60)[1] for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0], told
    assert migrate.current(url) == HEAD


def accept(context: AppContext, enrolled: Enrolment, texts: list[str]) -> list[Placed]:
    """Post comments as the API does; tasks are enqueued by themselves."""
    given = [Submission(Article("https://a.example/"), "Ada", text, Source.API) for text in texts]
    answers = submit(context.deps, context.sanitizer, enrolled.site, given)
    return [one for one in answers if isinstance(one, Placed)]


def pending(context: AppContext) -> int:
    with context.deps.store.read() as tx:
        return tx.statistics.backlog(datetime.now(UTC)).pending
