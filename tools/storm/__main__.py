"""`make storm`: breaks everything that can break while comments come in, and then counts; prints one table.

Runs on PostgreSQL and Redis of its own and on the embedded default. Nothing may be lost, nothing may happen twice and
nothing may be stuck: otherwise it says what, and ends with 1.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests import servers
from tools.storm.installations import Embedded, Given, Installation, Production
from tools.storm.planted import PLANTS
from tools.storm.run import Bounds, Outcome, storm
from tools.storm.table import table

INSTALLATIONS: dict[str, type[Installation]] = {"postgresql": Production, "embedded": Embedded}


def main() -> None:
    """Run a storm for each seed on each installation, and print what came of it."""
    told = argparse.ArgumentParser(prog="python -m tools.storm", description=__doc__)
    told.add_argument("--comments", type=int, default=20_000, help="how many are posted in each storm")
    told.add_argument(
        "--seconds", type=float, help="how long faults are injected; by default what the installation needs"
    )
    told.add_argument("--seeds", default="1,2,3", help="one storm for each, separated by commas")
    told.add_argument("--on", choices=[*INSTALLATIONS, "both"], default="both", help="which installation")
    told.add_argument(
        "--settle-seconds",
        type=float,
        default=Bounds().settle_seconds,
        help="seconds without progress after which what still waits counts as stuck",
    )
    told.add_argument("--lease", type=float, default=10.0, help="seconds of a scoring lease")
    told.add_argument("--small", action="store_true", help="few faults, to try the storm itself")
    bugs = " or ".join(repr(bug) for bug in PLANTS)
    told.add_argument(
        "--plant", default="", help=f"a bug that the storm must find: {bugs}, or both with a comma"
    )
    told.add_argument("--keep", action="store_true", help="leave the logs where they are")
    given = told.parse_args()
    outcomes: list[Outcome] = []
    bounds = Bounds(given.comments, given.seconds or 0.0, given.settle_seconds, given.small)
    for installation in [INSTALLATIONS[given.on]] if given.on in INSTALLATIONS else INSTALLATIONS.values():
        for seed in map(int, given.seeds.split(",")):
            folder = Path(tempfile.mkdtemp(prefix="rd-storm-"))
            folder.chmod(0o755)  # PostgreSQL runs as somebody else
            try:
                _say(f"{installation.name}, seed {seed}: {bounds.comments:,} comments, in {folder}")
                built = installation(folder / "s", Given(lease_seconds=given.lease, plant=given.plant))
                outcomes.append(storm(built, seed, bounds))
                _say(outcomes[-1].line())
            except servers.Missing as reason:
                _say(f"NOT RUN on {installation.name}: {reason}")
                break
            finally:
                if not given.keep:
                    shutil.rmtree(folder, ignore_errors=True)
    print(table(outcomes), flush=True)
    sys.exit(1 if not outcomes or any(one.findings for one in outcomes) else 0)


def _say(what: str) -> None:
    print(f"storm: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
