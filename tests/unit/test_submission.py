"""A submission's fields: what is taken, what is refused with the field's name, and that no value is ever shown."""

import json
from datetime import UTC, datetime

import pytest

from service.domain.comment import Source
from service.domain.errors import Invalid
from service.importers.jsonl import parsed
from service.privacy.sealing import Address
from service.usecases.archived import read_archived
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
    ("id", "pattern", ["", "a b", "ä", "a\n", "a" * 129]),
    ("id", "text", [7]),
    ("parent_id", "pattern", ["a/b"]),
    ("body", "blank", ["", " \t\n\u3000"]),
    ("body", "too_long", ["a" * 20_001]),
    ("body", "nul", ["a\x00b"]),
    ("body", "unicode", ["\ud800"]),
    ("body", "text", [None, ["a"], True]),
    ("author", "object", ["Ada", None]),
    ("author.name", "blank", [" "]),
    ("author.name", "too_long", ["a" * 201]),
    ("author.name", "nul", ["a\x00"]),
    ("author.name", "unicode", ["\udfff"]),
    ("author.email", "email", ["nobody", "a@b", "a@b@c.example", "a" * 400 + "@c.example", ""]),
    ("author.email", "email", ["\ud800@c.example", "a\x00@c.example"]),
    ("author.email", "text", [5]),
    ("author.website", "url", ["", "ada.example", "javascript:alert(1)"]),
    ("author.website", "too_long", ["https://a.example/" + "a" * 2000]),
    ("author.phone", "unknown", ["1"]),
    ("article", "object", [[]]),
    ("article.url", "url", ["https://a.example/ada%40c.example", "ftp://a.example"]),
    ("article.url", "url", ["https://a.example:99999/", "https://a.example/\x00"]),
    ("article.url", "text", [5]),
    ("article.title", "too_long", ["a" * 501]),
    ("article.published_at", "datetime", ["yesterday"]),
    ("submitted_at", "datetime", ["2025-11-22", "2025-11-22T19:00:00", "2026-02-30T19:00:00Z"]),
    ("submitted_at", "datetime", ["1989-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "٢٠٢٦-11-22T19:00:00Z"]),
    ("submitted_at", "datetime", [1_763_838_000, True]),
    ("client", "object", ["x"]),
    ("client.ip", "ip", ["192.0.2.256", "fe80::1%eth0", ""]),
    ("client.user_agent", "too_long", ["a" * 1001]),
    ("client.referrer", "nul", ["\x00"]),
    ("status", "unknown", ["approved"]),
]


@pytest.mark.parametrize(("field", "code", "values"), FAULTY)
def test_a_fault_names_its_field_and_shows_no_value(field, code, values):
    for value in values:
        (fault,) = faults_of(changed(field, value))
        assert (fault.field, fault.code) == (field, code)
        assert fault.message
        assert not isinstance(value, str) or len(value) <= 3 or value not in fault.message


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
        read_archived(parsed(raw))
    (fault,) = refused.value.faults
    assert (fault.field, fault.code) in (("", "malformed"), ("", "object"))
    for value in (None, [], 5, "text", [FULL]):
        (fault,) = faults_of(value)
        assert (fault.field, fault.code) == ("", "object")


BODIES = ["a", "a" * 20_000, "😀" * 20_000, "\ufeffa", "עברית", "\u202etxet", "<script>", "a\r\nb"]
MOMENTS = """
2026-11-22T19:00:00Z 2026-11-22t19:00:00z 1990-01-01T00:00:00.123456789+14:00 2100-12-31T23:59:59-12:00
"""


def test_any_text_within_bounds_and_any_moment_of_rfc_3339_is_taken():
    assert [read_submission(changed("body", body), Source.API).body for body in BODIES] == BODIES
    for moment in MOMENTS.split():
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
