"""The reply form: what it shows, what it takes, and that a reader's text is never lost and an address never shown."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from service.domain.comment import Article
from service.domain.options import Options
from service.domain.status import Status
from service.web import create_app
from tests.factories import ADDRESS
from tests.web.pages.browser import Browser

PROMISE = "Your email address will not be published. Required fields are marked *"
BRIDGE = "https://courier.example/bridge"
URL = f"/sites/courier/reply?article_url={quote(BRIDGE, safe='')}"
TYPED = {"comment": "A fine bridge.", "name": "Ada", "email": ADDRESS, "website": ""}


def fill(page, **typed):
    return page.tree.one("form", id="reply-form").fields() | TYPED | typed


def post(small, **typed):
    """Open the form, take a little time, fill it in and send it."""
    browser = small.browser()
    page = browser.get(URL)
    small.clock.pass_seconds(9)
    return browser.post(URL, fill(page, **typed))


def test_the_form_makes_the_promise_word_for_word(small):
    paragraph = small.browser().get(URL).tree.one("p", class_="promise")
    assert paragraph.children == [PROMISE]


def test_every_field_has_its_label_and_required_ones_their_mark(small):
    form = small.browser().get(URL).tree.one("form", id="reply-form")
    for name, mark in (("comment", " *"), ("name", " *"), ("email", " *"), ("website", "")):
        label = form.one("label", for_=f"reply-{name}")
        (box,) = form.all("input", name=name) + form.all("textarea", name=name)
        assert label.text == name.capitalize() + mark
        assert ("required" in box.attributes) is bool(mark)
    assert form.one("input", name="email").attributes["autocomplete"] == "email"
    assert form.one("input", name="name").attributes["autocomplete"] == "name"


def test_a_site_may_do_without_addresses(small):
    with small.context.deps.store.write() as tx:
        tx.sites.save(replace(small.courier, email_required=False))
    label = small.browser().get(URL).tree.one("label", for_="reply-email")
    assert label.text == "Email"
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


def test_line_breaks_are_kept_as_one_character(small):
    post(small, comment="One.\r\n\r\nTwo.")
    assert small.comments()[0].body == "One.\n\nTwo."


def test_a_website_without_its_scheme_is_understood(small):
    post(small, website="ada.example/about")
    assert small.comments()[0].website == "https://ada.example/about"


def test_a_filled_trap_is_a_signal_and_no_silent_drop(small):
    assert post(small, topic="buy").status == 303
    assert small.comments()[0].signals == {"fill_seconds": 9.0, "honeypot": True}


def test_a_double_click_makes_one_comment(small):
    browser = small.browser()
    sent = fill(browser.get(URL))
    first, second = browser.post(URL, sent), browser.post(URL, sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(small.comments()) == 1


def test_another_text_from_a_used_page_is_asked_about(small):
    browser = small.browser()
    sent = fill(browser.get(URL))
    browser.post(URL, sent)
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
        ("name", "", "Give your name, or the name you write under."),
        ("name", "  ", "Give your name, or the name you write under."),
        ("name", "n" * 201, "Shorten your name to 200 characters."),
        ("name", "A\0", "Your name holds a character that cannot be kept; take it out."),
        ("email", "", "Give your email address; it will not be published."),
        ("email", "nope", "Give an email address such as name@example.org."),
        ("email", "a@b@c.org", "Give an email address such as name@example.org."),
        ("email", "a" * 400 + "@example.org", "Give an email address such as name@example.org."),
        ("website", "not a url", "Give a web address such as https://example.org, or leave this empty."),
        (
            "website",
            "javascript:alert(1)",
            "Give a web address such as https://example.org, or leave this empty.",
        ),
        (
            "website",
            "ftp://example.org",
            "Give a web address such as https://example.org, or leave this empty.",
        ),
        (
            "website",
            "https://e.org/" + "x" * 2000,
            "Give a web address such as https://example.org, or leave this empty.",
        ),
    ],
)
def test_a_fault_is_named_at_its_field_and_the_text_is_kept(small, field, value, sentence):
    answer = post(small, **{field: value})
    assert answer.status == 422
    form = answer.tree.one("form", id="reply-form")
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


def test_an_address_is_asked_for_once_more_only_where_it_was_given(small):
    again = "Please give it once more"
    assert again in post(small, name="").text
    assert again not in post(small, email="").text
    assert again not in small.browser().get(URL).text


def test_all_faults_are_named_at_once_in_the_forms_order(small):
    answer = post(small, comment="", name="", email="", website="")
    links = answer.tree.one("div", role="alert").all("a")
    assert [link.attributes["href"] for link in links] == ["#reply-comment", "#reply-name", "#reply-email"]


def test_a_form_that_was_open_for_days_is_shown_again_with_its_text(small):
    browser = small.browser()
    page = browser.get(URL)
    small.clock.pass_seconds(25 * 3600)
    asked = browser.post(URL, fill(page))
    assert asked.status == 409
    assert "This page was open for more than a day" in asked.text
    assert asked.tree.one("textarea").text.strip() == "A fine bridge."
    assert (
        browser.post(URL, asked.tree.one("form", id="reply-form").fields() | {"email": ADDRESS}).status == 303
    )
    assert small.comments()[0].signals["fill_seconds"] == 25 * 3600


def test_a_flood_is_slowed_and_the_text_kept(small):
    with small.context.deps.store.write() as tx:
        tx.sites.save(replace(small.courier, options=Options(form_per_minute=1)))
    for n in range(10):
        assert post(small, comment=f"Bridge number {n}.").status == 303
    answer = post(small, comment="A bridge too far.")
    assert answer.status == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "A bridge too far." in answer.html
    assert len(small.comments()) == 10


@pytest.mark.parametrize("ticket", ["", "x", "A" * 2000, "é", "AAAA.BBBB"])
def test_a_forged_ticket_is_refused_and_the_text_kept(small, ticket):
    answer = post(small, ticket=ticket)
    assert answer.status == 409
    assert "This form could not be recognised" in answer.text
    assert not small.comments()
    assert (
        small.browser()
        .post(URL, answer.tree.one("form", id="reply-form").fields() | {"email": ADDRESS})
        .status
        == 303
    )


def test_a_ticket_serves_its_own_article_alone(small):
    ticket = fill(small.browser().get(URL))["ticket"]
    other = URL.replace("bridge", "library")
    assert small.browser().post(other, TYPED | {"ticket": ticket}).status == 409
    herald = "/sites/herald/reply?article_url=https://herald.example/bridge"
    assert small.browser().post(herald, TYPED | {"ticket": ticket}).status == 409


@pytest.mark.parametrize(
    "url",
    [
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
    ],
)
def test_only_the_sites_own_articles_have_a_form(small, url):
    target = f"/sites/courier/reply?article_url={quote(url, safe='')}"
    for answer in (small.browser().get(target), small.browser().post(target, TYPED)):
        assert answer.status == 400
        assert "Which article?" in answer.text
    assert "evil" not in answer.html


def test_an_address_in_the_articles_query_is_in_no_form(small):
    browser = small.browser()
    url = f"/sites/courier/reply?article_url={quote(BRIDGE + '?mail=ada%40mail.example', safe='')}"
    assert "mail.example" not in browser.get(url).html
    assert "mail.example" not in browser.get(URL).html


def test_www_is_the_same_site(small):
    assert small.browser().get("/sites/courier/reply?article_url=https://www.courier.example/a").status == 200


@pytest.mark.parametrize("name", ["nowhere", "Courier", "%00", "x" * 500, "%F0%9F%92%A9"])
def test_an_unknown_site_is_not_found(small, name):
    assert small.browser().get(f"/sites/{name}/reply?article_url={BRIDGE}").status == 404


def test_an_answer_names_what_it_answers(small):
    parent = small.approved(author_name="Bo")
    browser = small.browser()
    page = browser.get(f"{URL}&parent_id={parent.id}")
    assert "Replying to Bo." in page.text
    assert browser.post(URL, fill(page)).status == 303
    assert small.comments()[-1].parent_id == parent.id


def test_an_unseen_comment_cannot_be_answered(small):
    parent = small.held(author_name="Secret Bo")
    browser = small.browser()
    page = browser.get(f"{URL}&parent_id={parent.id}")
    assert "Yours will stand on its own" in page.text
    assert "Secret" not in page.html
    browser.post(URL, fill(page) | {"parent_id": parent.id})
    assert small.comments()[-1].parent_id is None


def test_a_comment_under_another_article_cannot_be_answered_here(small):
    parent = small.approved(author_name="Bo", article=Article("https://courier.example/library"))
    assert "Yours will stand on its own" in small.browser().get(f"{URL}&parent_id={parent.id}").text


def test_a_monstrous_form_is_refused_before_it_is_read(small):
    assert post(small, comment="x" * 2_000_000).status == 413
    assert not small.comments()


NAUGHTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "</textarea><script>alert(1)</script>",
    "\u202eright to left\u202c",
    "Z\u0351\u036b\u0343\u036a\u0302a\u0336l\u0321g\u0322o\u0323",
    "\ud7ff\ue000\ufdd0\uffff",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "%s%d%n {0} $HOME",
    "\r\nSet-Cookie: a=b",
    "' OR 1=1 --",
    "\x01\x02\x7f\x85",
]


@pytest.mark.parametrize("naughty", NAUGHTY)
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


def test_the_form_is_kept_in_no_cache(small):
    assert Browser(small.app.test_client()).get(URL).headers["Cache-Control"] == "no-store"


def test_what_comes_by_the_form_is_counted_and_timed(small):
    small.app = create_app(small.context)
    assert post(small).status == 303
    told = small.app.test_client().get("/metrics").text
    assert 'replydesk_submissions_total{outcome="new",source="form"} 1.0' in told
    assert 'replydesk_accept_seconds_count{source="form"} 1.0' in told
