"""The broker hangs while comments come in: what does whoever posts notice?

Run as `python -m tools.bench.hung_broker [--on sqlite|postgresql]`; ends with 1 where the target is missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from tools.bench.load import Ran, comment, paced, request
from tools.bench.processes import Installation, until
from tools.bench.servers import STORES, database
from tools.bench.throughput import Counts
from tools.storm.servers import Redis

RATE, SECONDS = 60.0, 12.0
HANGS_AFTER, HANGS_FOR = 1.0, 10.0
TARGET_MS = 100.0


def hung_broker(home: Path, database_url: str | None) -> tuple[Ran, int]:
    """Return the steady load that ran meanwhile, and how many comments were undecided once all had come to rest."""
    home.mkdir()
    redis = Redis(home / "broker")
    redis.start()
    try:
        with Installation(home, database_url, redis.url) as installation:
            key = installation.add_site("steady")
            installation.start_web()
            installation.start_workers()
            paced(installation.port, 2.0, RATE, lambda n: request("/v1/comments", comment(f"warm-{n}"), key))
            pid = redis.pid
            hang = threading.Timer(HANGS_AFTER, os.kill, (pid, signal.SIGSTOP))
            go_on = threading.Timer(HANGS_AFTER + HANGS_FOR, os.kill, (pid, signal.SIGCONT))
            hang.start()
            go_on.start()
            ran = paced(
                installation.port,
                SECONDS,
                RATE,
                lambda n: request("/v1/comments", comment(f"steady-{n}"), key),
            )
            go_on.join()
            with Counts(installation.database_url, 0) as counts:
                until(lambda: counts.pending() == 0, 60)
                return ran, counts.pending()
    finally:
        redis.kill()


def main() -> None:
    """Measure and print."""
    told = argparse.ArgumentParser(prog="python -m tools.bench.hung_broker", description=__doc__)
    told.add_argument("--on", choices=STORES, default="sqlite")
    given = told.parse_args()
    with tempfile.TemporaryDirectory(prefix="rd-hung-") as folder, database(given.on) as url:
        ran, undecided = hung_broker(Path(folder) / "home", url)
    print(
        f"{given.on}: {RATE:.0f} comments/s for {SECONDS:.0f} s, the broker stopped (SIGSTOP) for {HANGS_FOR:.0f} s of "
        f"them: accepted {ran.good:,}, refused {ran.bad}, undecided in the end {undecided}; accept p50 "
        f"{ran.at(0.5):.1f} ms, p99 {ran.at(0.99):.1f} ms, worst {ran.at(1.0):.1f} ms (target p99 < {TARGET_MS:.0f} ms)"
    )
    sys.exit(bool(ran.bad) or ran.at(0.99) >= TARGET_MS)


if __name__ == "__main__":
    main()
