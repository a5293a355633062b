"""Which addresses a callback may go to: the tables of what is closed, and what REPLYDESK_CALLBACK_ALLOW opens of it."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from service.domain.errors import ReplydeskError

HOST: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The registries of special-purpose addresses (RFC 6890 and what came since) and the metadata hosts of clouds. The
# standard library's is_global is not used: what it answers depends on the Python release.
CLOSED_IPV4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    )
)  # fmt: skip
OPEN_IPV6: Final = ipaddress.IPv6Network("2000::/3")
CLOSED_IPV6: Final = tuple(
    ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AllowError(ReplydeskError, ValueError):
    """REPLYDESK_CALLBACK_ALLOW has an entry that is no host, host:port or network."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Targets that may be called although they are private: hosts and networks, each with a port or for all ports."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[Network, int | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Allow:
        """Read hosts, `host:port`, addresses and networks such as `10.0.0.0/8`, comma-separated; else AllowError."""
        hosts: set[tuple[str, int | None]] = set()
        networks: list[tuple[Network, int | None]] = []
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, port = _with_port(entry)
            network = _network(name)
            if network is not None:
                networks.append((network, port))
            elif HOST.fullmatch(name) and not name.replace(".", "").isdigit():
                hosts.add((name, port))
            else:
                raise AllowError(
                    "REPLYDESK_CALLBACK_ALLOW: give hosts, host:port or networks such as 10.0.0.0/8,"
                    f" not {entry[:80]!r}"
                )
        return cls(frozenset(hosts), tuple(networks))

    def opens(self, host: str, port: int, address: Address) -> bool:
        """Tell whether an entry names this host or a network around this address, for this port."""
        if (host, None) in self.hosts or (host, port) in self.hosts:
            return True
        return any(
            address.version == network.version and address in network and for_port in (None, port)
            for network, for_port in self.networks
        )


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to the open internet, and to no host's or cloud's inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in CLOSED_IPV4)
    if address in NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in OPEN_IPV6 and not any(address in network for network in CLOSED_IPV6)


def is_closed(url: str, allow: Allow) -> bool:
    """Tell whether an http or https URL names by its very address a host that no callback may go to.

    A name tells nothing yet: it is judged by what it resolves to when it is called.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    address = read_address(host.partition("%")[0])
    if address is None or is_public(address):
        return False
    return not allow.opens(host, parts.port or (443 if parts.scheme == "https" else 80), address)


def resolved(url: str, allow: Allow) -> str | None:
    """Look the host of an http or https URL up once and return the address to call, None when none may be called.

    Raises OSError when the name is not known. Who connects must connect to this very address: a name that is asked
    again may answer otherwise.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        address = read_address(str(entry[4][0]))
        if address is not None and (is_public(address) or allow.opens(host, port, address)):
            return str(address)
    return None


def read_address(text: str) -> Address | None:
    """Read an IP address; one with a zone (`fe80::1%eth0`) is none."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text.removeprefix("[").removesuffix("]"), strict=False)
    except ValueError:
        return None


def _with_port(entry: str) -> tuple[str, int | None]:
    """Split `host:port` and `[::1]:port`; an address with colons of its own has no port."""
    name, _, port = entry.lower().rpartition(":")
    numeric = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536
    if numeric and name and (":" not in name or (name[0], name[-1]) == ("[", "]")):
        return name, int(port)
    return entry.lower().rstrip("."), None
