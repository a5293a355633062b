"""How the audit speaks to the running installation and hears from it: answers and callbacks are kept for the search."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

TIMEOUT: Final = 15.0
RETRIES, PAUSE = 5, 0.5
"""How often a call is made again that the service is too busy for, and the seconds between."""
ANSWER_LIMIT: Final = 32 * 1024 * 1024
CALLBACK_LIMIT: Final = 1024 * 1024
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the service answered; status 0 where it answered nothing."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Caller:
    """Sends requests to one installation, and keeps every byte that comes back."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._host, self._secure = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        self._path = parts.path.rstrip("/")
        self._key = key
        self.heard: list[tuple[str, bytes]] = []

    def call(
        self,
        method: str,
        path: str,
        body: object | bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        keyed: bool = True,
    ) -> HttpAnswer:
        """Send one request; `body` is JSON unless it is bytes. What is busy (503) is asked again, as clients do."""
        sent = {"Authorization": f"Bearer {self._key}"} if keyed else {}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        answer = self._once(method, path, data, sent)
        for _ in range(RETRIES if method == "POST" else 0):
            if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                break
            time.sleep(PAUSE)
            answer = self._once(method, path, data, sent)
        return answer

    def _once(self, method: str, path: str, data: bytes | None, sent: Mapping[str, str]) -> HttpAnswer:
        connection = self._open()
        try:
            connection.request(method, self._path + path, body=data, headers=dict(sent))
            response = connection.getresponse()
            body = response.read(ANSWER_LIMIT)
            answer = HttpAnswer(response.status, body, {n.lower(): v for n, v in response.getheaders()})
        except (OSError, http.client.HTTPException):
            answer = HttpAnswer(0)
        finally:
            connection.close()
        named = path.partition("?")[0] if "@" not in path else "(a path with an address)"
        header_text = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
        self.heard.append((f"{method} {named}", header_text + b"\n\n" + answer.body))
        return answer

    def form(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send a form, without a key."""
        sent = {"Content-Type": FORM, **(headers or {})}
        return self.call("POST", path, urlencode(fields).encode(), headers=sent, keyed=False)

    def hang_up(self, path: str, body: bytes) -> HttpAnswer:
        """Announce twice as much as is sent, and hang up in the middle."""
        try:
            with socket.create_connection((self._host, self._port), timeout=TIMEOUT) as raw:
                line = (
                    raw if not self._secure else self._context().wrap_socket(raw, server_hostname=self._host)
                )
                head = (
                    f"POST {self._path}{path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._key}\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {2 * len(body)}\r\n\r\n"
                )
                line.sendall(head.encode() + body)
        except OSError:
            return HttpAnswer(0)
        return HttpAnswer(499)

    def _open(self) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=TIMEOUT, context=self._context()
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)

    @staticmethod
    def _context() -> ssl.SSLContext:
        return ssl.create_default_context()


class Receiver:
    """The canary site's end of the callbacks. It keeps what it is sent, and fails where a comment's id asks for it."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.received: list[tuple[str, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = TIMEOUT

            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length") or 0), CALLBACK_LIMIT)
                body = self.rfile.read(length)
                receiver.received.append((str(self.headers), body))
                self.send_response(receiver.status_for(body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self.url = f"http://{host}:{self._server.server_port}/callbacks"

    def kept(self) -> list[tuple[str, bytes]]:
        """Return every callback, head and body, under its number."""
        return [
            (f"callback {number}", head.encode() + b"\n" + body)
            for number, (head, body) in enumerate(list(self.received))
        ]

    @staticmethod
    def status_for(body: bytes) -> int:
        """HttpAnswer 500 to what is to be tried again, 410 to what is to be given up in the end, else 204."""
        if b'"id":"retried"' in body:
            return 500
        return 410 if b'"id":"given-up"' in body and b'"action":"reject"' in body else 204

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
