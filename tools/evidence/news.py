"""Evidence on real input: imports labelled news comments into a fresh installation and says what became of them.

    python tools/evidence/news.py [--data ../shared/data/dev.parquet]

Starts its own process tree on a free port in a temporary home, imports every row of the news sources with a made-up
author, waits until all are decided, and prints counts, shares and times. The data is not part of the project.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

SOURCES = ("c3_news", "ucc_news")
AUTHORS = ("Ada", "Bo", "Chi", "Dee", "Eli", "Fay", "Gus", "Hal")
REPLYDESK = str(Path(sys.executable).with_name("replydesk"))


def main() -> int:
    """Run the import and print the table; exit 1 when a comment was lost, doubled or left undecided."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/dev.parquet"))
    parser.add_argument("--limit", type=int, default=None, help="only the first N rows")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"{options.data} is missing: give a parquet file with text, source and toxicity by --data")
        return 2
    with tempfile.TemporaryDirectory(prefix="replydesk-evidence-") as folder:
        home = Path(folder)
        labels = _write_lines(options.data, home / "news.jsonl", options.limit)
        env = {**os.environ, "REPLYDESK_HOME": str(home / "var"), "PORT": str(_free_port())}
        installation = subprocess.Popen([REPLYDESK, "up"], env=env, stdout=subprocess.DEVNULL)
        try:
            _wait_until_up(env)
            _run(env, "site", "add", "evidence", "--url", "https://news.example", "--json")
            started = time.monotonic()
            _run(env, "import", str(home / "news.jsonl"), "--site", "evidence")
            imported = time.monotonic() - started
            comments = _wait_until_decided(env, len(labels))
            _report(labels, comments, imported, time.monotonic() - started)
            return 0 if _complete(labels, comments) else 1
        finally:
            installation.send_signal(signal.SIGINT)
            installation.wait(20)


def _write_lines(data: Path, target: Path, limit: int | None) -> dict[str, float]:
    import pyarrow.parquet as parquet

    labels: dict[str, float] = {}
    rows = parquet.read_table(data, columns=["text", "source", "toxicity"]).to_pylist()
    with target.open("w", encoding="utf-8") as file:
        for number, row in enumerate(row for row in rows if row["source"] in SOURCES):
            if limit is not None and number >= limit:
                break
            name = f"row-{number}"
            labels[name] = row["toxicity"]
            author = AUTHORS[number % len(AUTHORS)]
            line = {
                "id": name,
                "article": {"url": f"https://news.example/a/{number % 97}"},
                "author": {"name": author, "email": f"{author.lower()}{number}@example.org"},
                "body": row["text"],
            }
            file.write(json.dumps(line) + "\n")
    return labels


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(env: dict[str, str], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{env['PORT']}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the service did not come up")


def _run(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([REPLYDESK, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"replydesk {arguments[0]} failed: {done.stderr or done.stdout}")
    return done.stdout


def _wait_until_decided(env: dict[str, str], expected: int, seconds: float = 300) -> list[dict[str, object]]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        waiting = _run(env, "comments", "--site", "evidence", "--status", "pending", "--json")
        if not waiting.strip():
            break
        time.sleep(0.5)
    return [json.loads(line) for line in _run(env, "comments", "--site", "evidence", "--json").splitlines()]


def _complete(labels: dict[str, float], comments: list[dict[str, object]]) -> bool:
    seen = Counter(str(comment["id"]) for comment in comments)
    return (
        set(seen) == set(labels)
        and max(seen.values()) == 1
        and all(c["status"] != "pending" for c in comments)
    )


def _report(
    labels: dict[str, float], comments: list[dict[str, object]], imported: float, decided: float
) -> None:
    status = {str(comment["id"]): str(comment["status"]) for comment in comments}
    benign = [name for name, toxicity in labels.items() if toxicity < 0.5]
    toxic = [name for name, toxicity in labels.items() if toxicity >= 0.5]
    unlabelled = [name for name, toxicity in labels.items() if toxicity is None or math.isnan(toxicity)]
    print(
        f"comments: {len(labels)} sent, {len(status)} stored, {len(comments) - len(status)} twice,", end=" "
    )
    print(f"{len(labels) - len(status)} lost, {sum(s == 'pending' for s in status.values())} undecided")
    print(f"imported in {imported:.1f} s ({len(labels) / imported:.0f}/s), all decided after {decided:.1f} s")
    for title, names in (
        ("all", list(labels)),
        ("benign", benign),
        ("toxic", toxic),
        ("unlabelled", unlabelled),
    ):
        counts = Counter(status[name] for name in names if name in status)
        shares = (
            ", ".join(f"{word} {counts[word] / len(names):.2%}" for word in sorted(counts))
            if names
            else "none"
        )
        print(f"{title:>10} ({len(names):5}): {shares}")
    waits = sorted(float(str(comment["seconds_to_verdict"])) for comment in comments)
    print(
        f"acceptance to verdict: median {statistics.median(waits):.2f} s, p95 {waits[int(0.95 * len(waits))]:.2f} s"
    )


if __name__ == "__main__":
    raise SystemExit(main())
