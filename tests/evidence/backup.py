"""Evidence of a backup under load: taken while clients post and a worker decides, restored into an empty PostgreSQL.

    python -m tests.evidence.backup [--rows 100000] [--database postgresql://root@127.0.0.1:5432/postgres]
                                    [--redis redis://127.0.0.1:6379/0]

Fills a database of its own, starts web, worker and beat on it, lets clients post and read without a pause, and runs
`replydesk backup` in the middle of it and `replydesk restore` into a second, empty database. Prints the rows of each
table beside each other, and how many receipts of comments accepted before the backup open after the restore. Exit 1
when a row, a comment, a receipt or a number of the decisions feed is missing, or a request failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

from service.privacy.keys import Keyring, load_master
from service.privacy.receipts import receipt_token
from tests.bench.processes import REPLYDESK, SETTINGS, answers, free_port, stop, until
from tests.evidence.upgrade import FILL, ROOT, START_SECONDS, Traffic, start_web

RECEIPTS = 200
GAPS = "SELECT coalesce(max(seq), 0) - count(seq) FROM decisions"


def main() -> int:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", default="postgresql://root@127.0.0.1:5432/postgres")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/0")
    options = parser.parse_args()
    mark = uuid.uuid4().hex[:8]
    names = [f"replydesk_backup_{mark}", f"replydesk_restored_{mark}"]
    urls = [f"{options.database.rpartition('/')[0]}/{name}" for name in names]
    with tempfile.TemporaryDirectory(prefix="replydesk-backup-") as folder:
        try:
            for name in names:
                _on(options.database, f'CREATE DATABASE "{name}"')
            return _back_up(Path(folder), urls, options.rows, {"REDIS_URL": options.redis, "mark": mark})
        finally:
            for name in names:
                _on(options.database, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _back_up(folder: Path, urls: list[str], rows: int, broker: dict[str, str]) -> int:
    env = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
    env |= {
        "REPLYDESK_HOME": str(folder),
        "REPLYDESK_DATABASE_URL": urls[0],
        "REPLYDESK_MASTER_KEY": "5e" * 32,
        "REDIS_URL": broker["REDIS_URL"],
        "REPLYDESK_REDIS_PREFIX": f"evidence-{broker['mark']}:",
    }
    _run(env, "migrate")
    key = json.loads(_run(env, "site", "add", "courier", "--url", "https://courier.example", "--json"))["key"]
    _on(urls[0], FILL.format(rows=rows))
    copy, port = folder / "copy", free_port()
    traffic = Traffic(key, port)
    running = [start_web(ROOT, env, port), *(_process(env, name) for name in ("worker", "beat"))]
    try:
        until(lambda: answers(port), START_SECONDS)
        traffic.start()
        until(
            lambda: traffic.accepted >= RECEIPTS * 2 and _number(urls[0], "SELECT count(*) FROM decisions"),
            120,
        )
        before = [f"new-{number}-{n}" for n in range(1, RECEIPTS // 2 + 1) for number in range(2)]
        began = time.monotonic()
        note = json.loads(_run(env, "backup", str(copy), "--json"))
        took = time.monotonic() - began
    finally:
        traffic.stop()
        for process in running:
            stop(process)
        _forget(broker["REDIS_URL"], env["REPLYDESK_REDIS_PREFIX"])
    began = time.monotonic()
    told = json.loads(_run(env | {"REPLYDESK_DATABASE_URL": urls[1]}, "restore", str(copy), "--json"))
    restored = time.monotonic() - began
    print(f"backup of {note['bytes']:,} bytes in {took:.1f} s under load, restored in {restored:.1f} s")
    opened = _opened(env | {"REPLYDESK_DATABASE_URL": urls[1]}, before)
    return _report(note["rows"], told, traffic, opened, _number(urls[1], GAPS))


def _report(rows: dict[str, int], told: dict[str, Any], traffic: Traffic, opened: int, gaps: int) -> int:
    for name, count in rows.items():
        if count or told["rows"][name]:
            print(f"  {name:<20} {count:>9,} {told['rows'][name]:>9,}")
    print(f"receipts of comments accepted before it that open: {opened} of {RECEIPTS}")
    print(f"gaps in the decisions feed: {gaps}; the master key fits: {told['master_key_fits']}")
    print(f"requests meanwhile: {sum(traffic.answered.values()):,}, failed: {traffic.failed}")
    print(f"slowest POST: {traffic.slowest.get('POST /v1/comments', 0.0) * 1000:.0f} ms")
    whole = told["rows"] == rows and told["master_key_fits"] and opened == RECEIPTS and not gaps
    return 0 if whole and not traffic.failed else 1


def _opened(env: dict[str, str], names: list[str]) -> int:
    """Ask the restored installation for the receipts that the first one gave."""
    keyring, port, found = Keyring(load_master(env, None)), free_port(), 0
    web = start_web(ROOT, env, port)
    try:
        until(lambda: answers(port), START_SECONDS)
        for name in names:
            token = receipt_token(keyring, "courier", name)
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/r/{token}", timeout=10) as page,
            ):  # loopback
                found += page.status == 200
    finally:
        stop(web)
    return found


def _forget(url: str, prefix: str) -> None:
    """Take away what this run left in a server that others use."""
    with redis.Redis.from_url(url) as server:
        for key in server.scan_iter(f"{prefix}*"):
            server.delete(key)


def _number(url: str, question: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    return int(row[0]) if row else -1


def _on(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _run(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([REPLYDESK, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout


def _process(env: dict[str, str], name: str) -> subprocess.Popen[bytes]:
    with (Path(env["REPLYDESK_HOME"]) / f"{name}.log").open("wb") as log:
        return subprocess.Popen([REPLYDESK, name], env=env, stdout=log, stderr=log)


if __name__ == "__main__":
    sys.exit(main())
