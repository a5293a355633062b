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


@contextmanager
def worker(env: dict[str, str], log: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `replydesk worker`, and end it however the test ends."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli.main", "worker", *options],
            env=env,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def accept(context: AppContext, enrolled: Enrolment, texts: list[str]) -> list[Placed]:
    """Post comments as the API does; tasks are enqueued by themselves."""
    given = [Submission(Article("https://a.example/"), "Ada", text, Source.API) for text in texts]
    answers = submit(context.deps, context.sanitizer, enrolled.site, given)
    return [one for one in answers if isinstance(one, Placed)]


def pending(context: AppContext) -> int:
    with context.deps.store.read() as tx:
        return tx.statistics.backlog(datetime.now(UTC)).pending
