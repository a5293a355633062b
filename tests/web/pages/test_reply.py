"""The reply form: what it shows, what it takes, and that a reader's text is never lost and an address never shown."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from service.domain.comment import Article
from service.domain.options import Options
from service.domain.status import Status
from service.web import create_app
from tests.factories import ADDRESS
from tests.web.api.naughty import STRINGS
from tests.web.pages.reply import BRIDGE, TYPED, URL, fill, form_of, post

NO_NAME = "Give your name, or the name you write under."
NO_ADDRESS = "Give an email address such as name@example.org."
NO_WEBSITE = "Give a web address such as https://example.org, or leave this empty."
PROMISE = "Your email address will not be published. Required fields are marked *"


def test_the_form_makes_its_promise_and_labels_its_fields(small):
    page = small.browser().get(URL)
    form = form_of(page)
    for name, mark in (("comment", " *"), ("name", " *"), ("email", " *"), ("website", "")):
        label = form.one("label", for_=f"reply-{name}")
        (box,) = form.all("input", name=name) + form.all("textarea", name=name)
        assert label.text == name.capitalize() + mark
        assert ("required" in box.attributes) is bool(mark)
    for name in ("email", "name"):
        assert form.one("input", name=name).attributes["autocomplete"] == name
    assert page.tree.one("p", class_="promise").children == [PROMISE]
    assert page.headers["Cache-Control"] == "no-store"
    with_address = small.browser().get(URL.replace("bridge", "bridge%3Fmail%3Dada%2540mail.example"))
    assert (with_address.status, "mail.example" in with_address.html) == (200, False)
    assert small.browser().get(URL.replace("courier.example", "www.courier.example")).status == 200


def test_a_site_may_do_without_addresses(small):
    with small.deps.store.write() as tx:
        tx.sites.save(replace(small.courier, email_required=False))
    assert small.browser().get(URL).tree.one("label", for_="reply-email").text == "Email"
    assert post(small, email="").status == 303


def test_a_comment_ends_on_its_receipt(small):
    answer = post(small)
    (comment,) = small.comments()
    assert (answer.status, comment.status, comment.body) == (303, Status.PENDING, "A fine bridge.")
    assert comment.signals == {"fill_seconds": 9.0}
    assert answer.headers["Location"].startswith("/r/")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    receipt = small.browser().get(answer.headers["Location"])
    assert receipt.status == 200
    assert "Your comment has arrived" in receipt.text
    assert "example.org" not in receipt.html


def test_what_was_typed_is_understood(small):
    """A website without its scheme, other ends of lines, and a filled trap, which is a signal and no silent drop."""
    assert post(small, comment="One.\r\n\r\nTwo.", website="ada.example/about", topic="buy").status == 303
    (comment,) = small.comments()
    assert (comment.body, comment.website) == ("One.\n\nTwo.", "https://ada.example/about")
    assert comment.signals == {"fill_seconds": 9.0, "honeypot": True}


def test_a_page_that_was_used_posts_its_text_once_and_another_when_asked(small):
    browser = small.browser()
    sent = fill(browser.get(URL))
    first, second = browser.post(URL, sent), browser.post(URL, sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(small.comments()) == 1
    asked = browser.post(URL, sent | {"comment": "Another one."})
    assert asked.status == 409
    assert "You have posted from this page before" in asked.text
    again = fill(asked) | {"comment": asked.tree.one("textarea").text.strip()}
    assert browser.post(URL, again).status == 303
    assert [comment.body for comment in small.comments()] == ["A fine bridge.", "Another one."]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("comment", "", "Write your comment."),
        ("comment", " \n\t ", "Write your comment."),
        ("comment", "x" * 20_001, "Shorten your comment to 20,000 characters."),
        ("comment", "a\0b", "Your comment holds a character that cannot be kept; take it out."),
        ("name", "", NO_NAME),
        ("name", "  ", NO_NAME),
        ("name", "n" * 201, "Shorten your name to 200 characters."),
        ("name", "A\0", "Your name holds a character that cannot be kept; take it out."),
        ("email", "", "Give your email address; it will not be published."),
        ("email", "nope", NO_ADDRESS),
        ("email", "a@b@c.org", NO_ADDRESS),
        ("email", "a" * 400 + "@example.org", NO_ADDRESS),
        ("website", "not a url", NO_WEBSITE),
        ("website", "javascript:alert(1)", NO_WEBSITE),
        ("website", "ftp://example.org", NO_WEBSITE),
        ("website", "https://e.org/" + "x" * 2000, NO_WEBSITE),
    ],
)
def test_a_fault_is_named_at_its_field_and_the_text_is_kept(small, field, value, sentence):
    answer = post(small, **{field: value})
    assert answer.status == 422
    form = form_of(answer)
    (link,) = form.one("div", role="alert").all("a")
    assert (link.text, link.attributes["href"]) == (sentence, f"#reply-{field}")
    (box,) = form.all("input", name=field) + form.all("textarea", name=field)
    assert box.attributes["aria-invalid"] == "true"
    told = form.one("p", id=box.attributes["aria-describedby"].split()[-1])
    assert told.text == f"Error: {sentence}"
    assert answer.tree.one("title").text.startswith("Error: ")
    shown = {name: form.fields()[name] for name in TYPED}
    assert shown == TYPED | {field: value} | {"email": ""}
    assert not small.comments()


def test_all_faults_are_named_at_once_in_the_forms_order(small):
    answer = post(small, comment="", name="", email="", website="")
    links = answer.tree.one("div", role="alert").all("a")
    assert [link.attributes["href"] for link in links] == ["#reply-comment", "#reply-name", "#reply-email"]
    again = "Please give it once more"  # an address that was given is not shown
    assert (again in post(small, name="").text, again in answer.text) == (True, False)


@pytest.mark.parametrize(
    ("seconds", "ticket", "said"),
    [
        (25 * 3600, None, "This page was open for more than a day"),
        *(
            (9, forged, "This form could not be recognised")
            for forged in ("", "x", "A" * 2000, "é", "AAAA.BBBB")
        ),
    ],
)
def test_a_form_that_is_too_old_or_forged_is_shown_again_with_its_text(small, seconds, ticket, said):
    browser = small.browser()
    page = browser.get(URL)
    small.clock.pass_seconds(seconds)
    asked = browser.post(URL, fill(page) | ({} if ticket is None else {"ticket": ticket}))
    assert (asked.status, said in asked.text, small.comments()) == (409, True, [])
    assert asked.tree.one("textarea").text.strip() == "A fine bridge."
    assert browser.post(URL, form_of(asked).fields() | {"email": ADDRESS}).status == 303
    if ticket is None:
        assert small.comments()[0].signals["fill_seconds"] == seconds


def test_a_ticket_serves_its_own_article_alone(small):
    sent = fill(small.browser().get(URL))
    for other in (URL.replace("bridge", "library"), URL.replace("courier", "herald")):
        assert small.browser().post(other, sent).status == 409


def test_a_flood_is_slowed_and_the_text_kept(small):
    with small.deps.store.write() as tx:
        tx.sites.save(replace(small.courier, options=Options(form_per_minute=1)))
    for n in range(10):
        assert post(small, comment=f"Bridge number {n}.").status == 303
    answer = post(small, comment="A bridge too far.")
    assert answer.status == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "A bridge too far." in answer.html
    assert len(small.comments()) == 10


FOREIGN = (
    "",
    "bridge",
    "/bridge",
    "javascript:alert(1)",
    "https://evil.example/bridge",
    "https://courier.example.evil.example/bridge",
    "https://evil.example/courier.example",
    "https://courier.example@evil.example/",
    "//courier.example/bridge",
    "https://courier.example/" + "x" * 2000,
    "https://courier.example/a b",
    "https://courier.example:99999/a",
    "https://[::1/a",
    "ftp://courier.example/a",
    "https://courier.example/\0",
    "https://courier.example/ada@mail.example",
)


def test_only_the_sites_own_articles_have_a_form(small):
    for url in FOREIGN:
        target = f"/sites/courier/reply?article_url={quote(url, safe='')}"
        for answer in (small.browser().get(target), small.browser().post(target, TYPED)):
            assert answer.status == 400, url
            assert "Which article?" in answer.text
            assert "evil" not in answer.html
    for name in ("nowhere", "Courier", "%00", "x" * 500, "%F0%9F%92%A9"):
        assert small.browser().get(f"/sites/{name}/reply?article_url={BRIDGE}").status == 404


def test_an_answer_names_what_it_answers(small):
    parent = small.approved(author_name="Bo")
    browser = small.browser()
    page = browser.get(f"{URL}&parent_id={parent.id}")
    assert "Replying to Bo." in page.text
    assert browser.post(URL, fill(page)).status == 303
    assert small.comments()[-1].parent_id == parent.id


@pytest.mark.parametrize("where", ["held", "another article"])
def test_what_readers_do_not_see_here_cannot_be_answered(small, where):
    there = Article("https://courier.example/library")
    hidden = small.held if where == "held" else lambda **more: small.approved(article=there, **more)
    parent, browser = hidden(author_name="Secret Bo"), small.browser()
    page = browser.get(f"{URL}&parent_id={parent.id}")
    assert "Yours will stand on its own" in page.text
    assert "Secret" not in page.html
    browser.post(URL, fill(page) | {"parent_id": parent.id})
    assert small.comments()[-1].parent_id is None


SPOILING = set("<{\r\x85\u202e\uffff\u0351👩")
NAUGHTY = [text for text in STRINGS if len(text) < 99 and set(text) & SPOILING]


@pytest.mark.parametrize("naughty", NAUGHTY, ids=range(len(NAUGHTY)))
def test_naughty_strings_break_nothing(small, naughty):
    for field in ("comment", "name", "email", "website", "ticket", "parent_id", "topic"):
        answer = post(small, **{field: naughty})
        assert answer.status in (303, 409, 422), field
        follow = small.browser().get(answer.headers["Location"]) if answer.status == 303 else answer
        assert follow.status in (200, 409, 422), field
        scripts = [script.attributes.get("src", "inline") for script in follow.tree.all("script")]
        assert all(source.startswith("/assets/") for source in scripts), field
        assert not [image for image in follow.tree.all("img") if "onerror" in image.attributes], field


def test_the_address_is_in_no_receipt_and_in_no_stored_field(small):
    browser = small.browser()
    answer = browser.post(URL, fill(browser.get(URL), comment=f"Write to {ADDRESS} or {ADDRESS.upper()}"))
    receipt = browser.get(answer.headers["Location"])
    for text in (answer.html, str(answer.headers), receipt.html, repr(small.comments())):
        assert "canary" not in text.lower()
    assert post(small, comment="x" * 2_000_000).status == 413


def test_what_comes_by_the_form_is_counted_and_timed(small):
    small.app = create_app(small.context)
    assert post(small).status == 303
    told = small.app.test_client().get("/metrics").text
    assert 'replydesk_submissions_total{outcome="new",source="form"} 1.0' in told
    assert 'replydesk_accept_seconds_count{source="form"} 1.0' in told
