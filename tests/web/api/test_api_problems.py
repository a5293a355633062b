"""Bad input: every fault is named by its field, every error is a problem, and no value comes back."""

import json

import pytest

from service.web.problems import KINDS
from tests.factories import ADDRESS
from tests.web.api.caller import ARTICLE, faults, problem, submission

CANARY = "do-not-repeat-me@example.org"


def article(**changes):
    return submission(article={"url": ARTICLE, **changes})


def author(**changes):
    given = {"name": "Ada", "email": ADDRESS, **changes}
    return submission(author={name: value for name, value in given.items() if value is not ...})


BAD = [
    ("nothing at all", {}, {"article": "missing", "author": "missing", "body": "missing"}),
    ("a list", [], {"(request)": "object"}),
    ("a text", "comment", {"(request)": "object"}),
    ("a number", 17, {"(request)": "object"}),
    ("an id that is a number", submission(id=17), {"id": "text"}),
    ("an empty id", submission(id=""), {"id": "pattern"}),
    ("an id with a space", submission(id="a b"), {"id": "pattern"}),
    ("an id with a slash", submission(id="a/b"), {"id": "pattern"}),
    ("an id with a newline at the end", submission(id="a\n"), {"id": "pattern"}),
    ("an id of 129", submission(id="a" * 129), {"id": "pattern"}),
    ("an id that is an address", submission(id=CANARY), {"id": "pattern"}),
    ("a parent that is no id", submission(parent_id="…"), {"parent_id": "pattern"}),
    ("no body", submission(body=...), {"body": "missing"}),
    ("a body that is null", submission(body=None), {"body": "text"}),
    ("a body that is a list", submission(body=["a"]), {"body": "text"}),
    ("an empty body", submission(body=""), {"body": "blank"}),
    ("a body of white space", submission(body=" \n\t\u2003\u00a0"), {"body": "blank"}),
    ("a body of 20,001 characters", submission(body="ä" * 20_001), {"body": "too_long"}),
    ("a body with NUL", submission(body="a\0b"), {"body": "nul"}),
    ("a body with half a surrogate pair", submission(body="a\ud83d"), {"body": "unicode"}),
    ("no author", submission(author=...), {"author": "missing"}),
    ("an author that is a name", submission(author="Ada"), {"author": "object"}),
    ("a nameless author", author(name=...), {"author.name": "missing"}),
    ("an empty name", author(name="  "), {"author.name": "blank"}),
    ("a name of 201", author(name="a" * 201), {"author.name": "too_long"}),
    ("a name with NUL", author(name="A\0"), {"author.name": "nul"}),
    ("no email", author(email=...), {"author.email": "missing"}),
    ("an email that is null", author(email=None), {"author.email": "missing"}),
    ("an email that is none", author(email="not " + CANARY + " really"), {"author.email": "email"}),
    ("an email that is a number", author(email=5), {"author.email": "text"}),
    ("an email of 321", author(email="a" * 310 + "@example.org"), {"author.email": "email"}),
    ("an email with a newline", author(email="ada@example.org\nBcc: x"), {"author.email": "email"}),
    ("an email with NUL", author(email="a\0@example.org"), {"author.email": "email"}),
    ("an email with half a surrogate pair", author(email="a\ud800@example.org"), {"author.email": "email"}),
    ("a website that is a script", author(website="javascript:alert(1)"), {"author.website": "url"}),
    ("a website without a host", author(website="https://"), {"author.website": "url"}),
    ("a website with a space", author(website="https://a b"), {"author.website": "url"}),
    ("a website with a bad port", author(website="https://a.example:99999"), {"author.website": "url"}),
    (
        "a website of 2,001",
        author(website="https://a.example/" + "a" * 2_000),
        {"author.website": "too_long"},
    ),
    ("no article", submission(article=...), {"article": "missing"}),
    ("an article without a url", submission(article={}), {"article.url": "missing"}),
    ("an article that is a url", submission(article=ARTICLE), {"article": "object"}),
    ("an article by ftp", article(url="ftp://courier.example/x"), {"article.url": "url"}),
    ("a relative article", article(url="/bridge"), {"article.url": "url"}),
    ("an article in broken brackets", article(url="https://[::1"), {"article.url": "url"}),
    ("an article with NUL", article(url="https://courier.example/\0"), {"article.url": "url"}),
    ("a title of 501", article(title="a" * 501), {"article.title": "too_long"}),
    ("a title with NUL", article(title="\0"), {"article.title": "nul"}),
    (
        "a publication without offset",
        article(published_at="2026-11-22T12:00:00"),
        {"article.published_at": "datetime"},
    ),
    ("a publication in seconds", article(published_at=1_764_000_000), {"article.published_at": "datetime"}),
    ("a day that is none", submission(submitted_at="2026-02-30T12:00:00Z"), {"submitted_at": "datetime"}),
    ("an hour that is none", submission(submitted_at="2026-02-03T25:00:00Z"), {"submitted_at": "datetime"}),
    ("the year 1", submission(submitted_at="0001-01-01T00:00:00Z"), {"submitted_at": "datetime"}),
    ("the year 9999", submission(submitted_at="9999-12-31T23:59:59-23:59"), {"submitted_at": "datetime"}),
    ("a moment in words", submission(submitted_at="yesterday"), {"submitted_at": "datetime"}),
    ("a client that is a text", submission(client="127.0.0.1"), {"client": "object"}),
    ("an ip that is none", submission(client={"ip": "1.2.3"}), {"client.ip": "ip"}),
    ("an ip with a zone", submission(client={"ip": "fe80::1%eth0"}), {"client.ip": "ip"}),
    ("an ip of 100,000 dots", submission(client={"ip": "." * 100_000}), {"client.ip": "ip"}),
    ("an agent of 1,001", submission(client={"user_agent": "a" * 1_001}), {"client.user_agent": "too_long"}),
    ("a referrer with NUL", submission(client={"referrer": "\0"}), {"client.referrer": "nul"}),
    ("an unknown field", submission(colour="red"), {"colour": "unknown"}),
    ("an unknown inner field", author(nick="A"), {"author.nick": "unknown"}),
    ("a field named like an address", submission(**{CANARY: 1}), {"(unknown)": "unknown"}),
    ("a field of prototypes", submission(__proto__={"a": 1}), {"__proto__": "unknown"}),
]


@pytest.mark.parametrize(("given", "expected"), [pytest.param(*bad[1:], id=bad[0]) for bad in BAD])
def test_a_fault_is_named(newsroom, given, expected):
    answer = newsroom.post_raw(json.dumps(given).encode())
    assert faults(problem(answer, 422, "validation")) == expected
    assert CANARY not in answer.text
    assert newsroom.count() == 0


def test_every_fault_is_named_at_once(newsroom):
    given = submission(id="a b", body="", author={"name": "", "email": "x"}, article={"url": "x"}, extra=1)
    found = faults(problem(newsroom.post(given), 422, "validation"))
    assert list(found) == ["id", "article.url", "author.name", "author.email", "body", "extra"]


def test_a_thousand_faults_are_bounded(newsroom):
    answer = newsroom.post(submission(**{f"f{n}": n for n in range(5_000)}))
    assert len(problem(answer, 422, "validation")["errors"]) <= 50
    assert len(answer.data) < 20_000


GOOD = json.dumps(submission())


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"   ", id="white space"),
        pytest.param(b"{", id="an open brace"),
        pytest.param(GOOD.encode() + b"x", id="something after the end"),
        pytest.param(GOOD.encode()[:-1], id="a missing end"),
        pytest.param(b"\xef\xbb\xbf" + GOOD.encode(), id="a byte order mark"),
        pytest.param(GOOD.encode("utf-16"), id="UTF-16"),
        pytest.param(GOOD.encode().replace(b"bridge", b"br\xfcdge"), id="Latin-1"),
        pytest.param(b'{"body": "\xed\xa0\x80"}', id="an encoded surrogate"),
        pytest.param(b'{"body": "\xc0\x80"}', id="an overlong NUL"),
        pytest.param(b'{"body": "a\x00b"}', id="a raw NUL"),
        pytest.param(b'{"body": "a\nb"}', id="a raw newline"),
        pytest.param(b"{'body': 'a'}", id="single quotes"),
        pytest.param(b'{"body": "a",}', id="a trailing comma"),
        pytest.param(b'{"body": "a" /* no */}', id="a comment"),
        pytest.param(b'{"body": "\\x41"}', id="an unknown escape"),
        pytest.param(b'{"body": 01}', id="a leading zero"),
        pytest.param(b"[" * 100_000, id="a bomb of brackets"),
        pytest.param(b'{"a":' * 30_000, id="a bomb of braces"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="a closed bomb"),
        pytest.param(b'{"body": ' + b"1" * 5_000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b'{"body": ' + b"[NaN," * 101 + b"1" + b"]" * 101 + b"}", id="a hundred NaN"),
    ],
)
def test_what_is_no_json_is_malformed(newsroom, raw):
    problem(newsroom.post_raw(raw), 400, "malformed")
    assert newsroom.count() == 0


@pytest.mark.parametrize(
    ("raw", "field", "code"),
    [
        (b'{"id": "a", "id": "b"}', "id", "repeated"),
        (b'{"author": {"name": "a", "name": "b"}}', "author.name", "repeated"),
        (b'{"a@b.example": 1, "a@b.example": 2}', "(unknown)", "repeated"),
        (b'{"body": NaN}', "body", "not_json"),
        (b'{"body": -Infinity}', "body", "not_json"),
        (b'{"article": [{"url": Infinity}]}', "article.0.url", "not_json"),
        (b'{"a":' * 60 + b"NaN" + b"}" * 60, "a.a.a.a.a.a", "not_json"),
    ],
)
def test_a_flaw_names_its_place(newsroom, raw, field, code):
    assert faults(problem(newsroom.post_raw(raw), 422, "validation")) == {field: code}


def test_a_flaw_in_a_vast_body_is_refused_all_the_same(newsroom):
    """Where the place would take too long to find, the fault is said of the whole."""
    raw = b'{"body": [NaN' + b",[]" * 80_000 + b"]}"
    found = problem(newsroom.post_raw(raw), 422, "validation")
    assert list(faults(found).values()) == ["not_json"]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=latin-1",
        "application/jsonp",
    ],
)
def test_another_content_type_is_refused(newsroom, content_type):
    problem(newsroom.post_raw(GOOD.encode(), content_type), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", "Application/JSON", "application/json;a=b"]
)
def test_json_may_be_spelled_as_the_standard_allows(newsroom, content_type):
    assert newsroom.post_raw(GOOD.encode(), content_type).status_code == 202


def test_a_compressed_body_is_refused(newsroom):
    answer = newsroom.post(headers={"Content-Encoding": "gzip"})
    problem(answer, 415, "unsupported-media-type")


def test_a_large_comment_is_refused(newsroom):
    raw = GOOD.encode()
    problem(newsroom.post_raw(raw + b" " * (256 * 1024)), 413, "too-large")
    assert newsroom.post_raw(raw + b" " * (256 * 1024 - len(raw))).status_code == 202


def test_a_large_batch_is_refused(newsroom):
    raw = b"[" + b" " * (16 * 1024 * 1024) + b"]"
    answer = newsroom.call("POST", "/v1/comments/batch", data=raw, content_type="application/json")
    problem(answer, 413, "too-large")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/comments", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("DELETE", "/v1/comments", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/v1/comments/c-1", {"GET", "HEAD", "OPTIONS", "DELETE"}),
        ("GET", "/v1/comments/c-1/decision", {"POST", "OPTIONS"}),
        ("DELETE", "/v1/comments/c-1/undo", {"POST", "OPTIONS"}),
        ("POST", "/v1/decisions", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/v1/sites/courier/inbound", {"POST", "OPTIONS"}),
        ("POST", "/v1/sites/courier/published", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", "/healthz", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/metrics", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(newsroom, method, path, allowed):
    for key in ("", None):
        answer = newsroom.call(method, path, key)
        problem(answer, 405, "method-not-allowed")
        assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/comment", "/v1/comments/", "/v1/sites/A_B/published"])
def test_an_unknown_address_is_a_problem_too(newsroom, path):
    problem(newsroom.get(path, headers={"Accept": "text/html"}), 404, "not-found")


def test_a_person_sees_a_page(newsroom):
    answer = newsroom.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_the_types_of_problems_stay(newsroom):
    assert {kind.name for kind in KINDS.values()} >= {
        "malformed", "unauthorized", "not-found", "gone", "no-contact", "method-not-allowed", "conflict", "final",
        "idempotency-mismatch", "too-large", "unsupported-media-type", "validation", "too-many-requests", "internal",
        "unavailable",
    }  # fmt: skip
    for kind in KINDS.values():
        page = newsroom.call("GET", kind.type, None)
        assert page.status_code == 200
        assert kind.title in page.text


def test_an_unknown_type_has_no_page(newsroom):
    assert newsroom.call("GET", "/problems/nonsense", None).status_code == 404
