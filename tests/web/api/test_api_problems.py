"""Bad input: every fault is named by its field, every error is a problem, and no value comes back."""

import json

import pytest

from service.web.problems import KINDS
from tests.factories import ADDRESS
from tests.web.api.caller import ARTICLE, faults, problem, submission
from tests.web.api.naughty import GOOD, MALFORMED

CANARY = "do-not-repeat-me@example.org"


def by(**changes):
    return submission(author={"name": "Ada", "email": ADDRESS, **changes})


BAD = [
    # what was sent, the field that is named, the code; tests/unit/test_submission.py has each bound of each field
    ([], "(request)", "object"),
    ("comment", "(request)", "object"),
    (17, "(request)", "object"),
    (None, "(request)", "object"),
    (submission(id=CANARY), "id", "pattern"),
    (submission(id="a/b"), "id", "pattern"),
    (submission(parent_id="…"), "parent_id", "pattern"),
    (submission(body=" \n\t\u2003\u00a0"), "body", "blank"),
    (submission(body="a\ud83d"), "body", "unicode"),
    (submission(author={"name": "Ada"}), "author.email", "missing"),
    (submission(author={"name": "Ada", "email": None}), "author.email", "missing"),
    (by(email=f"not {CANARY} really"), "author.email", "email"),
    (by(email="ada@example.org\nBcc: x"), "author.email", "email"),
    (by(website="https://"), "author.website", "url"),
    (by(website="https://a b"), "author.website", "url"),
    (by(website="https://a.example:99999"), "author.website", "url"),
    (by(nick="A"), "author.nick", "unknown"),
    (submission(article={}), "article.url", "missing"),
    (submission(article=ARTICLE), "article", "object"),
    (submission(article={"url": "/bridge"}), "article.url", "url"),
    (submission(article={"url": "https://[::1"}), "article.url", "url"),
    (submission(article={"url": ARTICLE, "title": "\0"}), "article.title", "nul"),
    (submission(article={"url": ARTICLE, "published_at": 1_764_000_000}), "article.published_at", "datetime"),
    (submission(submitted_at="2026-02-03T25:00:00Z"), "submitted_at", "datetime"),
    (submission(submitted_at="0001-01-01T00:00:00Z"), "submitted_at", "datetime"),
    (submission(submitted_at="9999-12-31T23:59:59-23:59"), "submitted_at", "datetime"),
    (submission(client={"ip": "1.2.3"}), "client.ip", "ip"),
    (submission(client={"ip": "." * 100_000}), "client.ip", "ip"),
    (submission(colour="red"), "colour", "unknown"),
    (submission(**{CANARY: 1}), "(unknown)", "unknown"),
    (submission(__proto__={"a": 1}), "__proto__", "unknown"),
]


@pytest.mark.parametrize(("given", "field", "code"), BAD)
def test_a_fault_is_named(newsroom, given, field, code):
    answer = newsroom.post_raw(json.dumps(given).encode())
    assert faults(problem(answer, 422, "validation")) == {field: code}
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


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
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
        (b'{"body": [NaN' + b",[]" * 80_000 + b"]}", "body.0", "not_json"),
    ],
)
def test_a_flaw_names_its_place(newsroom, raw, field, code):
    assert faults(problem(newsroom.post_raw(raw), 422, "validation")) == {field: code}


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("text/plain", 415),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/xml", 415),
        ("application/json; charset=latin-1", 415),
        ("application/jsonp", 415),
        ("application/json; charset=UTF-8", 202),
        ("Application/JSON", 202),
        ("application/json;a=b", 202),
    ],
)
def test_json_alone_is_taken_as_the_standard_spells_it(newsroom, content_type, status):
    answer = newsroom.post_raw(GOOD, content_type)
    assert answer.status_code == status
    if status == 415:
        problem(answer, 415, "unsupported-media-type")


def test_compressed_and_large_bodies_are_refused(newsroom):
    problem(newsroom.post(headers={"Content-Encoding": "gzip"}), 415, "unsupported-media-type")
    problem(newsroom.post_raw(GOOD + b" " * (256 * 1024)), 413, "too-large")
    assert newsroom.post_raw(GOOD + b" " * (256 * 1024 - len(GOOD))).status_code == 202
    batch = {"data": b"[" + b" " * (16 * 1024 * 1024) + b"]", "content_type": "application/json"}
    problem(newsroom.call("POST", "/v1/comments/batch", **batch), 413, "too-large")


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


def test_an_unknown_address_is_a_problem_and_a_page_to_people(newsroom):
    for path in ("/v1", "/v1/", "/v1/comment", "/v1/comments/", "/v1/sites/A_B/published"):
        problem(newsroom.get(path, headers={"Accept": "text/html"}), 404, "not-found")
    answer = newsroom.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_every_type_of_problem_has_its_page(newsroom):
    assert {kind.name for kind in KINDS.values()} >= {
        "malformed", "unauthorized", "not-found", "gone", "no-contact", "method-not-allowed", "conflict", "final",
        "idempotency-mismatch", "too-large", "unsupported-media-type", "validation", "too-many-requests", "internal",
        "unavailable",
    }  # fmt: skip
    for kind in KINDS.values():
        page = newsroom.call("GET", kind.type, None)
        assert (page.status_code, kind.title in page.text) == (200, True)
    assert newsroom.call("GET", "/problems/nonsense", None).status_code == 404
