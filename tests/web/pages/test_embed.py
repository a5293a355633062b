"""The script for static pages: small, open to every page, and fresh within minutes."""

import gzip
import re

import pytest

from service.usecases.sites import enrol_site
from tests.web.pages.installation import catalog
from tests.web.pages.reply import BRIDGE, TYPED, URL


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


SCRIPT = {"Accept": "application/json", "Origin": "https://courier.example"}


def sent_by_script(small, headers=SCRIPT, **typed):
    """What the script is answered when it sends the form."""
    client = small.app.test_client()
    ticket = client.get(f"/sites/courier/form?article_url={BRIDGE}").json["ticket"]
    small.clock.pass_seconds(9)
    return client.post(URL, data=TYPED | {"ticket": ticket} | typed, headers=headers)


def test_a_script_is_told_how_the_comment_stands_until_it_is_published(small):
    answer = sent_by_script(small)
    told = answer.json
    assert (answer.status_code, told["state"], told["text"]) == (201, "pending", "It is being checked.")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://courier.example"
    assert answer.headers["Cache-Control"] == "no-store"
    assert told["receipt"].startswith("/r/")
    client = small.app.test_client()
    assert client.get(told["ask"], headers=SCRIPT).status_code == 204
    (comment,) = small.rows(lambda tx: tx.comments.page(small.courier.id).comments)
    small.settle(comment)
    later = client.get(told["ask"], headers=SCRIPT)
    assert (later.json["state"], later.json["look_again"]) == ("published", None)
    assert later.json["comment"]["body"] == "A fine bridge."
    assert "mail.example" not in later.get_data(as_text=True)


def test_a_script_is_told_what_is_wrong_with_a_form_and_gets_a_ticket(small):
    answer = sent_by_script(small, comment=" ", email="nobody")
    assert answer.status_code == 422
    assert answer.json["faults"] == {
        "comment": "Write your comment.",
        "email": "Give an email address such as name@example.org.",
    }
    again = small.app.test_client().post(URL, data=TYPED | {"ticket": answer.json["ticket"]}, headers=SCRIPT)
    assert again.status_code == 201
    assert (
        sent_by_script(small, ticket="forged").json["line"].startswith("This form could not be recognised.")
    )


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://courier.example.evil.example", ""]
)
def test_pages_of_other_sites_cannot_read_what_a_script_is_told(small, origin):
    answer = sent_by_script(small, SCRIPT | {"Origin": origin})
    assert answer.status_code == 201
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    asked = small.app.test_client().get(answer.json["ask"], headers=SCRIPT | {"Origin": origin})
    assert "Access-Control-Allow-Origin" not in asked.headers


def test_a_browser_that_sends_the_form_is_led_to_the_receipt(small):
    answer = sent_by_script(small, {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, "/r/" in answer.headers["Location"]) == (303, True)
