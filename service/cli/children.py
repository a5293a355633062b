"""Child processes under one supervisor: started through the reaper, listened to, restarted, and stopped in time."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from logging import LogRecord, makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Final

from service.cli import reaper
from service.domain.errors import ReplydeskError

LOG_BYTES: Final = 5 * 1024 * 1024
LOG_FILES: Final = 2
LINE_LIMIT: Final = 64 * 1024
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_SECONDS: Final = 10.0
"""Who lived so long starts anew: its end is no sequel to the one before."""
STOP_SECONDS: Final = 3.0


class ChildError(ReplydeskError):
    """A process dies before it is ready."""


class Reaper:
    """The other end of the reaper's pipe. It ends the children if we can no longer do so."""

    def __init__(self, keep: Iterable[int] = ()) -> None:
        """Start it; the descriptors in `keep` stay open in it, so that a lock lasts until it is done."""
        reader, self._writer = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-I", "-S", reaper.__file__, "watch", str(reader)],
            pass_fds=(reader, *keep),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reader)

    def tell(self, order: str) -> None:
        """Send one order; a reaper that is gone is no error: we still end the children."""
        with suppress(OSError):
            os.write(self._writer, f"{order}\n".encode())

    def dismiss(self) -> None:
        """Stop it: nothing is left to end."""
        self.tell("bye")
        os.close(self._writer)
        self._process.wait(timeout=5)


@dataclass(slots=True)
class Child:
    """One process of the service, its log, and how often it died in a row."""

    name: str
    command: list[str]
    log: RotatingFileHandler
    process: subprocess.Popen[bytes] | None = None
    partial: bytes = b""
    last: deque[str] = field(default_factory=lambda: deque(maxlen=12))
    started: float = 0.0
    deaths: int = 0  # in a row, none of them after a steady life
    due: float = 0.0  # when to start again, once it died
    code: int | None = None  # how it ended last

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None


class ChildProcesses:
    """All children of one supervisor, served by one loop in one thread."""

    def __init__(self, log_folder: Path, env: Mapping[str, str], heard: Callable[[str, str], None]) -> None:
        """`heard(name, line)` is called for every line that a child writes; `env` is theirs."""
        self._folder, self._env, self._heard = log_folder, dict(env), heard
        self._selector = selectors.DefaultSelector()
        self._children: list[Child] = []
        self._reaper: Reaper | None = None

    def start_reaper(self, keep: Iterable[int] = ()) -> Reaper:
        """Start the reaper, before any child."""
        self._reaper = Reaper(keep)
        return self._reaper

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
        self._children.append(child)
        self._spawn(child)
        return child

    def _spawn(self, child: Child) -> None:
        child.started = time.monotonic()
        child.process = subprocess.Popen(  # noqa: S603  # our own programs and the broker
            [sys.executable, "-I", "-S", reaper.__file__, "run", *child.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._env,
            start_new_session=True,  # a group of its own: Ctrl-C reaches us, and we end them in order
        )
        self.tell(f"add {child.process.pid}")
        output = _output(child)
        os.set_blocking(output.fileno(), False)
        self._selector.register(output, selectors.EVENT_READ, child)

    def update_env(self, env: Mapping[str, str]) -> None:
        """Give children that start from now on this environment."""
        self._env = dict(env)

    def tell(self, order: str) -> None:
        """Pass an order to the reaper."""
        if self._reaper is not None:
            self._reaper.tell(order)

    def serve(self, seconds: float) -> None:
        """Listen to the children for a while, and start again who died, after pauses that grow with each death.

        However often one dies, the others go on: a worker that crashes must not stop the web process.
        """
        for key, _ in self._selector.select(timeout=seconds):
            self._listen(key.data)
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, now)
            if child.process is None and now >= child.due:
                self._spawn(child)

    def _listen(self, child: Child) -> None:
        try:
            chunk = os.read(_output(child).fileno(), LINE_LIMIT)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(_output(child))
            return
        *lines, child.partial = (child.partial + chunk).split(b"\n")
        if len(child.partial) > LINE_LIMIT:
            lines, child.partial = [*lines, child.partial], b""
        for line in lines:
            self._note(child, line.decode("utf-8", "replace").rstrip())

    def _note(self, child: Child, line: str) -> None:
        if line:
            child.last.append(line)
            child.log.emit(_record(line))
            self._heard(child.name, line)

    def _ended(self, child: Child, now: float) -> None:
        process = child.process
        if process is None:
            return
        self._hang_up(child)
        reaper.stop({process.pid})  # what it may have left of its group
        self.tell(f"drop {process.pid}")
        child.process, child.partial, child.code = None, b"", process.returncode
        child.deaths = 1 if now - child.started >= STEADY_SECONDS else child.deaths + 1
        pause = min(FIRST_PAUSE * 2 ** min(child.deaths - 1, 16), LONGEST_PAUSE)
        child.due = now + pause
        self._heard(
            child.name, f"ended ({_ending(process.returncode)}) and is started again{_when(child, pause)}"
        )

    def _hang_up(self, child: Child) -> None:
        """Hear its last words and close its pipe."""
        with suppress(KeyError, ValueError):
            self._listen(child)
            self._selector.unregister(_output(child))
        _output(child).close()

    def wait(self, ready: Callable[[], bool], seconds: float, child: Child | None = None) -> bool:
        """Serve until `ready()`; False when the time is up. A `child` that dies meanwhile is a ChildError at once."""
        deadline = time.monotonic() + seconds
        while not ready():
            if child is not None and not child.alive:
                if child.process is not None:
                    self._ended(child, time.monotonic())
                raise ChildError(_exit_message(child, child.code))
            if time.monotonic() > deadline:
                return False
            self.serve(0.03)
        return True

    def stop(self) -> None:
        """Ask all to end at once, wait three seconds, end the rest; then stop the reaper."""
        alive = [child for child in self._children if child.process is not None]
        for child in alive:
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.alive for child in alive) and time.monotonic() < deadline:
            for key, _ in self._selector.select(timeout=0.05):
                self._listen(key.data)
        for child in alive:
            _signal(child, signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
                self._hang_up(child)
        for child in self._children:
            child.log.close()
        self._selector.close()
        if self._reaper is not None:
            self._reaper.dismiss()


def _output(child: Child) -> IO[bytes]:
    if child.process is None or child.process.stdout is None:
        raise ValueError(f"{child.name} does not run")
    return child.process.stdout


def _signal(child: Child, what: int) -> None:
    if child.process is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, what)


def _record(line: str) -> LogRecord:
    return makeLogRecord({"msg": line})


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit {code}"


def _when(child: Child, pause: float) -> str:
    """Say what whoever watches should know once it is no longer the first death."""
    if child.deaths == 1:
        return ""
    return f" in {pause:g} s: it died {child.deaths} times in a row; its log is {child.log.baseFilename}"


def _exit_message(child: Child, code: int | None) -> str:
    words = [line for line in child.last if not line.startswith("{")] or list(child.last)
    last = words[-1][:300].removeprefix("replydesk: ") if words else "it said nothing"
    return f"{child.name} ended ({_ending(code)}): {last}\nIts log is {child.log.baseFilename}"
