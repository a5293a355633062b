"""`make bench`: measures a whole installation on this machine, prints the table and writes docs/benchmarks.md.

Takes about five minutes. A real PostgreSQL is used as the tests find one, or left out loudly; the classifier's own
figures follow. `--quick` runs stretches too short for figures to be trusted, to try the bench itself.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import servers
from tools.bench.machine import described
from tools.bench.page import page
from tools.bench.profile import profile
from tools.bench.servers import postgresql
from tools.bench.throughput import Bounds, Measured, measure
from tools.bench.trivial import tasks_a_second

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
QUICK = Bounds(accepting=1.0, deciding=2.0, paced=2.0)


def main() -> None:
    """Run it all; the page is written at the end and printed as it is."""
    told = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    told.add_argument("--quick", action="store_true", help="short stretches, and docs/ is left alone")
    given = told.parse_args()
    bounds = QUICK if given.quick else Bounds()
    began, busy = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="rd-bench-") as folder, servers.valkey() as redis_url:
        home = Path(folder)
        _say("one trivial Celery task a comment")
        tasks = tasks_a_second(redis_url, bounds.accepting)
        _say("the service on SQLite")
        stores: dict[str, Measured | str] = {"SQLite": measure(home / "sqlite", None, redis_url, bounds)}
        _say("the service on PostgreSQL")
        where = ""
        try:
            with postgresql() as (url, where):
                stores["PostgreSQL"] = measure(home / "postgresql", url, redis_url, bounds)
        except servers.Missing as reason:
            stores["PostgreSQL"] = str(reason)
            _say(f"NOT MEASURED: {reason}")
        _say("where the time goes")
        shares = profile(home / "profile")
    machine = f"{described()}{where}; load average {busy:.1f} before the run"
    text = page(machine, stores, tasks, shares, time.monotonic() - began)
    print(text, flush=True)
    if given.quick:
        return
    PAGE.write_text(text)
    _say("the classifier alone")
    command = [sys.executable, "-m", "classifier.training.benchmark", "--append", str(PAGE)]
    sys.exit(subprocess.run(command, check=False).returncode)


def _say(what: str) -> None:
    print(f"bench: {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
