"""Whose forwarded headers count: the reader's address behind the operator's own proxies, and nobody else's word."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

HOPS: Final = 20  # a longer chain is made up: only its near end is read

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TrustedProxies:
    """WSGI middleware: sets REMOTE_ADDR to the nearest address in X-Forwarded-For that is not a trusted proxy.

    The header is read from its near end, and only when the connection itself comes from a trusted proxy: the far
    end is whatever the reader's machine wrote.
    """

    def __init__(self, app: Wsgi, trusted: Sequence[str]) -> None:
        self._app = app
        self._trusted: list[Network] = [ipaddress.ip_network(network) for network in trusted]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer with the reader's address in place of the proxy's."""
        environ["REMOTE_ADDR"] = self._reader(
            environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")
        )
        return self._app(environ, start_response)

    def _reader(self, peer: str, forwarded: str) -> str:
        if not self._trusts(peer):
            return peer
        nearest = peer
        for hop in reversed(forwarded.split(",")[-HOPS:]):
            address = _address(hop.strip())
            if address is None:
                return nearest
            nearest = address
            if not self._trusts(nearest):
                return nearest
        return nearest

    def _trusts(self, address: str) -> bool:
        try:
            given = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(given in network for network in self._trusted)


def _address(hop: str) -> str | None:
    """Read one hop: an address, one in brackets, or either with a port; None for anything else."""
    bare = hop[1:].partition("]")[0] if hop.startswith("[") else hop
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None
