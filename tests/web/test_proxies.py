"""Forwarded headers count only from the operator's own proxies."""

import pytest

from service.domain.networks import cut_ip
from service.web.proxies import UNNAMED, TrustedProxies

PROXY, OTHER_PROXY, READER, LIAR = "10.0.0.1", "10.0.0.2", "192.0.2.77", "198.51.100.9"


def seen(peer, forwarded, trusted=("10.0.0.0/8", "::1/128")):
    given = []

    def app(environ, _):
        given.append(environ["REMOTE_ADDR"])
        return []

    environ = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})
    TrustedProxies(app, trusted)(environ, lambda *_: None)
    return given[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "reader"),
    [
        (PROXY, READER, READER),
        (PROXY, f"{READER}, {OTHER_PROXY}", READER),
        (PROXY, f"{LIAR}, {READER}", READER),
        (PROXY, f"[2001:db8::1]:4711, {OTHER_PROXY}", "2001:db8::1"),
        (PROXY, f"{READER}:4711", READER),
        ("::1", READER, READER),
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{READER}, nonsense", PROXY),
        (PROXY, f"{LIAR}, , {READER}, , {OTHER_PROXY},,", READER),
        (PROXY, ",".join([LIAR] * 5000), LIAR),
        (READER, LIAR, READER),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_counts(peer, forwarded, reader):
    assert seen(peer, forwarded) == reader


@pytest.mark.parametrize(
    ("peer", "forwarded", "reader"),
    [
        ("2001:db8:aa::7", READER, READER),
        ("2001:db8:aa::7", "2001:db8:bb::1", "2001:db8:bb::1"),
        ("2001:db8:cc::7", READER, "2001:db8:cc::7"),
        ("2001:DB8:AA:0:0:0:0:7", f"{READER}, 2001:db8:aa::8", READER),
        (f"::ffff:{PROXY}", READER, READER),
        (f"::FFFF:{PROXY}", f"::ffff:{READER}", READER),
        (f"::ffff:{PROXY}", f"[::ffff:{READER}]:443, ::ffff:{OTHER_PROXY}", READER),
        (f"::ffff:{LIAR}", READER, LIAR),
        (f"64:ff9b::{PROXY}", READER, READER),
        ("fe80::1%eth0", READER, READER),
        (PROXY, '"[2001:db8:bb::1]"', "2001:db8:bb::1"),
        (PROXY, f"fe80::9%25en0, {OTHER_PROXY}", "fe80::9"),
        (PROXY, f" {READER} ,{OTHER_PROXY} ", READER),
    ],
)
def test_a_proxy_is_known_in_whatever_form_its_address_comes(peer, forwarded, reader):
    assert seen(peer, forwarded, ("10.0.0.0/8", "2001:db8:aa::/64", "fe80::1/128")) == reader


def test_a_network_written_as_ipv6_is_the_ipv4_network():
    assert seen(PROXY, READER, ("::ffff:10.0.0.0/104",)) == READER
    assert seen(f"::ffff:{PROXY}", READER, ("10.0.0.1/32",)) == READER
    assert seen(LIAR, READER, ("::ffff:10.0.0.0/104",)) == LIAR
    assert seen(LIAR, READER, ("::/0",)) == LIAR


@pytest.mark.parametrize("peer", ["", "localhost", "unix:", "/run/web.sock"])
@pytest.mark.parametrize("trusted", [(), ("10.0.0.0/8",), ("unix",)])
def test_over_a_unix_socket_the_proxy_is_trusted(peer, trusted):
    assert seen(peer, f"{LIAR}, {READER}", trusted) == READER
    assert seen(peer, None, trusted) == ""


def test_over_a_unix_socket_another_proxy_must_be_named():
    """A proxy before the one on this machine counts when it is named, and is the reader otherwise."""
    assert seen("", f"{READER}, {OTHER_PROXY}", ("10.0.0.0/8",)) == READER
    assert seen("", f"{READER}, {OTHER_PROXY}", ()) == OTHER_PROXY


def test_without_trusted_proxies_no_header_counts():
    assert seen("127.0.0.1", READER, trusted=()) == "127.0.0.1"
    assert seen(f"::ffff:{READER}", LIAR, trusted=()) == READER


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
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    TrustedProxies(lambda *_: [], ("10.0.0.0/8",))(environ, lambda *_: None)
    assert environ.get(UNNAMED, False) is hidden
