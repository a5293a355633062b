"""The site's end of the callbacks, as it may behave: it takes them, answers 500, hangs, resets, or is not there."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from service.webhooks import signing

FAILURES = ("500", "hangs", "resets", "vanishes")
TAKES = "takes"
HANG_SECONDS = 20.0
LINGER_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Taken:
    """One callback that was answered with 204: when, under which id, and what it said."""

    at: float
    webhook_id: str
    comment: str
    sequence: int
    decision: int
    body: bytes


@dataclass
class Receiver:
    """Keeps what it took, in order; `behaviour` may change at any moment."""

    secret: str = ""
    behaviour: str = TAKES
    taken: list[Taken] = field(default_factory=list)
    refused: int = 0
    unsigned: int = 0

    def __enter__(self) -> Receiver:
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._listener: socket.socket | None = None
        self.port = 0
        self._open()
        threading.Thread(target=self._accept, name="receiver", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def behave(self, behaviour: str) -> None:
        """Change the behaviour; a receiver that vanishes closes its socket, and any other opens it again."""
        self.behaviour = behaviour
        if behaviour == "vanishes":
            self._close()
        elif self._listener is None:
            self._open()

    def _open(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        listener.settimeout(0.2)
        self.port = listener.getsockname()[1]
        self._listener = listener

    def _close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            listener = self._listener
            if listener is None:
                time.sleep(0.02)
                continue
            try:
                connection, _ = listener.accept()
            except OSError:
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError, KeyError):
            connection.settimeout(HANG_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            read = connection.makefile("rb")
            while not self._over.is_set():
                line = read.readline(65536)
                if not line:
                    return
                headers = {}
                while (line := read.readline(65536).strip()) != b"":
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.strip().lower()] = value.strip()
                length = int(headers["content-length"])
                body = read.read(length)
                if len(body) < length:  # whoever posted it was killed in mid-sentence
                    return
                if not self._answer(connection, headers, body):
                    return

    def _answer(self, connection: socket.socket, headers: dict[str, str], body: bytes) -> bool:
        behaviour = self.behaviour
        if behaviour == TAKES:
            self._take(headers, body)
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            return True
        with self._lock:
            self.refused += 1
        if behaviour == "500":
            connection.sendall(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
            return True
        if behaviour == "hangs":
            self._over.wait(HANG_SECONDS)
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        return False

    def _take(self, headers: dict[str, str], body: bytes) -> None:
        try:
            webhook_id = signing.verify([self.secret], headers, body, int(time.time()))
        except signing.SignatureError:
            with self._lock:
                self.unsigned += 1
            return
        data = json.loads(body)["data"]
        one = Taken(
            time.time(), webhook_id, data["comment"]["id"], data["sequence"], int(data["decision"]), body
        )
        with self._lock:
            self.taken.append(one)
