"""The script for static pages: small, open to every page, and fresh within minutes."""

import gzip
import re

import pytest

from service.usecases.sites import enrol_site
from tests.web.pages.installation import catalog


@pytest.mark.parametrize("name", ["embed.js", "embed.css"])
def test_it_is_small_and_open(small, name):
    answer = small.app.test_client().get(f"/{name}")
    assert answer.status_code == 200
    assert len(gzip.compress(answer.data)) < 10_000
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers


def test_a_form_is_given_for_pages_of_the_site_alone(small):
    enrol_site(small.context, "embedded", "https://embedded.example")
    client = small.app.test_client()
    answer = client.get("/sites/embedded/form?article_url=https://embedded.example/a")
    assert answer.json is not None
    assert set(answer.json) == {"ticket", "email_required"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/sites/embedded/form?article_url=https://other.example/a").status_code == 400
    assert client.get("/sites/nobody/form?article_url=https://other.example/a").status_code == 404


def test_it_says_what_the_pages_say(small):
    script = small.app.test_client().get("/embed.js").get_data(as_text=True)
    english, german = (
        dict(re.findall(r"^ {6}(\w+): '([^']*)',?$", part, re.MULTILINE))
        for part in re.findall(r"^ {4}(?:en|de): \{$(.*?)^ {4}\}", script, re.MULTILINE | re.DOTALL)
    )
    assert english.keys() == german.keys()
    assert english["promise"] == "Your email address will not be published. Required fields are marked *"
    known = {one.id: one.string for one in catalog() if isinstance(one.id, str)}
    asked = {name: known[said] for name, said in english.items() if said in known}
    assert len(asked) > 8
    assert asked == {name: german[name] for name in asked}
