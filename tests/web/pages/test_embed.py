"""The script for static pages: small, open to every page, and fresh within minutes."""

from __future__ import annotations

import gzip

import pytest

from service.enrolment import enrol_site
from tests.web.pages.house import Small


@pytest.mark.parametrize("name", ["embed.js", "embed.css"])
def test_it_is_small_and_open(small: Small, name: str) -> None:
    """At most ten kilobytes on the wire, readable from any page, kept for five minutes, and without a cookie."""
    answer = small.app.test_client().get(f"/{name}")
    assert answer.status_code == 200
    assert len(gzip.compress(answer.data)) < 10_000
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers


def test_a_form_is_given_for_pages_of_the_site_alone(small: Small) -> None:
    """A ticket for an article of its own, a refusal for another's; nothing caches a ticket."""
    enrol_site(small.parts, "embedded", "https://embedded.example")
    client = small.app.test_client()
    answer = client.get("/sites/embedded/form?article_url=https://embedded.example/a")
    assert answer.json is not None
    assert set(answer.json) == {"ticket", "email_required"}
    assert (answer.headers["Cache-Control"], answer.headers["Access-Control-Allow-Origin"]) == (
        "no-store",
        "*",
    )
    assert client.get("/sites/embedded/form?article_url=https://other.example/a").status_code == 400
    assert client.get("/sites/nobody/form?article_url=https://other.example/a").status_code == 404
