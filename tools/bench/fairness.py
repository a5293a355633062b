"""Fair turns: one site floods the service, another posts a few comments; how long do that one's readers wait?

Run as `python -m tools.bench.fairness [--on sqlite|postgresql]`; ends with 1 where the target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests import servers
from tools.bench.load import OK, Client, comment, request
from tools.bench.processes import Installation, until
from tools.bench.servers import STORES, database
from tools.bench.throughput import BATCH, Counts

FLOOD, FEW, APART_SECONDS = 10_000, 10, 0.3
AHEAD = 2_000
TARGET_MS = 2_000.0


def fairness(home: Path, database_url: str | None, redis_url: str) -> tuple[float, float, int, int]:
    """Return B's p95 and worst milliseconds to a verdict, and how many of A's waited at B's first and last comment."""
    home.mkdir()
    with Installation(home, database_url, redis_url) as installation:
        flooding, quiet = installation.add_site("flooding"), installation.add_site("quiet")
        installation.start_web()
        with Counts(installation.database_url, 0) as counts:
            flooder = threading.Thread(target=_flood, args=(installation.port, flooding))
            flooder.start()
            until(lambda: counts.pending() >= AHEAD, 60)
            installation.start_workers()  # no sooner: they decide faster than one client floods
            before = counts.pending()
            client = Client(installation.port)
            for number in range(FEW):
                _send(client, request("/v1/comments", comment(f"b-{number}"), quiet))
                time.sleep(APART_SECONDS)
            after = counts.pending()
            flooder.join()
            until(lambda: counts.pending() == 0, 300)
            return counts.verdict_after("b", 0.95), counts.verdict_after("b", 1.0), before, after


def _flood(port: int, key: str) -> None:
    client = Client(port)
    for start in range(0, FLOOD, BATCH):
        items = [comment(f"a-{start + place}") for place in range(BATCH)]
        _send(client, request("/v1/comments/batch", items, key))
    client.close()


def _send(client: Client, raw: bytes) -> None:
    status = client.send(raw)
    if status not in OK:
        raise RuntimeError(f"answered with {status}")


def main() -> None:
    """Measure and print."""
    told = argparse.ArgumentParser(prog="python -m tools.bench.fairness", description=__doc__)
    told.add_argument("--on", choices=STORES, default="sqlite")
    given = told.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="rd-fair-") as folder,
        servers.valkey() as redis,
        database(given.on) as url,
    ):
        p95, worst, before, after = fairness(Path(folder) / "home", url, redis)
    print(
        f"{given.on}: site A floods {FLOOD:,} in batches of {BATCH}; {before:,} of them waited when site B began to "
        f"post its {FEW}, {after:,} when it ended. B: accept → verdict p95 {p95:,.0f} ms, worst {worst:,.0f} ms "
        f"(target < {TARGET_MS:,.0f} ms)"
    )
    sys.exit(p95 >= TARGET_MS)


if __name__ == "__main__":
    main()
