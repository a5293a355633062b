"""Addresses of the Internet as people have them: what an IPv6 socket shows of an IPv4 reader is the IPv4 address."""

from __future__ import annotations

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV4_IN_IPV6: Final = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))
"""Mapped by a socket that serves both families, or translated by NAT64: the last 32 bits are the IPv4 address."""
IPV4_BITS: Final = 96
IPV4_KEPT, IPV6_KEPT = 24, 48
INSIDE: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


def read_address(text: str) -> Address | None:
    """Return the address; None for anything else. Its zone says nothing to others."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and any(address in one for one in IPV4_IN_IPV6):
        return ipaddress.IPv4Address(address.packed[-4:])
    return address


def read_network(text: str) -> Network:
    """Return the network that an address or a network names. Raises ValueError for anything else."""
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= IPV4_BITS:
        inner = read_address(str(network.network_address))
        if isinstance(inner, ipaddress.IPv4Address):
            return ipaddress.IPv4Network((inner, network.prefixlen - IPV4_BITS))
    return network


def cut_ip(ip: str | None) -> str | None:
    """Return the network of an address, /24 or /48, as `192.0.2.0` or `2001:db8:1::`; None for what is none."""
    address = read_address(ip) if ip else None
    if address is None:
        return None
    dropped = address.max_prefixlen - (IPV4_KEPT if address.version == 4 else IPV6_KEPT)
    return str(type(address)(int(address) >> dropped << dropped))


def is_inside(address: Address) -> bool:
    """Whether the address is of a private network or of this machine, so that no reader from outside can have it."""
    return any(address in network for network in INSIDE)
