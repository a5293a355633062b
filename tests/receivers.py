"""Real receivers on loopback: each answers as it is told and keeps what it got."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

CERTIFICATES = Path(__file__).parent / "unit" / "certificates"
BODY = b'{"type":"comment.approved"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Got:
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


@dataclass
class RawReceiver:
    """A real server on a loopback port that answers each request with given bytes, or by a given act."""

    answer: bytes | Callable[[socket.socket], None] = OK
    tls: ssl.SSLContext | None = None
    family: socket.AddressFamily = socket.AF_INET
    requests: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    port: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=[connection], daemon=True).start()

    def handle(self, connection: socket.socket) -> None:
        """Read one request, remember it, and answer; the other side may leave at any time."""
        with suppress(OSError), connection:
            wrapped = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
            with wrapped:
                self.requests.append(read_request(wrapped))
                if callable(self.answer):
                    self.answer(wrapped)
                else:
                    wrapped.sendall(self.answer)

    def url(self, host: str = "127.0.0.1", path: str = "/hook") -> str:
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{path}"


def read_request(connection: socket.socket) -> bytes:
    """Read a request with its body, as Content-Length has it."""
    raw = b""
    while b"\r\n\r\n" not in raw and (more := connection.recv(65536)):
        raw += more
    head, _, body = raw.partition(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    while len(body) < length and (more := connection.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body


@contextmanager
def receiving(receiver: RawReceiver) -> Iterator[RawReceiver]:
    with socket.create_server(("localhost", 0), family=receiver.family) as listener:
        receiver.port = listener.getsockname()[1]
        thread = threading.Thread(target=receiver.serve, args=[listener], daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.done.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
