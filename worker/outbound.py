"""Posts a callback where a site asked for it: the target is looked up once, judged, and that very address called."""

from __future__ import annotations

import contextlib
import functools
import http.client
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

import idna
import urllib3.exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection

from service.domain.errors import ReplydeskError
from service.webhooks.signing import Outcome, read_retry_after
from service.webhooks.url_guard import HOST, Allow, is_public, read_address
from worker.connections import Connections, Guard, Kept, Place, close

URL_LIMIT: Final = 2048
BODY_READ: Final = 64 * 1024
ADDRESSES_TRIED: Final = 4
LOOKUPS_AT_ONCE: Final = 32
ODD: Final = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")

lookups = threading.BoundedSemaphore(LOOKUPS_AT_ONCE)


class RefusedError(ReplydeskError, ValueError):
    """The callback address is one that we do not call."""


@dataclass(frozen=True, slots=True)
class Target:
    """A callback URL taken apart once: what is connected to and what is asked for come from the same reading."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> Target:
        """Read an http or https URL strictly; RefusedError says what is wrong and does not repeat it."""
        if len(url) > URL_LIMIT or ODD.search(url):
            raise RefusedError("the address has spaces, control characters or backslashes, or is too long")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise RefusedError("the address is malformed") from None
        if parts.scheme not in ("http", "https"):
            raise RefusedError("the address must begin with http:// or https://")
        if "@" in parts.netloc:
            raise RefusedError("the address must not hold a user name or password")
        if not host or port == 0:
            raise RefusedError("the address has no host, or port 0")
        path = quote(parts.path or "/", safe="/%:=&?~#+!$,;'@()*[]")
        query = "?" + quote(parts.query, safe="/%:=&?~+!$,;'@()*[]") if parts.query else ""
        return cls(
            parts.scheme, _ascii_host(host), port or (443 if parts.scheme == "https" else 80), path + query
        )

    @property
    def place(self) -> Place:
        """What a connection is made to."""
        return self.scheme, self.host, self.port

    @property
    def host_header(self) -> str:
        """The Host header: the name as the site gave it, and the port unless it is the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.scheme == "https" else 80) else f"{name}:{self.port}"


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    allow: Allow,
    timeout: float = 15.0,
    connections: Connections | None = None,
) -> Outcome:
    """Post `body` once and return how it ended, within `timeout` seconds in all; no redirect is followed.

    Private, loopback, link-local, metadata and other special targets are refused unless `allow` names them. With
    `connections` a kept one is used where there is one, and what can be kept is kept there.
    """
    ends_at = time.monotonic() + timeout
    try:
        target = Target.parse(url)
        if connections is not None and (kept := _kept(connections, target, allow)):
            try:
                return _exchange(kept, target, headers, body, ends_at, connections)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                if time.monotonic() >= ends_at:
                    raise
                # hung up while it rested: nobody has answered, so it is asked anew
        addresses = _judged(target, look_up(target.host, target.port, ends_at - time.monotonic()), allow)
        return _exchange(_connected(target, addresses, ends_at), target, headers, body, ends_at, connections)
    except RefusedError as refused:
        return Outcome("refused", detail=refused.detail)
    except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
        late = time.monotonic() >= ends_at
        return Outcome("retry", detail=_reason(TimeoutError() if late else error, timeout))


def _kept(connections: Connections, target: Target, allow: Allow) -> Kept | None:
    """Take a kept connection; the address it leads to is judged again, for that costs nothing."""
    kept = connections.take(target.place)
    if kept is not None and not _may_call(target, kept.address, allow):
        close(kept.connection)
        return None
    return kept


def look_up(host: str, port: int, timeout: float) -> list[str]:
    """Return the addresses of `host` as text, in the resolver's order; OSError when there are none in time."""
    if read_address(host) is not None:
        return [host]
    if not lookups.acquire(timeout=timeout):
        raise TimeoutError
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else socket.gaierror("no such name"))
        finally:
            lookups.release()

    # getaddrinfo knows no time limit: it is left behind in a thread of its own, of which there are only so many
    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        result = answer.get(timeout=timeout)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, OSError):
        raise result
    return result


def _judged(target: Target, addresses: Sequence[str], allow: Allow) -> list[str]:
    """Keep what may be called; RefusedError when nothing is left."""
    kept = [text for text in addresses if _may_call(target, text, allow)]
    if not kept:
        raise RefusedError("the host is private, loopback or reserved; REPLYDESK_CALLBACK_ALLOW can name it")
    return kept[:ADDRESSES_TRIED]


def _may_call(target: Target, text: str, allow: Allow) -> bool:
    address = read_address(text)
    return address is not None and (is_public(address) or allow.opens(target.host, target.port, address))


def _connected(target: Target, addresses: Sequence[str], ends_at: float) -> Kept:
    """Connect to the first address that answers; the name is used for Host, SNI and the certificate alone."""
    failure: Exception = TimeoutError()
    for address in addresses:
        left = ends_at - time.monotonic()
        if left <= 0:
            break
        connection = _connection(target, address, left)
        try:
            connection.connect()
            return Kept(connection, address, time.monotonic())
        except (OSError, urllib3.exceptions.HTTPError) as error:
            connection.close()
            failure = error
    raise failure


def _connection(target: Target, address: str, timeout: float) -> HTTPConnection:
    if target.scheme == "http":
        return HTTPConnection(address, target.port, timeout=timeout)
    return HTTPSConnection(
        address, target.port, timeout=timeout, ssl_context=_tls(), server_hostname=target.host
    )


@functools.cache
def _tls() -> ssl.SSLContext:
    """Load the system's authorities once a process: it costs tens of milliseconds."""
    return ssl.create_default_context()


def _exchange(
    used: Kept,
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    ends_at: float,
    connections: Connections | None,
) -> Outcome:
    connection = used.connection
    own = {
        **{name: value for name, value in headers.items() if name.lower() != "host"},
        "Host": target.host_header,
        **({} if connections is not None else {"Connection": "close"}),
    }
    may_be_kept = False
    start_reaper.watch(connection, ends_at)
    try:
        connection.timeout = max(
            0.001, ends_at - time.monotonic()
        )  # for a kept one it was its last request's
        connection.request("POST", target.path, body=body, headers=own)
        # the standard library's response: urllib3's own logs what it cannot parse of the other side's words
        response = http.client.HTTPConnection.getresponse(connection)
        if time.monotonic() >= ends_at:
            raise TimeoutError  # an answer that was cut in its headers looks complete
        retry_after = read_retry_after(response.headers.get("retry-after"), datetime.now(UTC))
        outcome = Outcome.of_status(response.status, retry_after)
        with contextlib.suppress(OSError, urllib3.exceptions.HTTPError, http.client.HTTPException):
            response.read(BODY_READ)  # so that the other side is not cut off in mid-sentence
            may_be_kept = response.isclosed() and not response.will_close and outcome.kind == "delivered"
        response.close()
        return outcome
    finally:
        start_reaper.let_go(connection)
        if may_be_kept and connections is not None and time.monotonic() < ends_at:
            connections.give(target.place, used)
        else:
            close(connection)


def _cut(connection: HTTPConnection) -> None:
    if (sock := connection.sock) is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS, whose own farewell could block again


start_reaper = Guard(_cut)


def _reason(error: Exception, timeout: float) -> str:
    """Put a failure in our own words: the library's could hold what the other side sent."""
    root = (
        error.__context__ if isinstance(error, urllib3.exceptions.HTTPError) and error.__context__ else error
    )
    if isinstance(root, socket.gaierror | UnicodeError):
        return "the host name was not found"
    if isinstance(root, TimeoutError | urllib3.exceptions.TimeoutError):
        return f"no answer within {timeout:g} seconds"
    if isinstance(root, ssl.SSLCertVerificationError | ssl.CertificateError):
        return "the TLS certificate was not accepted"
    if isinstance(root, ssl.SSLError):
        return "TLS failed"
    if isinstance(root, ConnectionRefusedError):
        return "the connection was refused"
    return "the connection failed or was cut"


def _ascii_host(host: str) -> str:
    """Return the host as an address or an ASCII name, in lower case."""
    plain = host.rstrip(".").lower()
    if read_address(plain) is not None:
        return plain
    if not plain.isascii():
        try:
            plain = idna.encode(plain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise RefusedError("the host is no valid name") from None
    if not HOST.fullmatch(plain) or ".." in plain:
        raise RefusedError("the host is no valid name")
    return plain
