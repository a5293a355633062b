"""Files that are locked for as long as their process lives, so that others can tell whether it does."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def lock(path: Path) -> int | None:
    """Lock the file, made where it is missing, and return its descriptor; None when another process has it."""
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


def kernel() -> str:
    """Name the running kernel: a lock is seen by those on the same one, and a home may be shared by more."""
    with suppress(OSError):
        return BOOT.read_text(encoding="ascii").strip()
    return socket.gethostname()
