"""Posts a webhook where a site asked for it: the name is looked up once, judged, and that very address called."""

from __future__ import annotations

import functools
import http.client
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

import idna
from urllib3 import HTTPConnectionPool, Timeout, exceptions
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, SSLError

from service.domain.errors import ReplydeskError
from service.webhooks.signing import Outcome, read_retry_after
from service.webhooks.url_guard import HOST, Allow, is_public, read_address
from worker.bounded_connection import BoundedPool, BoundedTLSPool

URL_LIMIT: Final = 2048
ADDRESSES_TRIED: Final = 4
KEPT_SECONDS: Final = 60.0
"""Then the name is looked up again: a site may have moved."""
KEPT_ENDPOINTS: Final = 64
KEPT_EACH: Final = 8
ODD: Final = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")

Endpoint = tuple[str, str, int]  # scheme, host and port, as the name was given

logging.getLogger("urllib3").setLevel(
    logging.ERROR
)  # it would log URLs, and what it cannot parse of an answer
_look_ups = ThreadPoolExecutor(32, "look-up")


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
    def endpoint(self) -> Endpoint:
        """What a connection is made to."""
        return self.scheme, self.host, self.port

    @property
    def host_header(self) -> str:
        """The Host header: the name as the site gave it, and the port unless it is the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.scheme == "https" else 80) else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Kept:
    """Connections that were good a moment ago, and until when the look-up holds that they were made by."""

    pool: HTTPConnectionPool
    address: str
    until: float


class HttpClient:
    """Posts to public addresses and what `allow` names; keeps connections. Threads may share one."""

    def __init__(self, allow: Allow, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._allow, self._monotonic = allow, monotonic
        self._lock = threading.Lock()
        self._kept: dict[Endpoint, Kept] = {}

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float = 15.0) -> Outcome:
        """Post `body` once and return how it ended, within `timeout` seconds in all; no redirect is followed."""
        ends_at = time.monotonic() + timeout
        try:
            return self._post(Target.parse(url), headers, body, ends_at)
        except RefusedError as refused:
            return Outcome("refused", detail=refused.detail)
        except (OSError, HTTPError, http.client.HTTPException) as error:
            seen = TimeoutError() if time.monotonic() >= ends_at else error
            return Outcome("retry", detail=_reason(seen, timeout))

    def _post(self, target: Target, headers: Mapping[str, str], body: bytes, ends_at: float) -> Outcome:
        """Post by a kept connection, else to the first address that can be connected to."""
        failure: Exception = TimeoutError()
        for kept, has_rested in self._candidates(target, ends_at):
            left = ends_at - time.monotonic()
            if left <= 0:
                break
            try:
                response = kept.pool.urlopen(
                    "POST",
                    target.path,
                    body,
                    {**headers, "Host": target.host_header},
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    timeout=Timeout(total=left),
                    preload_content=False,
                )
            except (NewConnectionError, ConnectTimeoutError, ProtocolError, SSLError) as error:
                if isinstance(error, ProtocolError | SSLError) and not has_rested:
                    raise
                failure = error  # nobody was there, or hung up while it rested: another is asked
                continue
            retry_after = read_retry_after(response.headers.get("retry-after"), datetime.now(UTC))
            outcome = Outcome.of_status(response.status, retry_after)
            if outcome.kind == "delivered" and response.closed:
                response.release_conn()
                self._keep(target, kept)
            else:
                response.close()
                self._forget(target)
            return outcome
        raise failure

    def _candidates(self, target: Target, ends_at: float) -> Iterator[tuple[Kept, bool]]:
        """Yield what to post by, and whether it has rested since an earlier post."""
        with self._lock:
            kept = self._kept.get(target.endpoint)
        if kept and self._monotonic() < kept.until and self._may_call(target, kept.address):
            yield kept, True
        self._forget(target)
        addresses = look_up(target.host, target.port, ends_at - time.monotonic())
        judged = [address for address in addresses if self._may_call(target, address)]
        if not judged:
            raise RefusedError(
                "the host is private, loopback or reserved; REPLYDESK_CALLBACK_ALLOW can name it"
            )
        for address in judged[:ADDRESSES_TRIED]:
            yield Kept(_pool(target, address), address, self._monotonic() + KEPT_SECONDS), False

    def _may_call(self, target: Target, text: str) -> bool:
        if (address := read_address(text)) is None:
            return False
        return is_public(address) or self._allow.opens(target.host, target.port, address)

    def _keep(self, target: Target, kept: Kept) -> None:
        now = self._monotonic()
        with self._lock:
            self._kept = {endpoint: one for endpoint, one in self._kept.items() if now < one.until}
            if len(self._kept) < KEPT_ENDPOINTS:
                self._kept.setdefault(target.endpoint, kept)

    def _forget(self, target: Target) -> None:
        with self._lock:
            self._kept.pop(target.endpoint, None)


def look_up(host: str, port: int, timeout: float) -> list[str]:
    """Return the addresses of `host` as text, in the resolver's order; OSError when there are none in time.

    The resolver knows no time limit: a look-up that is late is left behind in its thread.
    """
    if read_address(host) is not None:
        return [host]
    looking = _look_ups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        return list(dict.fromkeys(str(entry[4][0]) for entry in looking.result(timeout)))
    except UnicodeError:
        raise socket.gaierror("no such name") from None


def _pool(target: Target, address: str) -> HTTPConnectionPool:
    """Make a pool for that address; the name is used for Host, SNI and the certificate alone."""
    if target.scheme == "http":
        return BoundedPool(address, target.port, maxsize=KEPT_EACH)
    return BoundedTLSPool(
        address, target.port, maxsize=KEPT_EACH, ssl_context=_tls(), server_hostname=target.host
    )


@functools.cache
def _tls() -> ssl.SSLContext:
    """Load the system's authorities once a process: it costs tens of milliseconds."""
    return ssl.create_default_context()


def _reason(error: BaseException, timeout: float) -> str:
    """Put a failure in our own words: the library's could hold what the other side sent."""
    root = error
    while isinstance(root, HTTPError) and (inner := root.__cause__ or root.__context__):
        root = inner
    if isinstance(root, socket.gaierror | UnicodeError):
        return "the host name was not found"
    if isinstance(root, TimeoutError | exceptions.TimeoutError):
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
