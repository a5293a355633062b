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
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

from service.domain.addresses import article_key
from service.privacy.keys import Keyring, load_master
from service.privacy.receipts import receipt_token
from tests.bench.processes import REPLYDESK, SETTINGS, answers, free_port, stop, until

ROOT = Path(__file__).parents[2]
START_SECONDS = 180
FILL = """
INSERT INTO articles (site_id, url, url_key)
SELECT s.pk, a.url, a.url_key FROM sites s, (VALUES {articles}) AS a (url, url_key);
INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body, submitted_at,
 received_at, content_hash, source, published_revision, verdict)
SELECT s.pk, 'old-' || n, 1, CASE WHEN n % 20 = 0 THEN 'held' ELSE 'approved' END, true, 1,
 (SELECT min(pk) FROM articles) + n % 200, 'Bo', 'Comment number ' || n || ' on the new bridge.', n, n, 'h', 'api',
 CASE WHEN n % 20 = 0 THEN NULL ELSE 1 END, NULL FROM sites s, generate_series(1, {rows}) n;
INSERT INTO idempotency_keys (site_id, key, comment_pk, revision, request_hash, created_at)
SELECT site_id, 'key-' || id, pk, 1, 'h', 0 FROM comments;
ANALYZE;
"""
ARTICLES = ", ".join(
    f"('{url}', '{article_key(url)}')" for url in (f"https://courier.example/a{n}" for n in range(1, 201))
)
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
    _on(urls[0], FILL.format(rows=rows, articles=ARTICLES))
    copy, port = folder / "copy", free_port()
    traffic = Traffic(key, port)
    running = [_start_web(env, port), *(_process(env, name) for name in ("worker", "beat"))]
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


class Traffic:
    """Clients that post and read, one request after another, at whichever version `port` names."""

    def __init__(self, key: str, port: int) -> None:
        self.key, self.port = key, port
        self.answered: Counter[tuple[str, str]] = Counter()
        self.slowest: dict[str, float] = {}
        self.accepted = self.failed = 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads = [
            threading.Thread(target=work, args=(n,))
            for work, count in ((self._post, 2), (self._read, 1))
            for n in range(count)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop, and wait for the last answers."""
        self._over.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(30)

    def _post(self, number: int) -> None:
        n = 0
        while not self._over.is_set():
            n += 1
            body = {
                "id": f"new-{number}-{n}",
                "article": {"url": f"https://courier.example/a{n % 200}"},
                "author": {"name": "Ada", "email": "ada@mail.example"},
                "body": f"Comment {n}: the bridge is open.",
            }
            if self._ask("POST /v1/comments", "POST", "/v1/comments", body) == 202:
                with self._lock:
                    self.accepted += 1

    def _read(self, _number: int) -> None:
        paths = (
            ("GET /v1/comments", "/v1/comments?limit=20"),
            ("GET /v1/comments/{id}", "/v1/comments/old-20"),
            ("GET published", "/v1/sites/courier/published?article_url=https://courier.example/a7"),
        )
        while not self._over.is_set():
            for what, path in paths:
                self._ask(what, "GET", path)

    def _ask(self, what: str, method: str, path: str, body: Any = None) -> int:
        began, status, answer = time.monotonic(), 0, ""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            data = json.dumps(body) if body is not None else None
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            status, _ = response.status, response.read()
            answer = str(status)
        except (OSError, http.client.HTTPException) as failure:
            answer = type(failure).__name__
        finally:
            connection.close()
        with self._lock:
            self.answered[what, answer] += 1
            self.slowest[what] = max(self.slowest.get(what, 0.0), time.monotonic() - began)
            self.failed += status not in (200, 202)
        return status


def _start_web(env: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    """Start the web under gunicorn, with two processes."""
    command = [
        str(Path(sys.executable).with_name("gunicorn")),
        "--config=python:service.cli.gunicorn_settings",
        "service.web:create_app()",
    ]
    with (Path(env["REPLYDESK_HOME"]) / f"web-{port}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=env | {"PYTHONPATH": str(ROOT), "PORT": str(port), "WEB_CONCURRENCY": "2"},
            stdout=log,
            stderr=log,
        )


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
    web = _start_web(env, port)
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
