"""Connections whose answers are read within the time that is left, and no further than is worth it."""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

BODY_READ: Final = 64 * 1024


class BoundedReader(io.RawIOBase):
    """Reads from a socket until a moment: the socket's own time-out starts anew with each byte that drips in."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._ends_at = time.monotonic() + (sock.gettimeout() or 0.0)

    def readable(self) -> bool:
        """Answer that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there; TimeoutError once the time is over."""
        if (left := self._ends_at - time.monotonic()) <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket, which its connection may have left to the answer."""
        self._raw.close()
        super().close()


class BoundedAnswer(http.client.HTTPResponse):
    """An answer that is read within the time that the socket has left as it begins."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(BoundedReader(self.fp.detach(), sock))


class BoundedConnection(HTTPConnection):
    """Ends with its time-out, and reads of an answer what it is worth."""

    response_class = BoundedAnswer

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3 declares it so
        """Return the answer, its body read as far as it is worth it."""
        response = super().getresponse()
        try:
            response.read(BODY_READ, decode_content=False)
        except (OSError, HTTPError, http.client.HTTPException):
            self.close()  # the status counts all the same
        return response


class BoundedTLSConnection(BoundedConnection, HTTPSConnection):
    """The same over TLS."""


class BoundedPool(HTTPConnectionPool):
    """Connections to one address."""

    ConnectionCls = BoundedConnection


class BoundedTLSPool(HTTPSConnectionPool):
    """Connections to one address, for the name on its certificate."""

    ConnectionCls = BoundedTLSConnection
