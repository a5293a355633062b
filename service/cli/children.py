"""Child processes under one supervisor: in one process group, listened to, restarted, and stopped in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from logging import makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from service.cli import reaper
from service.cli.console import Refused

LOG_BYTES: Final = 5 * 1024 * 1024
LOG_FILES: Final = 2
LINE_LIMIT: Final = 64 * 1024
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_SECONDS: Final = 10.0
"""Who lived so long starts anew: its end is no sequel to the one before."""
STOP_SECONDS: Final = 3.0
LAST_WORDS_SECONDS: Final = 1.0


@dataclass(slots=True)
class Child:
    """One process of the service, its log, and how often it died in a row."""

    name: str
    command: list[str]
    log: RotatingFileHandler
    process: subprocess.Popen[str] = field(init=False)
    listener: threading.Thread = field(init=False)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=12))
    started: float = 0.0
    deaths: int = 0  # in a row, none of them after a steady life
    due: float | None = None  # when to start again, once it died

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    @property
    def ending(self) -> str:
        """How its process ended."""
        with suppress(ValueError):
            return signal.Signals(-self.process.returncode).name
        return f"exit {self.process.returncode}"


class ChildProcesses:
    """All children of one supervisor.

    They are one process group, and the reaper is its leader: so a child is in it from its first moment, and the reaper
    ends it should the supervisor be killed.
    """

    def __init__(self, log_folder: Path, env: Mapping[str, str], heard: Callable[[str, str], None]) -> None:
        """`heard(name, line)` is called for every line that a child writes, from a thread; `env` is theirs."""
        self.env = dict(env)
        self._folder, self._heard = log_folder, heard
        self._children: list[Child] = []
        self._reaper: subprocess.Popen[bytes] | None = None

    def start_reaper(self, remove: Iterable[Path] = (), keep: Iterable[int] = ()) -> None:
        """Start the reaper, before any child.

        It removes the files and folders in `remove`. The descriptors in `keep` stay open in it, so that a lock lasts
        until it is done.
        """
        self._reaper = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-I", "-S", reaper.__file__, *map(str, remove)],
            pass_fds=tuple(keep),
            stdin=subprocess.PIPE,
            process_group=0,
        )

    def start(self, name: str, command: list[str]) -> Child:
        """Start a child; from now on `serve` keeps it running."""
        log = RotatingFileHandler(
            self._folder / f"{name}.log",
            maxBytes=LOG_BYTES,
            backupCount=LOG_FILES,
            encoding="utf-8",
            delay=True,
        )
        child = Child(name, command, log)
        self._spawn(child)
        self._children.append(child)
        return child

    def _spawn(self, child: Child) -> None:
        child.started, child.due = time.monotonic(), None
        child.process = subprocess.Popen(  # noqa: S603  # our own programs and the broker
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=self.env,
            process_group=self._reaper.pid if self._reaper else 0,  # not ours: Ctrl-C reaches us alone
        )
        child.listener = threading.Thread(target=self._listen, args=(child, child.process), daemon=True)
        child.listener.start()

    def _listen(self, child: Child, process: subprocess.Popen[str]) -> None:
        if process.stdout is not None:
            with process.stdout as output:
                for line in iter(partial(output.readline, LINE_LIMIT), ""):
                    if said := line.rstrip():
                        child.last.append(said)
                        child.log.handle(makeLogRecord({"msg": said}))
                        self._heard(child.name, said)

    def serve(self, seconds: float) -> None:
        """Wait a while, and start again who died, after pauses that grow with each death.

        However often one dies, the others go on: a worker that crashes must not stop the web process.
        """
        time.sleep(seconds)
        now = time.monotonic()
        for child in self._children:
            if child.due is None and not child.alive:
                self._ended(child, now)
            if child.due is not None and now >= child.due:
                self._spawn(child)

    def _ended(self, child: Child, now: float) -> None:
        child.listener.join(LAST_WORDS_SECONDS)
        child.deaths = 1 if now - child.started >= STEADY_SECONDS else child.deaths + 1
        pause = min(FIRST_PAUSE * 2 ** min(child.deaths - 1, 16), LONGEST_PAUSE)
        child.due = now + pause
        told = f"ended ({child.ending}) and is started again"
        if child.deaths > 1:
            told += (
                f" in {pause:g} s: it died {child.deaths} times in a row; its log is {child.log.baseFilename}"
            )
        self._heard(child.name, told)

    def wait(self, ready: Callable[[], bool], seconds: float, child: Child | None = None) -> bool:
        """Serve until `ready()`; False when the time is up. A `child` that dies meanwhile is refused at once."""
        deadline = time.monotonic() + seconds
        while not ready():
            if child is not None and not child.alive:
                child.listener.join(LAST_WORDS_SECONDS)
                raise Refused(_exit_message(child))
            if time.monotonic() > deadline:
                return False
            self.serve(0.03)
        return True

    def stop(self) -> None:
        """Ask all to end at once, wait three seconds, and end the rest of the group, the reaper with it."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.alive for child in self._children) and time.monotonic() < deadline:
            time.sleep(0.05)
        self._signal(signal.SIGKILL)
        for child in self._children:
            child.process.wait()
            child.listener.join(LAST_WORDS_SECONDS)
            child.log.close()
        if self._reaper is not None:
            self._reaper.communicate()

    def _signal(self, what: int) -> None:
        if self._reaper is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._reaper.pid, what)


def _exit_message(child: Child) -> str:
    words = [line for line in child.last if not line.startswith("{")] or list(child.last)
    last = words[-1][:300].removeprefix("replydesk: ") if words else "it said nothing"
    return f"{child.name} ended ({child.ending}): {last}\nIts log is {child.log.baseFilename}"
