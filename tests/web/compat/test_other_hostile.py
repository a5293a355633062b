"""Hostile and broken requests to the Akismet and OpenAI APIs: answered in their own form, and never by a 5xx."""

import json
from urllib.parse import urlencode

import pytest

from tests.web.api.naughty import MALFORMED, NO_OBJECTS

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
BASE = {"blog": "https://courier.example", "user_ip": "192.0.2.7", "comment_content": "Good."}
WORDS = {"true", "false", "valid", "invalid"}


def form(**changes):
    return urlencode({"api_key": "KEY"} | BASE | changes).replace("api_key=KEY", "api_key=%KEY%").encode()


def part(name, value, more=b""):
    head = b'--b\r\nContent-Disposition: form-data; name="' + name.encode() + b'"' + more
    return head + b"\r\n\r\n" + value + b"\r\n"


CHECKED = [
    b"",
    b"\xff\xfe\x00",
    b"%" * 1000,
    b"&" * 5000,
    b"a=b&" * 5000,
    form() + b"&=&=&=x&%00=%00",
    form() + b"&comment_content=%ff%fe%c3%28&comment_author=%c3",
    form(blog_charset="utf-7") + b"&comment_content=%ff",
    form(blog_charset="zip_codec") + b"&comment_content=%ff",
    form(blog_charset="rot13") + b"&comment_content=%ff",
    form(blog_charset="idna") + b"&comment_content=%ff",
    form(blog_charset="x" * 10_000),
    form(comment_content="\0" * 1000),
    form(comment_content="a" * 200_000),
    form(comment_content="<a href=" * 20_000),
    form(comment_content="\\" * 50_000),
    form(comment_content="\\'" * 25_000),
    form(comment_content="a@" * 50_000),
    form(comment_content="a" * 300_000),
    form(blog="javascript:alert(1)", permalink="file:///etc/passwd"),
    form(blog="http://[::1", permalink="http://["),
    form(blog="x" * 100_000),
    form(user_ip="999.1.1.1' OR 1=1"),
    form(user_ip="fe80::1%eth0"),
    form(comment_date_gmt="9999-99-99T99:99:99"),
    form(comment_date_gmt="0001-01-01T00:00:00+23:59"),
    form(guid="../../etc", comment_parent="-1"),
    form(comment_parent="9" * 5000),
    form(comment_parent="١٢٣"),
    form(honeypot_field_name="comment_content"),
    form(comment_author_email="a" * 100_000),
    form(comment_author_email="a@b\r\nBcc: c@d"),
    form(recheck_reason="recheck", guid="k-" + "0" * 32),
]
AKISMET = [
    *(("POST", "/1.1/comment-check", FORM, raw) for raw in CHECKED),
    ("POST", "/1.1/comment-check", "application/json", b'{"api_key": "%KEY%"}'),
    ("POST", "/1.1/comment-check", "charset=utf-8", form()),
    ("POST", "/1.1/comment-check", "", form()),
    ("POST", "/1.1/comment-check", "multipart/form-data", form()),
    ("POST", "/1.1/comment-check", MULTIPART, b"--b\r\n\r\n"),
    ("POST", "/1.1/comment-check", MULTIPART, b"garbage"),
    ("POST", "/1.1/comment-check", MULTIPART, part("api_key", b"%KEY%") * 1500 + b"--b--"),
    ("POST", "/1.1/comment-check", MULTIPART, part("a", b"x", b'; filename="f"') + b"--b--"),
    ("POST", "/1.1/comment-check", MULTIPART, part("api_key", b"\xff") + b"--b--"),
    ("GET", "/1.1/comment-check", FORM, b""),
    ("DELETE", "/1.1/verify-key", FORM, b""),
    ("POST", "/1.1/verify-key", FORM, b"key=" + b"a" * 5000),
    ("POST", "/1.1/submit-spam", FORM, form(comment_content="a" * 100_000)),
    ("POST", "/1.1/submit-ham", FORM, form(permalink="mailto:a@b.example", blog="no address")),
    ("POST", "/1.1/no-such-call", FORM, form()),
    ("GET", "/1.1/", FORM, b""),
    ("GET", "/1.2/key-sites?api_key=%KEY%&month=2026-99", FORM, b""),
    ("GET", "/1.2/key-sites?api_key=%KEY%&limit=-1&offset=x", FORM, b""),
    ("GET", "/1.2/key-sites?api_key=%KEY%&order=;drop", FORM, b""),
    ("GET", "/1.2/usage-limit?api_key=" + "a" * 20_000, FORM, b""),
    ("POST", "/1.1/get-stats", FORM, b"key=%KEY%&from=forever"),
]


@pytest.mark.parametrize("number", range(len(AKISMET)))
def test_akismet(queueing, number):
    newsroom = queueing
    method, path, kind, raw = AKISMET[number]
    key = newsroom.courier.akismet_key
    raw = raw.replace(b"%25KEY%25", key.encode()).replace(b"%KEY%", key.encode())
    answer = newsroom.client.open(path.replace("%KEY%", key), method=method, data=raw, content_type=kind)
    assert answer.status_code in (200, 404, 413)
    if answer.status_code == 200 and answer.mimetype in ("application/json", "text/csv"):
        return
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "\n" not in answer.text
    if answer.text not in WORDS and not answer.text.startswith("Thanks"):
        assert answer.headers["X-akismet-debug-help"]


OPENAI = [
    *MALFORMED.values(),
    *NO_OBJECTS,
    b'{"input": NaN}',
    b'{"input": 1e999}',
    b'{"input": ' + b"9" * 6000 + b"}",
    b'{"input": "a", "input": 7}',
    b'{"input": true}',
    b'{"input": [null]}',
    b'{"input": [[]]}',
    b'{"input": [["a"]]}',
    b'{"input": ["a", {"type": "text", "text": "b"}]}',
    b'{"input": [{}]}',
    b'{"input": [{"type": "text"}]}',
    b'{"input": [{"type": 7, "text": "a"}]}',
    b'{"input": [{"type": "image_url", "image_url": "x"}]}',
    b'{"input": [{"type": "image_url", "image_url": {"url": "x"}}]}',
    b'{"input": {"type": "text", "text": "a"}}',
    b'{"input": "\\ud800"}',
    b'{"input": "\\u0000"}',
    b'{"input": ["\\udfff\\ud800"]}',
    b'{"input": "a", "model": []}',
    b'{"input": "a", "model": "' + b"m" * 5000 + b'"}',
    b'{"input": "a", "model": ""}',
    b'{"input": "a", "unknown": {"deep": [1]}}',
    json.dumps({"input": ["a"] * 10_000}).encode(),
    json.dumps({"input": "a" * 200_000}).encode(),
    json.dumps({"input": "a@" * 100_000}).encode(),
    json.dumps({"input": "\u202e" * 20_000}).encode(),
    b'{"input": "' + b"a" * 300_000 + b'"}',
    b'{"input": ' + b"[" * 100 + b"]" * 100 + b"}",
    b'{"input": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
]


@pytest.mark.parametrize("number", range(len(OPENAI)))
def test_openai(queueing, number):
    answer = queueing.call("POST", "/v1/moderations", data=OPENAI[number], content_type="application/json")
    look_at_openai(answer)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_openai_is_asked_by_post_alone(queueing, method):
    look_at_openai(queueing.call(method, "/v1/moderations", json={"input": "a"}))


def look_at_openai(answer):
    assert answer.status_code in (200, 400, 405, 413)
    told = answer.json
    if answer.status_code == 200:
        assert told["results"]
    else:
        assert set(told["error"]) == {"message", "type", "param", "code"}
