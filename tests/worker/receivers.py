"""Real receivers on loopback: each answers as it is told and keeps what it got."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Got:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> dict[str, Any]:
        """Return the event if the reference implementation takes its signature."""
        event: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return event


@dataclass
class Receiver:
    """A site's endpoint: answers `statuses` in turn, the last one for ever; waits at `gate` when it is closed."""

    statuses: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    got: list[Got] = field(default_factory=list)
    url: str = ""
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    lock: threading.Lock = field(default_factory=threading.Lock)
    at_once: int = 0
    most_at_once: int = 0

    def answer(self, got: Got) -> int:
        """Keep the request and choose the status."""
        with self.lock:
            self.got.append(got)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        self.arrived.release()
        self.gate.wait(30)
        with self.lock:
            self.at_once -= 1
        return status

    def ids(self) -> list[str]:
        """Return the webhook ids in the order of arrival."""
        return [one.headers["webhook-id"] for one in self.got]

    def sequences(self) -> list[tuple[str, int]]:
        """Return each event's comment and sequence number, in the order of arrival."""
        events = [json.loads(one.body)["data"] for one in self.got]
        return [(event["comment"]["id"], event["sequence"]) for event in events]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def receiver(*statuses: int, open_gate: bool = True, **headers: str) -> Iterator[Receiver]:
    """Run a receiver on a free port; closing the gate first makes it take requests and not answer."""
    told = Receiver(statuses=list(statuses) or [204], headers=headers)
    if open_gate:
        told.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = told.answer(Got({name.lower(): value for name, value in self.headers.items()}, body))
            try:
                self.send_response(status)
                for name, value in told.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", "0")
                self.end_headers()
            except OSError:
                return  # who asked has given up

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Stay quiet."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield told
    finally:
        told.gate.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
