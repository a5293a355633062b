"""Reading a site's own webhook: pointers find their fields, and whatever the webhook holds, nothing breaks."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.json_pointers import FIELDS, at, read_map
from service.usecases.inbound_mapping import mapped

GHOST = {
    "comment": {
        "current": {
            "id": 4711,
            "html": "<p>I like <b>it</b> &amp; you</p>",
            "created_at": "2026-11-22T19:00:00.000Z",
            "member": {"name": "Ada", "email": "ada@mail.example"},
            "post": {"url": "https://courier.example/bridge", "title": "The bridge"},
            "tags": [{"a/b": 1}, {"m~n": 2}],
        }
    }
}
PLACES = {
    "id": "/comment/current/id",
    "body_html": "/comment/current/html",
    "submitted_at": "/comment/current/created_at",
    "author.name": "/comment/current/member/name",
    "author.email": "/comment/current/member/email",
    "article.url": "/comment/current/post/url",
    "article.title": "/comment/current/post/title",
    "parent_id": "/comment/current/parent/id",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_a_webhook_is_read_by_its_pointers():
    assert read_map("  ") == ()
    assert mapped(GHOST, read_map(json.dumps(PLACES))) == {
        "id": "4711",
        "article": {"url": "https://courier.example/bridge", "title": "The bridge"},
        "author": {"name": "Ada", "email": "ada@mail.example"},
        "body": "I like it & you",
        "submitted_at": "2026-11-22T19:00:00Z",
    }


def test_pointers_follow_their_standard():
    assert at(GHOST, "/comment/current/tags/0/a~1b") == 1
    assert at(GHOST, "/comment/current/tags/1/m~0n") == 2
    for nowhere in ("tags/2", "tags/-", "tags/00", "tags/-1", "id/0", "html/0", "no/such/thing"):
        assert at(GHOST, f"/comment/current/{nowhere}") is None


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (1795374000, "2026-11-22T19:00:00Z"),
        (1795374000000, "2026-11-22T19:00:00Z"),
        ("2026-11-22 19:00:00", "2026-11-22T19:00:00Z"),
        ("2026-11-22T20:00:00+01:00", "2026-11-22T19:00:00Z"),
        ("yesterday", None),
        (True, None),
        (1e300, None),
        pytest.param(10**400, None, id="a number beyond all bounds"),
        pytest.param(-(10**400), None, id="and its opposite"),
        ([], None),
    ],
)
def test_times_are_read_as_sites_write_them(told, read):
    made = mapped({"t": told}, (("submitted_at", "/t"),))
    assert made.get("submitted_at") == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSON object"),
        ("[]", "JSON object"),
        ('{"nobody": "/a"}', "no submission has"),
        ('{"body": "a"}', "begins with /"),
        ('{"body": 7}', "begins with /"),
        (json.dumps({"body": "/" * 21}), "steps"),
        (json.dumps({"body": "/" + "a" * 500}), "begins with /"),
        ('{"body": "/a"}', "article.url"),
        ("[" * 100_000, "JSON object"),
        ('{"body": "/\\ud800"}', "cannot be read"),
        ('{"body": "/a\\u0000"}', "cannot be read"),
        ('{"body": "/a~2"}', "~0 or ~1"),
    ],
)
def test_a_map_that_cannot_work_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        read_map(text)


@pytest.mark.parametrize(
    ("told", "read"),
    [(True, True), (1, True), ("true", True), (False, False), (0, False), ("editor", False), ([], False)],
)
def test_a_webhook_may_say_who_is_of_the_staff(told, read):
    places = (("author.name", "/n"), ("author.staff", "/s"))
    assert mapped({"n": "Ada", "s": told}, places) == {"author": {"name": "Ada", "staff": read}}


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_what_is_empty_is_not_there(empty):
    webhook = {"n": "Ada", "w": empty, "p": 0, "i": 0}
    places = (("author.name", "/n"), ("author.email", "/w"), ("id", "/i"), ("parent_id", "/p"))
    assert mapped(webhook, places) == {"author": {"name": "Ada"}, "id": "0"}
    assert mapped(webhook | {"p": "0"}, places[3:]) == {}


@pytest.mark.parametrize(("told", "read"), [("", {"website": None}), (" ", {"website": None}), (None, {})])
def test_an_empty_website_is_taken_away(told, read):
    places = (("author.name", "/n"), ("author.website", "/w"))
    assert mapped({"n": "Ada", "w": told}, places) == {"author": {"name": "Ada", **read}}


@settings(deadline=None)
@given(JSON)
def test_no_webhook_breaks_it(value):
    mapped(value, tuple((field, "/a/0") for field in FIELDS))
    mapped({"a": [value]}, tuple((field, "/a/0") for field in FIELDS))
