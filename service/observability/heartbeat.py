"""Heartbeats: a process says in a file of its own when it last went round, so that a health check sees one that hangs.

The file is locked for as long as its process lives. Times are of the kernel's monotonic clock, which all its processes
share, containers too; a container finds its own processes by its host's name, though others share its home.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from service.observability.file_locks import kernel, lock

LOOP, TASKS, BEAT = "loop", "tasks", "beat"
"""What goes round: a worker's main loop; what looks after its tasks, in each process that runs any; beat."""
EVERY_SECONDS: Final = 5.0
STALE_SECONDS: Final = 30.0
SLOTS: Final = 256
LINE_BYTES: Final = 200
FORGOTTEN_SECONDS: Final = 86_400.0

log = structlog.get_logger(__name__)


class Heartbeat:
    """One process's heartbeat in `home`; a home that cannot be written costs no more than the health check."""

    def __init__(self, home: Path, role: str) -> None:
        self._folder, self._role = _folder(home), role
        self._turn = threading.Lock()
        self._pid = 0
        self._file: int | None = None
        self._kept = True

    def beat(self, wrong: str = "") -> None:
        """Say that it went round just now, and what is wrong with it all the same; never raises."""
        with self._turn:
            try:
                if self._file is None or self._pid != os.getpid() or not os.fstat(self._file).st_nlink:
                    self._file, self._pid = self._claim(), os.getpid()
                line = f"{time.monotonic():.3f} {wrong}".encode()[:LINE_BYTES]
                os.pwrite(
                    self._file, line.ljust(LINE_BYTES), 0
                )  # always as long: who reads sees no half of it
                self._kept = True
            except OSError as failure:
                if self._kept:
                    log.warning("heartbeat.not_kept", error=type(failure).__name__)
                self._kept = False

    def _claim(self) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_others(self._folder)
        for number in range(SLOTS):
            opened = lock(self._folder / f"{self._role}-{number}")
            if opened is not None:
                return opened
        raise OSError(f"all {SLOTS} slots are taken")

    def close(self) -> None:
        """Be no longer looked after: the process is ending."""
        with self._turn:
            if self._file is not None and self._pid == os.getpid():
                os.close(self._file)
            self._file = None


def faults(home: Path, role: str, seconds: float = STALE_SECONDS) -> list[str] | None:
    """Say what is wrong with this host's living processes of that role, one each; None when none lives."""
    lines = [line for path in sorted(_folder(home).glob(f"{role}-*")) if (line := _living(path)) is not None]
    wrong = []
    for line in lines:
        at, _, word = line.strip().partition(" ")
        silent = time.monotonic() - float(at or 0)
        if word or silent > seconds:
            wrong.append(word or f"{role} has not gone round for {silent:.0f} s")
    return wrong if lines else None


def _living(path: Path) -> str | None:
    """Return what the file's process said; None when it is gone."""
    opened = lock(path)
    if opened is None:
        return path.read_text(encoding="ascii", errors="replace")
    os.close(opened)
    return None


def _folder(home: Path) -> Path:
    return home / "run" / "alive" / kernel() / socket.gethostname()


def _forget_others(ours: Path) -> None:
    """Take away what hosts left that are long gone: each new container has a name of its own."""
    before = time.time() - FORGOTTEN_SECONDS
    for folder in ours.parent.iterdir():
        with suppress(OSError):
            if folder == ours:
                continue
            for path in folder.iterdir():
                if path.stat().st_mtime < before and (opened := lock(path)) is not None:
                    path.unlink(missing_ok=True)
                    os.close(opened)
            folder.rmdir()
