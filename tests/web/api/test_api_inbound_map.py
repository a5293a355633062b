"""A site's own webhook comes in: its fields by pointer, signed or with the site's key, within all others' bounds."""

import json

import pytest

from service.usecases.sites import tune_site
from service.webhooks import signing

PATH = "/v1/sites/courier/inbound"
PLACES = {
    "id": "/comment/number",
    "body_html": "/comment/html",
    "author.name": "/comment/by/name",
    "author.email": "/comment/by/mail",
    "article.url": "/page",
}
HOOK = {
    "event": "comment.added",
    "page": "https://courier.example/bridge",
    "comment": {"number": 7, "html": "I <b>like</b> it.", "by": {"name": "Ada", "mail": "ada@mail.example"}},
}


@pytest.fixture
def mapped(newsroom):
    """A newsroom whose courier sends webhooks of its own."""
    tune_site(newsroom.context, "courier", {"inbound_map": json.dumps(PLACES)})
    return newsroom


def test_a_webhook_of_its_own_is_a_comment(mapped):
    first, second = (mapped.call("POST", PATH, json=HOOK) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    stored = mapped.comment("7")
    assert (stored.body, stored.author_name, stored.source) == ("I like it.", "Ada", "inbound")
    assert stored.author_key


def test_a_signature_counts_before_a_key(mapped):
    raw = json.dumps(HOOK).encode()
    now = int(mapped.clock().timestamp())
    headers = signing.sign([mapped.courier.inbound_secret], "msg_1", now, raw)
    more = {"data": raw, "content_type": "application/json"}
    assert mapped.call("POST", PATH, None, headers=headers, **more).status_code == 202
    headers["webhook-signature"] = "v1,AAAA"
    assert mapped.call("POST", PATH, headers=headers, **more).status_code == 401


def test_only_the_sites_own_key_opens_it(mapped):
    assert mapped.call("POST", PATH, None, json=HOOK).status_code == 401
    assert mapped.call("POST", PATH, mapped.herald.key, json=HOOK).status_code == 401
    assert mapped.call("POST", "/v1/sites/herald/inbound", mapped.herald.key, json=HOOK).status_code == 401


def test_faults_are_named_by_our_fields(mapped):
    answer = mapped.call("POST", PATH, json={"page": "no address", "comment": {"html": ["x"]}})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json["errors"]} == {"article.url", "author", "body"}
