"""Ends its process group and removes files once the supervisor is gone: standard library alone, a tiny process.

The supervisor holds the other end of standard input, and ends this process with the group when it stops by itself.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time

TIME_LIMIT_SECONDS = 2.0


def main(paths: list[str]) -> None:
    """Wait until the supervisor is gone. Then let the group end, clear up, and kill what is left, this included."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.stdin.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(TIME_LIMIT_SECONDS)
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  # pathlib would double the start-up time
            shutil.rmtree(path, ignore_errors=True)
        elif os.path.lexists(path):
            os.unlink(path)  # noqa: PTH108  # likewise
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
