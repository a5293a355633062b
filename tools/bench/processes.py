"""The processes under measurement: started as in production, timed to their first answer, weighed, and stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.servers import free_port

REPLYDESK = str(Path(sys.executable).with_name("replydesk"))
SETTINGS = re.compile(r"^(REPLYDESK_|REDIS_URL|PORT$)")
START_SECONDS = 30.0


class Installation:
    """One installation: its settings, and the processes that were started of it."""

    def __init__(self, home: Path, database_url: str | None, redis_url: str) -> None:
        self.port, self.peer_port = free_port(), free_port()
        clean = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
        self.env = {
            **clean,
            "REPLYDESK_HOME": str(home),
            "PORT": str(self.port),
            "REDIS_URL": redis_url,
            "REPLYDESK_CALLBACK_ALLOW": "127.0.0.0/8",
            **({"REPLYDESK_DATABASE_URL": database_url} if database_url else {}),
        }
        self.database_url = database_url or f"sqlite:///{home / 'replydesk.db'}"
        self._home = home
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Installation:
        self.run("migrate")
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._running.values()):
            stop(process)

    def run(self, *arguments: str) -> str:
        """Run a command of the service and return what it printed. Raises CalledProcessError."""
        return subprocess.run(
            [REPLYDESK, *arguments], env=self.env, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    def add_site(self, name: str, callback: str | None = None) -> str:
        """Make a site and return its key."""
        told = ["--callback", callback] if callback else []
        made = self.run("site", "add", name, "--url", f"https://{name}.example", *told, "--json")
        return str(json.loads(made)["key"])

    def start_web(self) -> float:
        """Start the web process; return the seconds until it answered."""
        return self._start("web", [REPLYDESK, "web"], lambda: answers(self.port))

    def start_peer(self) -> float:
        """Start the bare endpoint on `peer_port`."""
        command = [sys.executable, "-m", "tools.bench.peer"]
        return self._start("peer", command, lambda: answers(self.peer_port), PORT=str(self.peer_port))

    def start_workers(self) -> float:
        """Start one worker and the beat; return the seconds until the worker was ready with its model."""
        log = self._home / "worker.log"
        ready = (b'"worker.ready"', b'"model.loaded"')
        seconds = self._start(
            "worker",
            [REPLYDESK, "worker"],
            lambda: log.exists() and all(mark in log.read_bytes() for mark in ready),
        )
        self._start("beat", [REPLYDESK, "beat"], lambda: True)
        return seconds

    def _start(self, name: str, command: list[str], is_up: Callable[[], bool], **changed: str) -> float:
        began = time.monotonic()
        with (self._home / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=self.env | changed, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self._running[name] = process

        def up_or_over() -> bool:
            if process.poll() is not None:
                tail = (self._home / f"{name}.log").read_text()[-2000:]
                raise RuntimeError(f"{name} ended at once with {process.returncode}:\n{tail}")
            return is_up()

        until(up_or_over, START_SECONDS)
        return time.monotonic() - began

    def stop(self, name: str) -> None:
        """Stop one process and wait for its end."""
        stop(self._running.pop(name))

    def weights(self, name: str) -> list[float]:
        """Return the resident memory of a process and of each of its children, in MB, the heaviest first."""
        return sorted((_rss(pid) for pid in _tree(self._running[name].pid)), reverse=True)


def start(*module: str, port: int) -> subprocess.Popen[bytes]:
    """Start `python -m MODULE ARGUMENTS…` and wait until it answers on `port`."""
    process = subprocess.Popen([sys.executable, "-m", *module])
    until(lambda: answers(port), START_SECONDS)
    return process


def stop(process: subprocess.Popen[Any]) -> None:
    """End a process kindly, and otherwise."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(holds: Callable[[], object], seconds: float) -> None:
    """Wait until it holds; TimeoutError when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"what was waited for did not come within {seconds:.0f} s")
        time.sleep(0.01)


def answers(port: int) -> bool:
    """Whether something answers HTTP on that port of this machine."""
    with suppress(urllib.error.URLError, OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
        return True
    return False


def _tree(root: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    tree = {root}
    while grown := {pid for pid, parent in parents if parent in tree} - tree:
        tree |= grown
    return sorted(tree)


def _rss(pid: int) -> float:
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return int(told or 0) / 1000
