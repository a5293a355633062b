"""The reaper of one process tree: a tiny program, standard library alone, that outlives a killed supervisor.

As `reaper.py run COMMAND…` it asks Linux to stop the command should its parent die, and becomes the command.
As `reaper.py watch FD` it reads orders from a pipe, one a line, until the pipe's other end is gone:
`add PGID` and `drop PGID` name process groups, `remove PATH` names what to clear away, `bye` means all is well.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
TIME_LIMIT_SECONDS = 2.0


def run(command: list[str]) -> None:
    """Become `command`, bound to its parent's life; on systems without prctl the watch alone serves."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before it could be asked for
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  # no shell is wanted


def watch(fd: int) -> None:
    """Follow orders until the supervisor says goodbye or is gone; then end its processes and remove its files."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    groups: set[int] = set()
    paths: list[str] = []
    with os.fdopen(fd, encoding="utf-8") as orders:
        for line in orders:
            order, _, what = line.rstrip("\n").partition(" ")
            if order == "add":
                groups.add(int(what))
            elif order == "drop":
                groups.discard(int(what))
            elif order == "remove":
                paths.append(what)
            elif order == "bye":
                return
    stop(groups)
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  # pathlib would double the start-up time
            shutil.rmtree(path, ignore_errors=True)
        elif os.path.lexists(path):
            os.unlink(path)  # noqa: PTH108  # likewise


def stop(groups: set[int]) -> None:
    """Ask every group to end, and after two seconds end it."""
    deadline = time.monotonic() + TIME_LIMIT_SECONDS
    left = {group for group in groups if _signal(group, signal.SIGTERM)}
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if _signal(group, 0)}
    for group in left:
        _signal(group, signal.SIGKILL)


def _signal(group: int, what: int) -> bool:
    try:
        os.killpg(group, what)
    except ProcessLookupError:
        return False
    except PermissionError:  # a group of zombies on macOS, or a number that somebody else has by now
        return False
    return True


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(sys.argv[2:])
    else:
        watch(int(sys.argv[2]))
