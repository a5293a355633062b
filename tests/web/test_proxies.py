"""Forwarded headers count only from the operator's own proxies."""

import pytest

from service.domain.networks import cut_ip
from service.web.proxies import UNNAMED, TrustedProxies

PROXY, OTHER_PROXY, READER, LIAR = "10.0.0.1", "10.0.0.2", "192.0.2.77", "198.51.100.9"


OURS = ("10.0.0.0/8", "::1/128", "2001:db8:aa::/64", "fe80::1/128")
INNER = "::ffff:10.0.0.0/104"


def handed_on(peer, forwarded, trusted):
    """What the application is told of a request."""
    environ = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})
    TrustedProxies(lambda *_: [], trusted)(environ, lambda *_: None)
    return environ


@pytest.mark.parametrize(
    ("peer", "forwarded", "reader", "trusted"),
    [
        (PROXY, READER, READER, OURS),
        (PROXY, f"{READER}, {OTHER_PROXY}", READER, OURS),
        (PROXY, f"{LIAR}, {READER}", READER, OURS),
        (PROXY, f"[2001:db8::1]:4711, {OTHER_PROXY}", "2001:db8::1", OURS),
        (PROXY, f"{READER}:4711", READER, OURS),
        ("::1", READER, READER, OURS),
        (PROXY, None, PROXY, OURS),
        (PROXY, "", PROXY, OURS),
        (PROXY, "unknown", PROXY, OURS),
        (PROXY, f"{READER}, nonsense", PROXY, OURS),
        (PROXY, f"{LIAR}, , {READER}, , {OTHER_PROXY},,", READER, OURS),
        (PROXY, ",".join([LIAR] * 5000), LIAR, OURS),
        (READER, LIAR, READER, OURS),
        ("2001:db8:aa::7", READER, READER, OURS),
        ("2001:db8:aa::7", "2001:db8:bb::1", "2001:db8:bb::1", OURS),
        ("2001:db8:cc::7", READER, "2001:db8:cc::7", OURS),
        ("2001:DB8:AA:0:0:0:0:7", f"{READER}, 2001:db8:aa::8", READER, OURS),
        (f"::ffff:{PROXY}", READER, READER, OURS),
        (f"::FFFF:{PROXY}", f"::ffff:{READER}", READER, OURS),
        (f"::ffff:{PROXY}", f"[::ffff:{READER}]:443, ::ffff:{OTHER_PROXY}", READER, OURS),
        (f"::ffff:{LIAR}", READER, LIAR, OURS),
        (f"64:ff9b::{PROXY}", READER, READER, OURS),
        ("fe80::1%eth0", READER, READER, OURS),
        (PROXY, '"[2001:db8:bb::1]"', "2001:db8:bb::1", OURS),
        (PROXY, f"fe80::9%25en0, {OTHER_PROXY}", "fe80::9", OURS),
        (PROXY, f" {READER} ,{OTHER_PROXY} ", READER, OURS),
        (PROXY, READER, READER, (INNER,)),  # a network that is written as IPv6
        (f"::ffff:{PROXY}", READER, READER, ("10.0.0.1/32",)),
        (LIAR, READER, LIAR, (INNER,)),
        (LIAR, READER, LIAR, ("::/0",)),
        ("127.0.0.1", READER, "127.0.0.1", ()),
        (f"::ffff:{READER}", LIAR, READER, ()),
        *(
            (socket, *row)  # over a Unix socket the proxy is trusted, another one before it when it is named
            for socket in ("", "localhost", "unix:", "/run/web.sock")
            for row in [
                *((f"{LIAR}, {READER}", READER, trusted) for trusted in ((), OURS, ("unix",))),
                *((None, "", trusted) for trusted in ((), OURS, ("unix",))),
                (f"{READER}, {OTHER_PROXY}", READER, OURS),
                (f"{READER}, {OTHER_PROXY}", OTHER_PROXY, ()),
            ]
        ),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_counts(peer, forwarded, reader, trusted):
    assert handed_on(peer, forwarded, trusted)["REMOTE_ADDR"] == reader


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.77", "192.0.2.0"),
        ("::ffff:192.0.2.77", "192.0.2.0"),
        ("64:ff9b::192.0.2.77", "192.0.2.0"),
        ("2001:db8:1:2::3", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("localhost", None),
        ("", None),
        (None, None),
    ],
)
def test_a_network_is_that_of_the_reader(ip, network):
    assert cut_ip(ip) == network


@pytest.mark.parametrize(
    ("peer", "forwarded", "hidden"),
    [
        (PROXY, f"{READER}, 172.17.0.1", True),
        (PROXY, f"{READER}, 172.17.0.1, {OTHER_PROXY}", True),
        ("", f"{READER}, 127.0.0.1", True),
        ("", f"{READER}, ::ffff:192.168.0.4", True),
        (PROXY, f"unknown, fd00::7, {OTHER_PROXY}", True),
        (PROXY, f"{READER}, unknown, {OTHER_PROXY}", True),
        (PROXY, OTHER_PROXY, False),
        (PROXY, "172.17.0.1", False),
        (PROXY, f",, 172.17.0.1, {OTHER_PROXY}", False),
        (PROXY, f"{LIAR}, {READER}", False),
        (PROXY, f"{READER}, {OTHER_PROXY}", False),
        ("", READER, False),
    ],
)
def test_a_proxy_in_the_middle_that_is_not_named_hides_the_reader(peer, forwarded, hidden):
    """It is inside and asks for somebody else: its network's own limit would be the limit of all readers."""
    assert handed_on(peer, forwarded, OURS).get(UNNAMED, False) is hidden
