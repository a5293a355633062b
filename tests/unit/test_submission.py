"""A submission's fields: what is taken, what is refused with the field's name, and that no value is ever shown."""

import json
from datetime import UTC, datetime

import pytest

from service.domain.comment import Source
from service.domain.errors import Invalid
from service.importers.jsonl import parsed
from service.privacy.sealing import Address
from service.usecases.submission import SubmissionGiven, read_submission

FULL = {
    "id": "wp-4711",
    "article": {
        "url": "https://News.example/a?utm_source=x",
        "title": "The bridge opens",
        "published_at": "2026-11-22T09:00:00+01:00",
    },
    "parent_id": "wp-4700",
    "author": {"name": "Ada", "email": " ada@example.org ", "website": "https://ada.example"},
    "body": "At last!",
    "submitted_at": "2026-11-22T19:00:00.250Z",
    "client": {"ip": "192.0.2.77", "user_agent": "Agent/1", "referrer": "https://news.example/"},
}


def changed(path, value=None, missing=False):
    """The full submission with one field changed or missing; `path` is dotted."""
    made = json.loads(json.dumps(FULL))
    above, _, last = path.rpartition(".")
    inner = made[above] if above else made
    inner[last] = value
    if missing:
        del inner[last]
    return made


def faults_of(value):
    with pytest.raises(Invalid) as refused:
        read_submission(value, Source.API)
    return refused.value.faults


def test_a_full_submission_is_read():
    given = read_submission(FULL, Source.API, idempotency_key="k")
    assert (given.id, given.parent_id) == ("wp-4711", "wp-4700")
    assert (given.author_name, given.body) == ("Ada", "At last!")
    assert (given.article.url, given.article.title) == ("https://news.example/a", "The bridge opens")
    assert given.article.published_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert given.submitted_at == datetime(2026, 11, 22, 19, 0, 0, 250_000, tzinfo=UTC)
    assert isinstance(given.email, Address)
    assert given.email.reveal() == "ada@example.org"
    assert (given.client.ip, given.client.user_agent) == ("192.0.2.77", "Agent/1")
    assert (given.source, given.idempotency_key, given.live) == (Source.API, "k", True)


def test_little_is_required():
    author = {"name": "Ada", "email": None}
    small = {"article": {"url": "https://a.example"}, "author": author, "body": "Hi", "id": None}
    given = read_submission(small, Source.FORM, email_required=False, signals={"honeypot": True})
    assert (given.id, given.email, given.submitted_at) == (None, None, None)
    assert given.signals == {"honeypot": True}
    (fault,) = faults_of(changed("author", {"name": "Ada"}))
    assert (fault.field, fault.code) == ("author.email", "missing")


FAULTY = [
    ("id", "", "id", "pattern"),
    ("id", "a b", "id", "pattern"),
    ("id", "ä", "id", "pattern"),
    ("id", "a\n", "id", "pattern"),
    ("id", "a" * 129, "id", "pattern"),
    ("id", 7, "id", "text"),
    ("parent_id", "a/b", "parent_id", "pattern"),
    ("body", "", "body", "blank"),
    ("body", " \t\n\u3000", "body", "blank"),
    ("body", "a" * 20_001, "body", "too_long"),
    ("body", "a\x00b", "body", "nul"),
    ("body", "\ud800", "body", "unicode"),
    ("body", None, "body", "text"),
    ("body", ["a"], "body", "text"),
    ("body", True, "body", "text"),
    ("author", "Ada", "author", "object"),
    ("author", None, "author", "object"),
    ("author.name", " ", "author.name", "blank"),
    ("author.name", "a" * 201, "author.name", "too_long"),
    ("author.name", "a\x00", "author.name", "nul"),
    ("author.name", "\udfff", "author.name", "unicode"),
    ("author.email", "nobody", "author.email", "email"),
    ("author.email", "a@b", "author.email", "email"),
    ("author.email", "a@b@c.example", "author.email", "email"),
    ("author.email", "a" * 400 + "@c.example", "author.email", "email"),
    ("author.email", "\ud800@c.example", "author.email", "email"),
    ("author.email", "a\x00@c.example", "author.email", "email"),
    ("author.email", "", "author.email", "email"),
    ("author.email", 5, "author.email", "text"),
    ("author.website", "", "author.website", "url"),
    ("author.website", "ada.example", "author.website", "url"),
    ("author.website", "javascript:alert(1)", "author.website", "url"),
    ("author.website", "https://a.example/" + "a" * 2000, "author.website", "too_long"),
    ("author.phone", "1", "author.phone", "unknown"),
    ("article.url", "https://a.example/ada%40c.example", "article.url", "url"),
    ("article", [], "article", "object"),
    ("article.url", "ftp://a.example", "article.url", "url"),
    ("article.url", "https://a.example:99999/", "article.url", "url"),
    ("article.url", "https://a.example/\x00", "article.url", "url"),
    ("article.url", 5, "article.url", "text"),
    ("article.title", "a" * 501, "article.title", "too_long"),
    ("article.published_at", "yesterday", "article.published_at", "datetime"),
    ("submitted_at", "2025-11-22", "submitted_at", "datetime"),
    ("submitted_at", "2025-11-22T19:00:00", "submitted_at", "datetime"),
    ("submitted_at", "2026-02-30T19:00:00Z", "submitted_at", "datetime"),
    ("submitted_at", "1989-12-31T23:59:59Z", "submitted_at", "datetime"),
    ("submitted_at", "2101-01-01T00:00:00Z", "submitted_at", "datetime"),
    ("submitted_at", "٢٠٢٦-11-22T19:00:00Z", "submitted_at", "datetime"),
    ("submitted_at", 1_763_838_000, "submitted_at", "datetime"),
    ("submitted_at", True, "submitted_at", "datetime"),
    ("client", "x", "client", "object"),
    ("client.ip", "192.0.2.256", "client.ip", "ip"),
    ("client.ip", "fe80::1%eth0", "client.ip", "ip"),
    ("client.ip", "", "client.ip", "ip"),
    ("client.user_agent", "a" * 1001, "client.user_agent", "too_long"),
    ("client.referrer", "\x00", "client.referrer", "nul"),
    ("status", "approved", "status", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "field", "code"), FAULTY, ids=[f"{row[0]}-{n}" for n, row in enumerate(FAULTY)]
)
def test_a_fault_names_its_field_and_shows_no_value(path, value, field, code):
    (fault,) = faults_of(changed(path, value))
    assert (fault.field, fault.code) == (field, code)
    assert fault.message
    if isinstance(value, str) and len(value) > 3:
        assert value not in fault.message


@pytest.mark.parametrize("missing", ["article", "author", "body", "article.url", "author.name"])
def test_what_is_required_is_asked_for(missing):
    (fault,) = faults_of(changed(missing, missing=True))
    assert (fault.field, fault.code, fault.message) == (missing, "missing", "is required")


def test_every_fault_is_told_at_once_up_to_a_bound():
    value = changed("body", " ") | {"id": "a b", "submitted_at": "now"}
    assert [one.field for one in faults_of(value)] == ["id", "body", "submitted_at"]
    assert len(faults_of(FULL | {f"x{n}": 1 for n in range(1000)})) == 50


def test_an_unknown_field_that_could_be_an_address_is_not_named():
    (fault,) = faults_of(changed("author", {"name": "Ada", "ada@example.org": 1}))
    assert (fault.field, fault.code) == ("author.(unknown)", "unknown")
    assert "ada@" not in fault.message


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[", b"\xff\xfe", b"nul", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}", b"{'a': 1}"]
)
def test_what_is_no_json_or_no_object_is_refused(raw):
    with pytest.raises(Invalid) as refused:
        read_submission(parsed(raw), Source.IMPORT)
    (fault,) = refused.value.faults
    assert (fault.field, fault.code) in (("", "malformed"), ("", "object"))
    for value in (None, [], 5, "text", [FULL]):
        (fault,) = faults_of(value)
        assert (fault.field, fault.code) == ("", "object")


@pytest.mark.parametrize(
    "body", ["a", "a" * 20_000, "😀" * 20_000, "\ufeffa", "עברית", "\u202etxet", "<script>", "a\r\nb"]
)
def test_any_text_within_bounds_is_taken_as_it_is(body):
    assert read_submission(changed("body", body), Source.API).body == body


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T19:00:00Z",
        "2026-11-22t19:00:00z",
        "1990-01-01T00:00:00.123456789+14:00",
        "2100-12-31T23:59:59-12:00",
    ],
)
def test_moments_of_rfc_3339_are_read(moment):
    assert read_submission(changed("submitted_at", moment), Source.API).submitted_at is not None


def test_what_was_given_prints_empty():
    given = SubmissionGiven.model_validate(FULL)
    read = read_submission(FULL, Source.API)
    for shown in (repr(given), str(given), repr(given.author), f"{given.client}", repr(read), str(read)):
        assert "ada@" not in shown
        assert "At last" not in shown
        assert "192.0.2.77" not in shown


def test_the_schema_tells_the_bounds():
    schema = SubmissionGiven.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["body"]["maxLength"] == 20_000
    assert schema["required"] == ["article", "author", "body"]
