"""Outbound calls: against real servers, good and bad; and a table of targets that no request may reach."""

import ipaddress
import socket
import ssl
import threading
import time

import pytest

from service.webhooks.signing import Outcome, SignatureError, sign, verify
from service.webhooks.url_guard import Allow, AllowError, is_public
from tests.receivers import BODY, CERTIFICATES, OK, RawReceiver, receiving
from worker import http_client
from worker.http_client import HttpClient, RefusedError, Target

LOOPBACK = Allow.parse("127.0.0.0/8, ::1/128, localhost")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def send(url, allow=LOOPBACK, timeout=5.0):
    return HttpClient(allow).post(url, sign([SECRET], "evt_1", 1000, BODY), BODY, timeout)


def test_a_callback_arrives_as_signed():
    with receiving(RawReceiver()) as receiver:
        assert send(receiver.url(path="/a%20b/ü?x=1&y=ü#frag")) == Outcome("delivered", 200)
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%20b/%C3%BC?x=1&y=%C3%BC HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert body == BODY
    assert verify([SECRET], headers, body, 1000) == "evt_1"
    with pytest.raises(SignatureError):
        verify([SECRET], headers, body + b" ", 1000)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "delivered"), (204, "delivered"), (404, "retry"), (410, "gone"), (429, "slow_down")],
)
def test_the_answer_decides(status, kind):
    answer = f"HTTP/1.1 {status} X\r\nRetry-After: 77\r\nContent-Length: 12\r\n\r\nsecret-words".encode()
    if status == 204:
        answer = b"HTTP/1.1 204 X\r\n\r\n"
    with receiving(RawReceiver(answer)) as receiver:
        outcome = send(receiver.url())
    assert (outcome.kind, outcome.status) == (kind, status)
    assert outcome.retry_after == (77.0 if kind in ("retry", "slow_down") else None)
    assert "secret" not in repr(outcome)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    with receiving(RawReceiver()) as hidden, receiving(RawReceiver()) as receiver:
        head = f"HTTP/1.1 {status} X\r\nLocation: {hidden.url()}\r\nContent-Length: 0\r\n\r\n"
        receiver.answer = head.encode()
        outcome = send(receiver.url())
    assert (outcome.kind, outcome.status) == ("retry", status)
    assert "not followed" in outcome.detail
    assert hidden.requests == []


def drip(data, pause):
    def act(connection):
        while True:
            for place in range(len(data)):
                connection.sendall(data[place : place + 1])
                time.sleep(pause)

    return act


def stay_silent(connection):
    connection.recv(1)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def flood(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")


@pytest.mark.parametrize(
    "answer",
    [stay_silent, drip(b"x", 0.05), drip(b"HTTP/1.1 200 OK\r\nA: b\r\n", 0.02)],
    ids=["silent", "drips a line", "drips headers"],
)
def test_the_whole_exchange_ends_in_time(answer):
    with receiving(RawReceiver(answer)) as receiver:
        begun = time.monotonic()
        outcome = send(receiver.url(), timeout=0.6)
        assert time.monotonic() - begun < 2.0
    assert outcome.kind == "retry"
    assert "0.6 seconds" in outcome.detail


@pytest.mark.parametrize(
    "answer",
    [
        reset, b"", b"\x00\xff garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, b"HTTP/9",
    ],
    ids=["reset", "closed", "garbage", "no status", "endless header", "cut"],
)  # fmt: skip
def test_a_broken_answer_is_tried_again(answer, caplog):
    with receiving(RawReceiver(answer)) as receiver:
        outcome = send(receiver.url())
    assert outcome.kind == "retry"
    assert "garbage" not in outcome.detail
    assert caplog.records == []


@pytest.mark.parametrize(
    "answer",
    [
        flood,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nbad",
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    ],
    ids=["endless", "short", "bad chunks", "bad gzip", "no length"],
)
def test_after_a_good_status_the_body_does_not_matter(answer):
    with receiving(RawReceiver(answer)) as receiver:
        begun = time.monotonic()
        assert send(receiver.url()).kind == "delivered"
        assert time.monotonic() - begun < 4.0


def test_a_name_that_is_not_found_in_time_is_tried_again(monkeypatch):
    release = threading.Event()

    def look_up(host, *_, **__):
        if host == "hangs.example":
            release.wait(10)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert send("http://hooks.example/") == Outcome("retry", detail="the host name was not found")
    outcome = send("http://hangs.example/", timeout=0.3)
    release.set()
    assert outcome == Outcome("retry", detail="no answer within 0.3 seconds")


def test_the_judged_address_among_the_answers_is_the_one_called(monkeypatch):
    asked = []

    def look_up(host, *_):
        asked.append(host)
        return ["10.0.0.1", "127.0.0.2", "127.0.0.1"]

    monkeypatch.setattr(http_client, "look_up", look_up)
    with receiving(RawReceiver()) as receiver:
        outcome = send(receiver.url("Hooks.News.Example."), Allow.parse("127.0.0.0/8"))
    assert (outcome.kind, asked) == ("delivered", ["hooks.news.example"])
    assert f"\r\nHost: hooks.news.example:{receiver.port}\r\n".encode() in receiver.requests[0]


@pytest.mark.parametrize(
    "url",
    [
        "", "http://", "https:///x", "//127.0.0.1/", "127.0.0.1", "ftp://news.example/", "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_x", "unix:///tmp/x", "javascript:alert(1)", "http://news.example:99999/",
        "http://news.example:0/", "http://news.example:x/", "http://news.example:80:80/", "http://[::1/", "http://]/",
        "http://ne ws.example/", "http://news.example/\r\nX-Evil: 1", "http://news.example/\t", "http://news.example\\x",
        "http://a..b/", "http://-/", "http://*.example/", "http://\ud800.example/", "http://news.example/\ud800",
        "http://xn--/", "http://" + "a" * 300 + ".example/", "http://news.example/" + "x" * 3000, "http://❤.example/",
        "http://%31%32%37.0.0.1/", "http://user@news.example/", "http://:@news.example/",
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(url):
    with pytest.raises(RefusedError) as refused:
        Target.parse(url)
    assert not url or url not in str(refused.value)
    assert HttpClient(LOOPBACK).post(url, {}, b"").kind == "refused"


OPEN = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.32.0.1 169.253.1.1 223.255.255.255 192.0.1.1 2606:4700::1111
2a00:1450::1 64:ff9b::8.8.8.8
"""


def test_the_open_internet_is_open():
    assert [text for text in OPEN.split() if not is_public(ipaddress.ip_address(text))] == []


def test_the_allow_list_opens_what_it_names():
    allow = Allow.parse(
        "hooks.internal, Other.Internal:8443 ,10.1.0.0/16, 192.168.1.5:9000, [fd00::1]:80, ::1,,"
    )
    for host, port, address, is_open in (
        ("hooks.internal", 1234, "10.9.9.9", True),
        ("sub.hooks.internal", 80, "10.9.9.9", False),
        ("other.internal", 8443, "10.9.9.9", True),
        ("other.internal", 443, "10.9.9.9", False),
        ("x.example", 80, "10.1.2.3", True),
        ("x.example", 80, "10.2.2.3", False),
        ("x.example", 9000, "192.168.1.5", True),
        ("x.example", 80, "192.168.1.5", False),
        ("x.example", 80, "fd00::1", True),
        ("x.example", 81, "fd00::1", False),
        ("x.example", 80, "::1", True),
    ):
        assert allow.opens(host, port, ipaddress.ip_address(address)) is is_open
    assert Allow.parse("") == Allow()


@pytest.mark.parametrize(
    "entry", ["http://x", "*.example", "10.0.0.0/99", "a b", "x:0", "x:99999", "127.1", "ü", "@", "x:y"]
)
def test_a_wrong_allow_list_is_named(entry):
    with pytest.raises(AllowError, match="REPLYDESK_CALLBACK_ALLOW"):
        Allow.parse(f"localhost,{entry}")


def test_ipv6_loopback_works_when_allowed_and_a_mapped_address_does_not():
    assert send("http://[::ffff:127.0.0.1]:1/").kind == "refused"
    assert Target.parse("https://[::1]:443/").host_header == "[::1]"
    try:
        with receiving(RawReceiver(family=socket.AF_INET6)) as receiver:
            assert send(receiver.url("[::1]")).kind == "delivered"
    except OSError:
        return  # a machine without IPv6 cannot be asked
    assert f"\r\nHost: [::1]:{receiver.port}\r\n".encode() in receiver.requests[0]


@pytest.fixture
def tls_receiver(monkeypatch):
    """A server with a certificate for hooks.news.example, and look-ups that lead any name to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    monkeypatch.setattr(http_client, "look_up", lambda host, port, timeout: ["127.0.0.1"])
    http_client._tls.cache_clear()
    with receiving(RawReceiver(tls=context)) as receiver:
        context.sni_callback = lambda _, name, __: receiver.names.append(name)
        yield receiver
    http_client._tls.cache_clear()


def test_tls_checks_the_name_and_its_authority_and_not_the_address(tls_receiver, monkeypatch):
    refused = Outcome("retry", detail="the TLS certificate was not accepted")
    assert send(tls_receiver.url("hooks.news.example")) == refused
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))
    http_client._tls.cache_clear()
    assert send(tls_receiver.url("other.news.example")) == refused
    assert tls_receiver.requests == []
    assert send(tls_receiver.url("hooks.news.example")).kind == "delivered"
    assert tls_receiver.names[-1] == "hooks.news.example"


def test_plain_http_behind_https_is_a_retry(monkeypatch):
    monkeypatch.setattr(http_client, "look_up", lambda host, port, timeout: ["127.0.0.1"])

    def speak_plainly(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(OK)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak_plainly, args=[listener])
        thread.start()
        outcome = send(f"https://hooks.news.example:{listener.getsockname()[1]}/")
        thread.join(5)
    assert outcome == Outcome("retry", detail="TLS failed")
