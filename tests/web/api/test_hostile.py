"""Hostile requests to the web process that ships, byte by byte over raw sockets: no fault, nothing stored twice."""

from __future__ import annotations

import contextlib
import json
import socket
from collections import Counter

import pytest

from tests.web.api.caller import submission
from tests.web.api.serving import served

KEY = b"@KEY@"
MiB = 1024 * 1024


def body_of(number, **changes):
    return json.dumps(submission(id=f"h-{number}", **changes)).encode()


def post(body, path=b"/v1/comments", length=None, more=b"", media=b"application/json"):
    size = str(len(body) if length is None else length).encode()
    sized = b"Content-Type: " + media + b"\r\nContent-Length: " + size + b"\r\n"
    return get(path, sized + more, method=b"POST") + body


def get(path, more=b"", version=b"HTTP/1.1", method=b"GET"):
    """A request without a body with the courier's key."""
    head = b"\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + KEY + b"\r\n"
    return method + b" " + path + b" " + version + head + more + b"\r\n"


def chunked(*chunks, coding=b"chunked"):
    """A POST request in chunks as they are given."""
    head = post(b"").replace(b"Content-Length: 0\r\n", b"Transfer-Encoding: " + coding + b"\r\n")
    return head + b"".join(chunks)


HOSTILE = [
    # a name, the request (its key is put in later), the good answers; with None the connection may just end
    ("everything a list", post(b'{"id":[],"article":[],"author":[],"body":[],"client":[]}'), (422,)),
    ("ten thousand unknown fields", post(b"{" + b",".join(b'"f%d":0' % n for n in range(10_000)) + b"}"),
        (422,)),
    ("one name of 100,000 characters", post(b'{"' + b"n" * 100_000 + b'":1}'), (422,)),
    ("a batch of rubbish", post(b'[1,"a",null,[],{},true]', b"/v1/comments/batch"), (200,)),
    ("a batch of 1,001", post(b"[" + b",".join([b"{}"] * 1001) + b"]", b"/v1/comments/batch"), (422,)),
    ("a batch of a million zeros", post(b"[" + b"0," * 1_000_000 + b"0]", b"/v1/comments/batch"), (422,)),
    # encodings
    ("invalid UTF-8", post(body_of(1).replace(b"bridge", b"\xff\xfe\xfd")), (400,)),
    ("half a UTF-8 sequence at the end", post(body_of(2)[:-2] + b'\xe2\x82"}'), (400,)),
    ("UTF-7 said", post(body_of(5), media=b"application/json; charset=utf-7"), (415,)),
    ("half surrogate pairs", post(body_of(9, body="\ud800\udc00\ud800")), (422,)),
    # JSON bombs
    ("four million brackets in a batch", post(b"[" * 4 * MiB, b"/v1/comments/batch"), (400,)),
    ("900 levels, well closed", post(b"[" * 900 + b"]" * 900), (400, 422)),
    ("900 levels in a field", post(b'{"body":' + b"[" * 900 + b"]" * 900 + b"}"), (400, 422)),
    ("a number of 200,000 digits", post(b'{"body":' + b"9" * 200_000 + b"}"), (400,)),
    ("an exponent of a million", post(b'{"body":1e1000000}'), (422,)),
    ("the same name 10,000 times", post(b"{" + b",".join([b'"id":"a"'] * 10_000) + b"}"), (400, 422)),
    ("200,000 escapes", post(b'{"body":"' + b"\\u0041" * 40_000 + b'"}'), (422,)),
    # sizes
    ("20 MB", post(b"x" * 20_000_000), (413, None)),
    ("20 MB for a batch", post(b"[" + b" " * 20_000_000 + b"]", b"/v1/comments/batch"), (413, None)),
    ("20 GB said", post(b"x", length=20_000_000_000), (413,)),
    ("a length of a million digits", post(b"x", more=b"Content-Length: " + b"9" * 30_000 + b"\r\n"),
        (400, 413, 431)),
    ("a negative length", post(b"x", length=-1), (400, 415)),
    ("a length in words", post(b"x").replace(b"Content-Length: 1", b"Content-Length: one"), (400,)),
    ("two lengths", post(body_of(12), more=b"Content-Length: 5\r\n"), (400,)),
    ("a length and chunks", post(body_of(13), more=b"Transfer-Encoding: chunked\r\n"), (400, None)),
    # chunks
    ("chunks that are right", chunked(b"2\r\n{}\r\n", b"0\r\n\r\n"), (422,)),
    ("a chunk of no number", chunked(b"zz\r\n{}\r\n0\r\n\r\n"), (400,)),
    ("a chunk of too many digits", chunked(b"F" * 400 + b"\r\n{}\r\n0\r\n\r\n"), (400, 413, None)),
    ("a chunk size with an underscore", chunked(b"0_2\r\n{}\r\n0\r\n\r\n"), (400,)),
    ("20 MB in chunks", chunked(*[b"100000\r\n" + b" " * MiB + b"\r\n"] * 20, b"0\r\n\r\n"), (413, 400, None)),
    ("an unknown transfer encoding", chunked(b"x", coding=b"gzip"), (501,)),
    ("an encoding twice", chunked(b"2\r\n{}\r\n0\r\n\r\n", coding=b"chunked, chunked"), (400, 422, 501)),
    # headers
    ("a flood of 5,000 headers", get(b"/v1/comments", b"".join(b"X-%d: a\r\n" % n for n in range(5_000))),
        (431, 200)),
    ("50,000 headers", get(b"/v1/comments", b"".join(b"X-%d: a\r\n" % n for n in range(50_000))), (431, None)),
    ("a header of 1 MiB", get(b"/v1/comments", b"X-Long: " + b"a" * MiB + b"\r\n"), (431, None)),
    ("a header without a name", get(b"/v1/comments", b": value\r\n"), (400,)),
    ("a header without a colon", get(b"/v1/comments", b"nonsense\r\n"), (400,)),
    ("a folded header", get(b"/v1/comments", b"X-A: 1\r\n 2\r\n"), (200, 400)),
    ("a NUL in a header", get(b"/v1/comments", b"X-A: a\0b\r\n"), (200, 400)),
    ("a bare line feed in a header", get(b"/v1/comments", b"X-A: a\nX-B: b\r\n"), (200, 400)),
    ("a key of 50,000", get(b"/v1/comments", b"").replace(KEY, b"k" * 50_000), (401,)),
    ("a key of strange bytes", get(b"/v1/comments", b"").replace(KEY, b"\xff\xfe\x80"), (401,)),
    ("two keys", get(b"/v1/comments", b"Authorization: Bearer x\r\n"), (400, 401)),
    ("no host", b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", (200, 400)),
    ("a strange host", b"GET /docs HTTP/1.1\r\nHost: \xff<>@[\r\nConnection: close\r\n\r\n", (200, 400)),
    ("an endless Prefer", post(body_of(14), more=b"Prefer: " + b"wait=1," * 5_000 + b"\r\n"), (202,)),
    ("a cookie bomb", get(b"/desk", b"Cookie: " + b"replydesk=a; " * 3_000 + b"\r\n"),
        (200, 302, 303, 401, 403)),
    ("a range of ranges", get(b"/openapi.json", b"Range: bytes=" + b"0-," * 5_000 + b"\r\n"), (200, 206, 416)),
    # methods, addresses, protocol
    ("a method of 5,000 letters", get(b"/v1/comments", method=b"A" * 5_000), (400, 405)),
    ("CONNECT", get(b"x:80", method=b"CONNECT"), (400, 404, 405)),
    ("an address of 30,000", get(b"/v1/comments/" + b"a" * 30_000), (404,)),
    ("an address of 100,000", get(b"/v1/comments/" + b"a" * 100_000), (431, 414, None)),
    ("a climbing address", get(b"/assets/x/..%2f..%2f..%2fetc%2fpasswd"), (404,)),
    ("an encoded NUL", get(b"/v1/comments/a%00b"), (404,)),
    ("a raw high byte", get(b"/v1/comments/\xff\xfe"), (400, 404)),
    ("a broken escape", get(b"/v1/comments/%zz%"), (404,)),
    ("a query of 10,000 parameters", get(b"/v1/comments?" + b"&".join(b"a%d=1" % n for n in range(5_000))),
        (422,)),
    ("a query of no text", get(b"/v1/comments?limit=%ff%fe"), (422,)),
    ("an absolute address", get(b"http://evil.example/v1/comments"), (200, 400, 404)),
    ("another protocol", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500 + b"\r\n\r\n",
        (400, None)),
    ("HTTP/9.9", get(b"/healthz", version=b"HTTP/9.9"), (200, 400, 505)),
    ("HTTP/0.9", b"GET /healthz\r\n\r\n", (200, 400, None)),
    ("nothing but line ends", b"\r\n" * 1_000, (400, None)),
    ("two requests in one", get(b"/healthz").replace(b"Connection: close\r\n", b"") + get(b"/healthz"),
        (200,)),
    # links that end or never were
    ("a sign-in link that never was", get(b"/desk/sign-in/" + b"a" * 43), (200, 403, 404, 410)),
    ("a receipt that was forged", get(b"/r/" + b"A" * 60), (403, 404, 410)),
    ("an inbound call of old", post(body_of(16), b"/v1/sites/courier/inbound",
        more=b"webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\n"), (401,)),
    ("an inbound call of no time", post(body_of(17), b"/v1/sites/courier/inbound",
        more=b"webhook-id: a\r\nwebhook-timestamp: \xd9\xa3\r\nwebhook-signature: v1,AAAA v1 ,\r\n"), (401,)),
    # the same again: one is new, the rest are replays
    ("a good one", post(body_of(18)), (202,)),
    ("the good one again", post(body_of(18)), (200,)),
    ("the good one a third time", post(body_of(18)), (200,)),
    ("the good one in a batch, twice",
        post(b"[" + body_of(18) + b"," + body_of(18) + b"]", b"/v1/comments/batch"), (200,)),
]  # fmt: skip


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """One web process for all that follows; it must outlive it."""
    with served(tmp_path_factory.mktemp("hostile") / "home") as process:
        yield process


def exchange(web, raw, timeout=30):
    """Send the bytes; return the status, None without one, and the whole answer."""
    answer = b""
    with socket.create_connection(("127.0.0.1", web.port), timeout=timeout) as connection:
        with contextlib.suppress(ConnectionError):  # the server has seen enough, and may have answered
            connection.sendall(raw.replace(KEY, web.site.key.encode()))
        with contextlib.suppress(ConnectionError, TimeoutError):
            while part := connection.recv(65536):
                answer += part
    words = answer.split(b" ", 2)
    return (int(words[1]) if len(words) == 3 and words[1].isdigit() else None), answer


@pytest.mark.parametrize(("raw", "good"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_a_hostile_request_is_answered(web, raw, good):
    status, answer = exchange(web, raw, timeout=3 if None in good else 30)
    assert status in good, answer[:1000]
    assert b"Traceback" not in answer
    assert b'File "' not in answer
    if b" /v1/" in raw[:40] and b"X-Request-Id" in answer and status is not None and status >= 400:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] == status
        if status == 422:
            assert all(fault["field"] for fault in json.loads(body)["errors"])


def test_the_process_has_lived_through_it(web):
    for _, raw, _ in HOSTILE[-4:]:
        exchange(web, raw)
    assert exchange(web, get(b"/healthz"))[0] == 200
    counted = Counter(web.stored())
    assert set(counted.values()) == {1}
    assert set(counted) <= {"h-18", "h-14"}
    assert not [word for word in ("Traceback", "request.broke", "bridge") if word in web.log.read_text()]
