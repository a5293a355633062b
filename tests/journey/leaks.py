"""Leaks as they might happen, one for each path: each puts a canary somewhere, in a form of its own."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import sqlite3
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import text

from service.context import AppContext
from service.domain.comment import Comment
from service.domain.verdict import Action, Who
from service.leak_audit.audit import Audit
from service.messaging.redis_client import connect
from service.messaging.tasks import DELIVER
from service.storage.engines import open_engine
from service.storage.records import Label
from tests.factories import delivery
from tests.processes import until

HOP_BY_HOP = ("connection", "content-length", "date", "server", "transfer-encoding")
"""Headers of one connection: the answer is read whole, and sent on in another way."""


class Front:
    """Stands before the service and forwards everything; when told to leak, it adds the canary to its answers."""

    def __init__(self, installation: str) -> None:
        self.leaks: str | None = None
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                self._pass_on()

            do_POST = do_DELETE = do_GET  # noqa: N815  # as the base class names them

            def _pass_on(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else None
                sent = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                request = urllib.request.Request(  # noqa: S310  # loopback
                    installation + self.path, data=body, method=self.command, headers=sent
                )
                try:
                    with _OPENER.open(request, timeout=30) as answer:
                        status, told, headers = answer.status, answer.read(), answer.headers
                except urllib.error.HTTPError as refused:
                    with refused:
                        status, told, headers = refused.code, refused.read(), refused.headers
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(told + front.slip(self.path, status))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def slip(self, path: str, status: int) -> bytes:
        if self.leaks is None:
            return b""
        if path == "/metrics":
            return f'comments_total{{author="{self.leaks}"}} 1\n'.encode()
        spelled = "".join(f"&#{ord(letter)};" for letter in self.leaks)
        return (
            f"<!-- {spelled} -->".encode() if status >= 400 else f"<p>{html.escape(self.leaks)}</p>".encode()
        )

    def __enter__(self) -> Front:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Follow(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Follow)


@dataclass
class Scene:
    """Where the leaks happen: a planted audit over a running installation, and the front before it."""

    context: AppContext
    audit: Audit
    front: Front
    home: Path
    temporary: Path

    @property
    def address(self) -> str:
        return self.audit.planter.addresses["api"]

    def comment(self, name: str = "api") -> Comment:
        with self.context.deps.store.read() as tx:
            found = tx.comments.get(self.audit.site.site.id, name)
        assert found is not None
        return found

    def sql(self, statement: str, **values: object) -> None:
        engine = open_engine(self.context.settings.database_url)
        with engine.begin() as connection:
            connection.execute(text(statement), values)
        engine.dispose()


def _row(scene: Scene) -> None:
    scene.sql("UPDATE comments SET body = :t WHERE pk = :pk", t=f"Hi {scene.address}", pk=scene.comment().pk)


def _old_text(scene: Scene) -> None:
    pk = scene.comment("replayed").pk
    scene.sql("UPDATE revisions SET author_name = :t WHERE comment_pk = :pk", t=scene.address.upper(), pk=pk)


def _note(scene: Scene) -> None:
    comment = scene.comment()
    with scene.context.deps.store.write() as tx:
        (first, *_) = tx.decisions.of_comment(comment.pk)
        spelled = "".join(f"%{ord(letter):02X}" for letter in scene.address)
        tx.decisions.add_notes([first.id], f"see {spelled}", "Mo", scene.context.deps.clock())


def _label(scene: Scene) -> None:
    comment, now = scene.comment(), scene.context.deps.clock()
    digest = hashlib.md5(scene.address.lower().encode(), usedforsecurity=False).hexdigest()
    given = Label(comment.site_id, comment.pk, 1, Who.SITE, digest, Action.SPAM, now)
    with scene.context.deps.store.write() as tx:
        tx.labels.add([given])


def _key(scene: Scene) -> None:
    digest = hashlib.sha256(scene.address.encode()).hexdigest()
    scene.sql(
        "UPDATE idempotency_keys SET request_hash = :t WHERE site_id = :s",
        t=digest,
        s=scene.audit.site.site.id,
    )


def _box(scene: Scene) -> None:
    digest = hashlib.sha1(scene.address.encode(), usedforsecurity=False).digest()
    scene.sql("UPDATE contacts SET box = :t WHERE comment_pk = :pk", t=digest, pk=scene.comment("idn").pk)


def _payload(scene: Scene) -> None:
    body = json.dumps({"author": base64.b64encode(f"to {scene.address}".encode()).decode()}).encode()
    scene.sql(
        "UPDATE deliveries SET payload = :t WHERE comment_pk = :pk", t=body, pk=scene.comment("undone").pk
    )


def _words(scene: Scene) -> None:
    pk = scene.comment("in-title").pk
    if scene.context.settings.embedded:
        scene.sql("INSERT INTO words (rowid, text) VALUES (:pk, :t)", pk=10**9, t=scene.address)
    else:
        scene.sql(
            "INSERT INTO words (comment_pk, text) VALUES (:pk, to_tsvector('simple', :t))"
            " ON CONFLICT (comment_pk) DO UPDATE SET text = excluded.text",
            pk=pk,
            t=scene.address,
        )


def _dead_row(scene: Scene) -> None:
    """A row that was deleted, but whose bytes are still in the file."""
    settings = scene.context.settings
    if not settings.embedded:
        scene.sql("INSERT INTO numbers (name, value) VALUES (:t, 1)", t=scene.address[:31][::-1])
        scene.sql("DELETE FROM numbers WHERE value = 1 AND name = :t", t=scene.address[:31][::-1])
        return
    with closing(
        sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    ) as raw:
        raw.execute("PRAGMA secure_delete = OFF")
        raw.execute("INSERT INTO numbers (name, value) VALUES (?, 1)", [scene.address[:31][::-1]])
        raw.execute("DELETE FROM numbers WHERE name = ?", [scene.address[:31][::-1]])


def _log_of_the_store(scene: Scene) -> None:
    """Bytes that are in the write-ahead log alone, on SQLite until a checkpoint carries them over."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in scene.address)
    if scene.context.settings.embedded:
        scene.sql("UPDATE articles SET title = :t WHERE site_id = :s", t=escaped, s=scene.audit.site.site.id)
    else:
        for _ in range(3):  # one of them may lie over the border of two pages, where a page's header parts it
            scene.sql("SELECT pg_logical_emit_message(true, 'leak', :t)", t=escaped)


def _log(scene: Scene) -> None:
    (scene.home / "log" / "leaky.log").write_text(f'{{"event": "sent to {scene.address}"}}\n')


def _rotated_log(scene: Scene) -> None:
    (scene.home / "log" / "leaky.log.1.gz").write_bytes(
        gzip.compress(f"sent to {scene.address}".encode() * 50)
    )


def _training_file(scene: Scene) -> None:
    raw = f'{{"text": "Write to {scene.address}", "label": "spam"}}\n'.encode() * 50
    if sys.version_info >= (3, 14):
        from compression import zstd

        packed = zstd.compress(raw)
    else:
        import zstandard

        packed = zstandard.ZstdCompressor().compress(raw)
    (scene.home / "labels.jsonl.zst").write_bytes(packed)


def _spool(scene: Scene) -> None:
    (scene.temporary / "spooled-body").write_bytes(scene.address.encode("utf-16-le"))


def _broker(scene: Scene) -> None:
    with connect(scene.context.settings.redis_url or "") as client:
        client.hset("leaky", "author", quote(scene.address))


def answered(path: str, keyed: bool = True) -> Callable[[Scene], None]:
    """Leak in what the service answers to this path."""

    def leak(scene: Scene) -> None:
        scene.front.leaks = scene.address
        scene.audit.caller.call("GET", path, keyed=keyed)
        scene.front.leaks = None

    return leak


def _callback(scene: Scene) -> None:
    comment = scene.comment("in-text")
    with scene.context.deps.store.write() as tx:
        site = tx.sites.by_id(comment.site_id)
        assert site
        tx.sites.save(replace(site, callback_disabled=None))
        (first, *_) = tx.decisions.of_comment(comment.pk)
        payload = json.dumps({"type": "comment.approved", "to": scene.address}).encode()
        now = scene.context.deps.clock()
        tx.deliveries.add([delivery(comment, first.id, payload=payload, next_attempt_at=now, created_at=now)])
    scene.context.deps.dispatcher.enqueue(DELIVER)
    until(lambda: any(scene.address.encode() in body for _, body in scene.audit.callbacks()))


def _program(scene: Scene) -> None:
    scene.audit.planter.run("leaky program", "-c", "print(input())", typed=scene.address)


LEAKS: Mapping[str, tuple[Callable[[Scene], None], str, str]] = {
    "a text": (_row, "rows: table comments", "plain"),
    "an older text": (_old_text, "rows: table revisions", "plain"),
    "a note": (_note, "rows: table notes", "percent-encoded"),
    "a label": (_label, "rows: table labels", "MD5"),
    "an idempotency key": (_key, "rows: table idempotency_keys", "SHA256"),
    "a sealed box": (_box, "rows: table contacts", "SHA1 raw"),
    "a stored callback": (_payload, "rows: table deliveries", "base64"),
    "the index of words": (_words, "rows: table words", "plain"),
    "a deleted row": (_dead_row, "database files", "reversed"),
    "the write-ahead log": (
        _log_of_the_store,
        r"(database files: .*(-wal|\.db)|write-ahead log: pg_wal)",
        "JSON escaped",
    ),
    "a log": (_log, r"files of the home: .*leaky\.log$", "plain"),
    "a rotated log": (_rotated_log, r"files of the home: .*leaky\.log\.1\.gz > gzip", "plain"),
    "a training file": (_training_file, r"files of the home: .*labels\.jsonl\.zst > zstd", "plain"),
    "a temporary file": (_spool, "temporary files: .*spooled-body", "UTF-16"),
    "the broker": (_broker, "broker: values", "plain"),
    "a metric": (answered("/metrics"), "answers: GET /metrics", "plain"),
    "an error page": (
        answered("/sites/nobody/reply", keyed=False),
        "answers: GET /sites/nobody/reply",
        "HTML decimal",
    ),
    "a page": (answered("/docs"), "answers: GET /docs", "plain"),
    "a callback": (_callback, r"callbacks: callback \d+", "plain"),
    "what a program said": (_program, "what programs said: leaky program", "plain"),
}
"""For each path: how it leaks, the place that the report must name, and the form."""
