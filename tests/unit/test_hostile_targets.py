"""Callbacks and hostile targets: listeners beside all of them hear nothing, and what was judged is what is called."""

import socket
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle

import pytest

from service.compat.coral import events
from service.webhooks.url_guard import Allow, resolved
from tests.receivers import BODY, RawReceiver, receiving
from worker import bounded_connection, http_client
from worker.http_client import HttpClient

HOSTILE_HOSTS = """
127.0.0.1 127.0.0.2 127.1 127.255.255.254 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001 localhost
LOCALHOST localhost. 127.0.0.1. [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1]
[::ffff:10.0.0.1] [::ffff:169.254.169.254] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] 0.0.0.0 0 0.1.2.3
10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.1.254 100.64.0.1 100.100.100.200
169.254.169.254 169.254.170.2 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.0.1 168.63.129.16 192.0.0.192
[fe80::1] [fe80::1%25eth0] [fe80::1%eth0] [fc00::1] [fd00:ec2::254] [fd12:3456:789a::1] [ff02::1] [2001::1]
[2001:db8::1] [100::1] [5f00::1] 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 198.18.0.1 192.0.2.1 198.51.100.1
203.0.113.1 192.88.99.1 １２７.０.０.１ ①②⑦.⓪.⓪.① 127。0。0。1 user@127.0.0.1 user:pass@127.0.0.1 example.com@127.0.0.1
127.0.0.1%2f@example.com 127.0.0.1\\@example.com 127.0.0.1#@example.com [127.0.0.1] 127.0.0.1%00.example.com
"""
LOOPBACK, METADATA = "127.0.0.1", "169.254.169.254"
NAMES = {
    "loopback.example": [[LOOPBACK]],
    "loopback6.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "compatible.example": [["::127.0.0.1"]],
    "nat64.example": [["64:ff9b::7f00:1"]],
    "sixtofour.example": [["2002:7f00:1::1"]],
    "private.example": [["10.0.0.5"]],
    "metadata.google.internal": [[METADATA]],
    "metadata.azure.example": [["168.63.129.16"]],
    "alibaba.example": [["100.100.100.200"]],
    "zero.example": [["0.0.0.0"]],  # noqa: S104  # a target, nothing is bound
    "zoned.example": [["fe80::1%lo"]],
    "several.example": [["10.0.0.5", LOOPBACK, "::1"]],
    "rebinds-at-once.example": [["192.0.2.1"], [LOOPBACK]],
    "rebinds-later.example": [["198.18.0.1"], [LOOPBACK]],
    "127.0.0.1.nip.example": [[LOOPBACK]],
    "trailing.example.": [[LOOPBACK]],
    "xn--lopback-t1a.example": [[LOOPBACK]],
}
URLS = """
http://user:secret@127.0.0.1:{port}/ http://courier.example@127.0.0.1:{port}/ http://127.0.0.1:{port}#@courier.example/
http://127.0.0.1:{port}\\@courier.example/ http://courier.example:{port}@127.0.0.1/ http://①②⑦.⓪.⓪.①:{port}/
http://１２７．０．０．１:{port}/ http://127。0。0。1:{port}/ http://127.0.0.1.:{port}/ http://%31%32%37.0.0.1:{port}/
http://0x7f.1:{port}/ http://017700000001:{port}/ http://2130706433:{port}/ http://127.1:{port}/ http://0:{port}/
http://[::ffff:7f00:1]:{port}/ http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/ http://localhost:{port}/
http://LOCALHOST.:{port}/ gopher://127.0.0.1:{port}/_x file:///etc/passwd
"""


@contextmanager
def resolving():
    """Let the names above resolve as they say, one answer after the other; all else as ever."""
    ask, left = socket.getaddrinfo, {name: cycle(answers) for name, answers in NAMES.items()}

    def answer(host, port, *more, **named):
        known = left.get(str(host)) or left.get(f"{host}.")
        if known is None:
            return ask(host, port, *more, **named)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in next(known)
        ]

    socket.getaddrinfo = answer
    try:
        yield
    finally:
        socket.getaddrinfo = ask


def targets(port):
    for host in HOSTILE_HOSTS.split():
        yield f"http://{host}/" if "#" in host or "\\" in host else f"http://{host}:{port}/"
    for url in (*URLS.split(), "http://127.0.0.1:{port}/\r\nHost: courier.example"):
        yield url.replace("{port}", str(port))
    for name in NAMES:
        yield f"http://{name}:{port}/hook"
        yield f"http://{name}:{port}/hook"  # again: what was public before may be private now


def test_no_request_reaches_any_hostile_target():
    with ExitStack() as opened:
        listeners = [opened.enter_context(receiving(RawReceiver()))]
        with suppress(OSError):  # a machine without IPv6
            listeners.append(opened.enter_context(receiving(RawReceiver(family=socket.AF_INET6))))
        opened.enter_context(resolving())
        for listener in listeners:
            assert len(set(targets(listener.port))) >= 100
            for url in targets(listener.port):
                outcome = HttpClient(Allow()).post(url, {}, BODY, 2.0)
                assert outcome.kind == "refused" or outcome.detail == "the host name was not found", url
                assert outcome.status is None, url
        assert [listener.requests for listener in listeners if listener.requests] == []


def test_the_listeners_would_hear():
    with receiving(RawReceiver()) as listener, resolving():
        allow = Allow.parse("127.0.0.0/8")
        url = f"http://loopback.example:{listener.port}/hook"
        assert HttpClient(allow).post(url, {}, BODY, 5.0).kind == "delivered"
    assert len(listener.requests) == 1


def test_a_name_that_rebinds_is_called_at_the_address_that_was_judged(monkeypatch):
    answers, called = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]], []

    class Line(bounded_connection.BoundedConnection):
        def connect(self):
            called.append(self.host)
            raise ConnectionRefusedError

    monkeypatch.setattr(http_client, "look_up", lambda *_: answers.pop(0))
    monkeypatch.setattr(http_client.BoundedPool, "ConnectionCls", Line)
    outcome = HttpClient(Allow()).post("http://rebind.example/", {}, BODY, 2.0)
    assert (outcome.kind, outcome.detail) == ("retry", "the connection was refused")
    assert called == ["93.184.216.34"]
    assert len(answers) == 2


def test_what_the_web_itself_asks_is_judged_by_the_same_tables():
    with resolving():
        for name in NAMES:
            for _ in range(2):
                assert resolved(f"http://{name}:8080/", Allow()) is None
        for host in ("127.0.0.1", "[::1]", "169.254.169.254", "127.1", "2130706433", "localhost"):
            assert resolved(f"http://{host}/", Allow()) is None
        allow = Allow.parse("loopback.example:8080")
        assert resolved("http://loopback.example:8080/", allow) == "127.0.0.1"
        assert resolved("http://loopback.example:8081/", allow) is None


def test_coral_is_asked_at_the_address_that_was_judged():
    with receiving(RawReceiver()) as listener, pytest.raises(events.CoralSilent):
        events.ask(f"http://coral.invalid:{listener.port}/", "127.0.0.1", "token", "c-1")
    assert f"\r\nHost: coral.invalid:{listener.port}\r\n".encode() in listener.requests[0]
