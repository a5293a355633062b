"""The reply form and the demo paper in the reader's language: the browser's, or the one that the address names."""

import pytest

from service.usecases.sites import enrol_site
from tests.factories import ADDRESS
from tests.web.pages.reply import URL, form_of

ENGLISH = "Your email address will not be published. Required fields are marked *"
GERMAN = "Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert"


def promise(page):
    (said,) = page.tree.one("p", class_="promise").children
    return said


@pytest.mark.parametrize(
    ("asked", "language", "said"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de", GERMAN),
        ("fr,de;q=0.5", "de", GERMAN),
        ("en-GB,de;q=0.5", "en", ENGLISH),
        ("en;q=0.3,de-CH;q=0.8", "de", GERMAN),
        ("de;q=0,en;q=0.1", "en", ENGLISH),
        ("fr", "en", ENGLISH),
        ("", "en", ENGLISH),
        ("\x01;;q=%", "en", ENGLISH),
    ],
)
def test_the_form_speaks_as_the_browser_asks(small, asked, language, said):
    page = small.browser().get(URL, Accept_Language=asked)
    assert promise(page) == said
    assert page.tree.one("html").attributes["lang"] == language
    assert "Accept-Language" in page.headers["Vary"]


@pytest.mark.parametrize(
    ("named", "language"), [("de", "de"), ("DE-at", "de"), ("en", "en"), ("xx", "de"), ("", "de")]
)
def test_an_address_may_name_the_language(small, named, language):
    page = small.browser().get(f"{URL}&lang={named}", Accept_Language="de")
    assert page.tree.one("html").attributes["lang"] == language


def test_a_named_language_stays_to_the_receipt(small):
    browser = small.browser()
    form = form_of(browser.get(f"{URL}&lang=de"))
    labels = [label.text for label in form.all("label")]
    assert labels == ["Kommentar *", "Name *", "E-Mail-Adresse *", "Website", "Dieses Feld leer lassen"]
    assert form.one("button").text == "Kommentar abschicken"
    assert {"comment", "name", "email", "website", "topic", "ticket"} <= set(form.fields())
    again = browser.send(form, {"comment": "x" * 20_001})
    assert again.status == 422
    assert again.tree.one("html").attributes["lang"] == "de"
    assert "Kürze deinen Kommentar auf 20.000 Zeichen." in again.text
    assert "Gib deine E-Mail-Adresse an; sie wird nicht veröffentlicht." in again.text
    assert again.tree.one("title").text.startswith("Fehler: ")
    form = form_of(again)
    sent = form.fields() | {"comment": "Schön.", "name": "Ada", "email": ADDRESS}
    receipt = browser.get(browser.post(form.attributes["action"], sent).headers["Location"])
    assert receipt.tree.one("h1").text == "Dein Kommentar ist angekommen"
    assert "Accept-Language" in receipt.headers["Vary"]
    links = [link.attributes["href"] for link in receipt.tree.one("main").all("a")]
    ways = [link for link in links if link.startswith("/r/")]
    assert ways
    assert all(way.endswith("lang=de") for way in ways)


def test_what_is_wrong_with_the_address_is_said_in_german(small):
    browser = small.browser()
    wrong = browser.get("/sites/courier/reply?article_url=https://evil.example/", Accept_Language="de")
    assert wrong.tree.one("h1").text == "Welcher Artikel?"
    assert "article_url muss eine Seite von courier.example sein." in wrong.text
    unknown = browser.get("/sites/nobody/reply?article_url=x", Accept_Language="de")
    assert unknown.tree.one("h1").text == "Diese Website gibt es hier nicht"
    long = browser.post(URL, {"comment": "x" * 2_000_000}, Accept_Language="de")
    assert (long.status, long.tree.one("h1").text) == (413, "Das ist zu lang")


def test_the_demo_paper_has_german_comments_under_english_articles(small):
    enrol_site(small.context, "demo", small.context.settings.public_url, title="The Demo Courier")
    page = small.browser().get("/demo/the-bridge?lang=de")
    assert page.tree.one("html").attributes["lang"] == "de"
    assert page.tree.one("article").attributes["lang"] == "en"
    assert "Noch keine Kommentare" in page.text
    assert promise(page) == GERMAN
    static = small.browser().get("/demo/the-bridge/static?lang=de")
    assert static.tree.one("script").attributes["src"] == "/embed.js"
    assert static.tree.one("html").attributes["lang"] == "de"
