"""Evidence of an upgrade under traffic: the version before runs on 100,000 rows while this one migrates and takes over.

    python -m tests.evidence.upgrade [--rows 100000] [--database postgresql://root@127.0.0.1:5432/postgres]

Takes the last version before the fourth migration out of the repository's own history, starts its web under gunicorn on
a database of its own, fills that with comments, and lets clients post and read without a pause: while `replydesk
migrate` of this version runs, while this version's web comes up beside the old one, and after the old one is stopped.
Prints what every request was answered, the slowest of them, and the rows before and after. Exit 1 when one failed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import uuid
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.processes import SETTINGS, answers, free_port, stop, until

ROOT = Path(__file__).parents[2]
START_SECONDS = 180
FIRST_OF_THIS = "service/storage/migrations/versions/0004_site_options.py"
FILL = """
INSERT INTO articles (site_id, url)
SELECT s.pk, 'https://courier.example/a' || n FROM sites s, generate_series(1, 200) n;
INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body, submitted_at,
 received_at, content_hash, source, published_revision, verdict)
SELECT s.pk, 'old-' || n, 1, CASE WHEN n % 20 = 0 THEN 'held' ELSE 'approved' END, true, 1,
 (SELECT min(pk) FROM articles) + n % 200, 'Bo', 'Comment number ' || n || ' on the new bridge.', n, n, 'h', 'api',
 CASE WHEN n % 20 = 0 THEN NULL ELSE 1 END, NULL FROM sites s, generate_series(1, {rows}) n;
INSERT INTO idempotency_keys (site_id, key, comment_pk, revision, request_hash, created_at)
SELECT site_id, 'key-' || id, pk, 1, 'h', 0 FROM comments;
ANALYZE;
"""


def main() -> int:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", default="postgresql://root@127.0.0.1:5432/postgres")
    options = parser.parse_args()
    name = f"replydesk_upgrade_{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="replydesk-upgrade-") as folder:
        with psycopg.connect(options.database, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            url = f"{options.database.rpartition('/')[0]}/{name}"
            return _upgrade(Path(folder), url, options.rows)
        finally:
            with psycopg.connect(options.database, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _upgrade(folder: Path, url: str, rows: int) -> int:
    old = _old_version(folder / "old")
    env = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
    env |= {
        "REPLYDESK_HOME": str(folder),
        "REPLYDESK_DATABASE_URL": url,
        "REPLYDESK_PUBLIC_URL": "http://127.0.0.1",
    }
    _run(old, env, "migrate")
    key = json.loads(_run(old, env, "site", "add", "courier", "--url", "https://courier.example", "--json"))[
        "key"
    ]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL.format(rows=rows).encode())
    print(f"{rows:,} comments at schema {_revision(url)}")
    ports = free_port(), free_port()
    before = start_web(old, env, ports[0])
    traffic = Traffic(key, ports[0])
    after = None
    try:
        until(lambda: answers(ports[0]), START_SECONDS)
        traffic.start()
        time.sleep(3)
        began = time.monotonic()
        _run(ROOT, env, "migrate")
        migrated = time.monotonic() - began
        time.sleep(3)
        after = start_web(ROOT, env, ports[1])
        until(lambda: answers(ports[1]), START_SECONDS)
        traffic.port = ports[1]
        time.sleep(3)
        stop(before)
        time.sleep(3)
    finally:
        traffic.stop()
        for process in (before, after):
            if process is not None:
                stop(process)
    return _report(traffic, url, rows, migrated)


def _report(traffic: Traffic, url: str, rows: int, migrated: float) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM comments").fetchone()
        broken = connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone()
    assert found
    assert broken
    lost = rows + traffic.accepted - found[0]
    print(f"migrated to schema {_revision(url)} in {migrated:.1f} s, the old version serving all the while")
    for (what, answer), count in sorted(traffic.answered.items()):
        print(f"  {what:<28} {answer:<24} {count:>7}")
    for what, seconds in sorted(traffic.slowest.items()):
        print(f"  slowest {what:<20} {seconds * 1000:>7.0f} ms")
    print(
        f"{found[0]:,} comments afterwards: {rows:,} and {traffic.accepted:,} that were accepted; lost {lost}"
    )
    print(f"requests that failed: {traffic.failed}; indexes left invalid: {broken[0]}")
    return 1 if traffic.failed or lost or broken[0] else 0


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


def _old_version(folder: Path) -> Path:
    """Unpack the last version before the fourth migration came."""
    added = _git("log", "--diff-filter=A", "--format=%H", "--", FIRST_OF_THIS).decode().split()[-1]
    with tarfile.open(
        fileobj=BytesIO(_git("archive", f"{added}^", "service", "worker", "classifier"))
    ) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


def _run(version: Path, env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "service.cli.main", *arguments]
    done = subprocess.run(
        command,
        cwd=version,
        env=env | {"PYTHONPATH": str(version)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout


def start_web(version: Path, env: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    """Start that version's web under gunicorn, with two processes."""
    command = [
        str(Path(sys.executable).with_name("gunicorn")),
        "--config=python:service.cli.gunicorn_settings",
        "service.web:create_app()",
    ]
    with (Path(env["REPLYDESK_HOME"]) / f"web-{port}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=version,
            env=env | {"PYTHONPATH": str(version), "PORT": str(port), "WEB_CONCURRENCY": "2"},
            stdout=log,
            stderr=log,
        )


def _revision(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else "none"


if __name__ == "__main__":
    sys.exit(main())
