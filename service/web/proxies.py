"""The operator's own proxies: whose word counts for the reader's address, and below which path they serve us."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import structlog

from service.config import PATH, UNIX
from service.domain.networks import Address, Network, is_inside, read_address, read_network

HOPS: Final = 20  # a longer chain is made up: only its near end is read
UNNAMED: Final = "replydesk.unnamed_proxy"
"""Set where a proxy hides who asks, for it is not named or names nobody: REMOTE_ADDR is its own."""
PREFIX_LIMIT: Final = 200

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = structlog.get_logger(__name__)


class TrustedProxies:
    """WSGI middleware: sets REMOTE_ADDR to the nearest address in X-Forwarded-For that is not a trusted proxy.

    The header is read from its near end, and only when the connection itself comes from a trusted proxy: the far
    end is whatever the reader's machine wrote. A connection without an address came over a unix socket: only a
    process of this machine can have made it, and it is trusted.
    """

    def __init__(self, app: Wsgi, trusted: Sequence[str]) -> None:
        self._app = app
        self._trusted: list[Network] = [read_network(one) for one in trusted if one != UNIX]
        self._warned = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer with the reader's address in place of the proxy's, and without headers of those not trusted."""
        peer = read_address(environ.get("REMOTE_ADDR", ""))
        if not self._trusts(peer):
            environ.pop("HTTP_X_FORWARDED_PREFIX", None)
        reader, is_asking_for_another = self._reader(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
        environ["REMOTE_ADDR"] = str(reader or "")
        if reader and self._trusts(reader):
            if is_asking_for_another or reader == peer:
                environ[UNNAMED] = True
        elif reader and is_asking_for_another and is_inside(reader):
            environ[UNNAMED] = True
            self._warn()
        return self._app(environ, start_response)

    def _reader(self, peer: Address | None, forwarded: str) -> tuple[Address | None, bool]:
        """Return the nearest address that is not a trusted proxy's, and whether it asks for another in its turn."""
        reader = peer
        hops = [hop for hop in forwarded.split(",") if hop.strip()]  # a list may have empty places (RFC 9110)
        left = hops[-HOPS:]
        while left and self._trusts(reader) and (address := _hop(left[-1])) is not None:
            reader = address
            left.pop()
        return reader, bool(left)

    def _trusts(self, address: Address | None) -> bool:
        return address is None or any(address in network for network in self._trusted)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            log.warning("proxy.not_trusted", fix="name it in REPLYDESK_TRUSTED_PROXIES")


class PathPrefix:
    """WSGI middleware: tells the application below which path of the host it is served, as SCRIPT_NAME.

    `prefix` is the path of the public address; where it has none, a trusted proxy may name one in X-Forwarded-Prefix.
    The proxy may hand the path on whole or cut the prefix off. Where the prefix begins like a path of our own, such as
    /desk, `serves` decides which it was: it says whether the application has anything at a path.
    """

    def __init__(self, app: Wsgi, prefix: str, serves: Callable[[str], bool]) -> None:
        self._app, self._prefix, self._serves = app, prefix, serves

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer below the prefix; a server that was told of a mount point itself has set it already."""
        prefix = self._prefix or _forwarded_prefix(environ.get("HTTP_X_FORWARDED_PREFIX", ""))
        if prefix and not environ.get("SCRIPT_NAME"):
            environ["SCRIPT_NAME"] = prefix
            environ["PATH_INFO"] = self._below(prefix, environ.get("PATH_INFO", ""))
        return self._app(environ, start_response)

    def _below(self, prefix: str, path: str) -> str:
        rest = path.removeprefix(prefix)
        if rest == path or rest[:1] not in ("", "/"):
            return path  # cut off by the proxy
        return path if self._serves(path) and not self._serves(rest) else rest


def _forwarded_prefix(header: str) -> str:
    """Return what the proxies say they cut off, outermost first; nothing when any of it is no plain path."""
    joined = "".join(one.strip().rstrip("/") for one in header[:PREFIX_LIMIT].split(","))
    return joined if len(header) <= PREFIX_LIMIT and PATH.fullmatch(joined) else ""


def _hop(hop: str) -> Address | None:
    """Read one hop: an address, one in brackets, or either with a port; None for anything else."""
    bare = hop.strip().strip('"')
    bare = bare[1:].partition("]")[0] if bare.startswith("[") else bare
    return read_address(bare.partition(":")[0] if bare.count(":") == 1 else bare)
