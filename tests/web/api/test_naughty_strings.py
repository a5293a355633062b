"""Naughty strings in every text field: each is stored as it was or refused by its field, and nothing breaks."""

import copy
import json
import re

import pytest

from service.domain.clean_text import cleaned, cleaned_line
from tests.web.api.caller import ARTICLE, problem, submission
from tests.web.api.naughty import STRINGS

FIELDS = (
    "id", "parent_id", "body", "submitted_at", "author.name", "author.email", "author.website",
    "article.url", "article.title", "article.published_at", "client.ip", "client.user_agent", "client.referrer",
)  # fmt: skip
SPOILS = re.compile(r"[\x01-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|[\u0300-\u036f\u0489\u0e31-\u0e4e]{4}")
"""What may be taken out of a text or a name: controls, breaks, overridden directions, piles of marks."""
KEPT = {"body": "body", "author.name": "name"}


def with_field(number, field, text):
    """A submission in which one field is the string."""
    given = copy.deepcopy(submission(id=f"n-{number}", client={}))
    *path, last = field.split(".")
    inner = given
    for step in path:
        inner = inner[step]
    inner[last] = text
    return given


@pytest.mark.parametrize("field", FIELDS)
def test_no_string_breaks_a_field(newsroom, field):
    results = newsroom.post_batch(*(with_field(n, field, text) for n, text in enumerate(STRINGS)))
    for text, result in zip(STRINGS, results, strict=True):
        if result["code"] in (200, 202):
            look_at_stored(newsroom, field, text, result["id"])
        else:
            assert result["code"] == 422
            assert [fault["field"] for fault in result["problem"]["errors"]] == [field]
            assert len(text) < 8 or text not in json.dumps(result, ensure_ascii=False)


def look_at_stored(newsroom, field, text, comment_id):
    """Read a comment back; where no contact was masked, name and text are as they were sent."""
    if field in KEPT:
        shown = newsroom.get(f"/v1/comments/{comment_id}")
        assert shown.status_code == 200
        stored = shown.json[KEPT[field]]
        written = text.replace("⟦", "〚").replace("⟧", "〛")  # our own signs are not a reader's to write
        kept = cleaned_line(written) if field == "author.name" else cleaned(written)
        assert stored == kept or "⟦" in stored
        assert kept == written or SPOILS.search(written)


def test_strings_survive_the_real_stores(real_newsroom):
    results = real_newsroom.post_batch(*(with_field(n, "body", text) for n, text in enumerate(STRINGS)))
    accepted = [result["id"] for result in results if result["code"] == 202]
    assert len(accepted) > 80
    for comment_id in accepted[::7]:
        look_at_stored(real_newsroom, "body", STRINGS[int(comment_id[2:])], comment_id)


def test_no_string_breaks_an_address_or_header(newsroom):
    for text in [text for text in STRINGS if 0 < len(text) < 2000]:
        raw = text.encode("utf-8", "surrogatepass")
        quoted = "".join(f"%{byte:02X}" for byte in raw)
        header = "".join(chr(byte) for byte in raw if byte not in (10, 13, 0))
        published = f"/v1/sites/courier/published?article_url={ARTICLE}"
        answers = [
            newsroom.post(key=None, headers={"Authorization": f"Bearer {header}"}),
            newsroom.get(f"/v1/comments/{quoted}"),
            newsroom.get(f"/{quoted}"),
            newsroom.get(f"/v1/comments?article={quoted}&after={quoted}&status={quoted}"),
            newsroom.call("GET", f"/v1/sites/courier/published?article_url={quoted}", None),
            newsroom.call("POST", f"/v1/sites/{quoted}/inbound", None, json={}),
            newsroom.post(headers={"Idempotency-Key": header, "Prefer": header, "X-Request-Id": header}),
            newsroom.get(
                "/v1/comments", headers=dict.fromkeys(("Accept", "If-None-Match", "Cookie"), header)
            ),
            newsroom.call("GET", published, None, headers={"If-None-Match": header}),
        ]
        assert all(answer.status_code < 500 for answer in answers), [answer.status for answer in answers]
        problem(answers[0], 401, "unauthorized")
