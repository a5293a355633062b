"""Comments on a static page of another origin: the thread and the form come by the script, and nothing else does."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.journey.installation import submission
from tests.processes import until

PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>The bridge opens</title>
<meta name="viewport" content="width=device-width"><link rel="canonical" href="{article}">
<h1>The bridge opens</h1><p>After six years, the footbridge carries its first commuters.</p>
<script src="{service}/embed.js" data-site="{site}" async></script></html>"""
PROMISE = "Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert"
WORDS = "My way to work is half an hour shorter now. <b>Really</b>."


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@dataclass
class Paper:
    """A static site of its own origin, and its key."""

    url: str
    folder: Path
    service: str
    site: str
    key: str

    def page(self, name, lang="en"):
        address = f"{self.url}/{name}.html"
        text = PAGE.format(article=address, service=self.service, site=self.site, lang=lang)
        (self.folder / f"{name}.html").write_text(text)
        return address


@pytest.fixture
def paper(tmp_path, installation):
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, site = f"http://127.0.0.1:{server.server_port}", f"paper-{server.server_port}"
    key = installation.json("site", "add", site, "--url", url)["key"]
    installation.run("site", "set", site, "min_fill_seconds=0")  # nobody types here
    yield Paper(url, tmp_path, installation.url, site, key)
    server.shutdown()
    server.server_close()


def test_a_static_page_has_comments(installation, paper, contexts):
    url, key = paper.url, paper.key
    article = f"{url}/bridge.html"
    posted = submission("a", body=WORDS, article={"url": article, "title": "The bridge opens"})
    assert installation.call("POST", "/v1/comments", posted, key=key).status == 202
    until(lambda: installation.call("GET", "/v1/comments/a", key=key).json["status"] == "approved")
    paper.page("bridge")
    context = contexts(viewport={"width": 390, "height": 844})
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(article)
    page.get_by_text(WORDS).wait_for()
    page.get_by_label("Reply to Ada").click()
    page.get_by_label("Comment *").fill("Mine too, and the view is better.")
    page.get_by_label("Name *").fill("Bo")
    page.get_by_label("Email *").fill("bo@mail.example")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert context.cookies() == []
    page.get_by_role("button", name="Post comment").click()
    page.get_by_text("Your comment is published").wait_for()
    assert page.url == article
    assert page.locator(".replydesk-thread ol li p").inner_text() == "Mine too, and the view is better."
    assert page.locator(".replydesk > h2").inner_text() == "2 comments"
    assert page.evaluate("document.activeElement.className") == "replydesk-status"
    assert Axe().run(page, context=".replydesk").violations_count == 0
    page.reload()
    page.get_by_text("Mine too").wait_for()
    assert {one.split("/")[2] for one in asked} == {url.split("/")[2], installation.url.split("/")[2]}
    until(lambda: installation.call("GET", "/v1/comments", key=key).json["comments"][0]["parent_id"] == "a")


def test_it_speaks_the_pages_language_first(installation, paper, contexts):
    url = paper.url
    for lang in ("de", "fr", "en"):
        paper.page(lang, lang)
    seen = {}
    for lang, browser in (("de", "en-US"), ("fr", "de-AT"), ("fr", "it"), ("en", "de-DE")):
        page = contexts(locale=browser, viewport={"width": 390, "height": 844}).new_page()
        page.goto(f"{url}/{lang}.html")
        page.locator(".replydesk form").wait_for()
        seen[lang, browser] = page.locator(".replydesk").get_attribute("lang")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert Axe().run(page, context=".replydesk").violations_count == 0
    assert list(seen.values()) == ["de", "de", "en", "en"]
    german = contexts(locale="en-US").new_page()
    german.goto(f"{url}/de.html")
    german.get_by_text(PROMISE).wait_for()
    german.get_by_label("Kommentar *").fill("Auch meiner.")
    german.get_by_label("Name *").fill("Bo")
    german.get_by_label("E-Mail-Adresse *").fill("bo@mail.example")
    german.get_by_role("button", name="Kommentar abschicken").click()
    german.get_by_text("Dein Kommentar ist veröffentlicht").wait_for()
    german.get_by_role("link", name="Später noch einmal nachsehen").click()
    german.wait_for_url("**/r/*lang=de")
    assert german.locator("html").get_attribute("lang") == "de"


def test_what_is_wrong_or_refused_is_told_in_place(installation, paper, contexts):
    installation.run("site", "set", paper.site, "reject_words=zorbocoin")
    address = paper.page("page")
    page = contexts(viewport={"width": 390, "height": 844}).new_page()
    page.goto(address)
    page.locator("[name=comment]").fill("Buy zorbocoin.")
    page.locator("[name=name]").fill("Bo")
    page.locator("[name=email]").fill("bo@mail")
    page.get_by_role("button", name="Post comment").click()
    fault = page.locator("#replydesk-email-fault")
    fault.wait_for()
    assert fault.inner_text() == "Give an email address such as name@example.org."
    assert page.evaluate("document.activeElement.name") == "email"
    assert Axe().run(page, context=".replydesk").violations_count == 0
    page.locator("[name=email]").fill("bo@mail.example")
    page.get_by_role("button", name="Post comment").click()
    page.get_by_text("Your comment was not published").wait_for()
    assert page.get_by_text("it contains wording that this site does not publish").is_visible()
    assert page.locator(".replydesk blockquote").inner_text() == "Buy zorbocoin."
    page.get_by_role("button", name="Write another comment").click()
    page.locator("[name=comment]").wait_for()
    assert page.url == address


@pytest.mark.parametrize(
    ("lang", "button", "said"),
    [
        ("en", "Post comment", "It is still here: try again in a moment."),
        ("de", "Kommentar abschicken", "Er steht noch hier: Versuche es gleich noch einmal."),
    ],
)
def test_what_was_typed_outlives_a_desk_that_is_away(installation, paper, contexts, lang, button, said):
    address = paper.page("page", lang)
    page = contexts().new_page()
    page.goto(address)
    page.locator(".replydesk form").wait_for()
    page.locator("[name=comment]").fill(WORDS)
    page.locator("[name=name]").fill("Bo")
    page.locator("[name=email]").fill("bo@mail.example")
    page.route(f"{installation.url}/**", lambda route: route.abort())
    page.get_by_role("button", name=button).click()
    page.get_by_role("alert").get_by_text(said).wait_for()
    assert page.url == address
    assert page.locator("[name=comment]").input_value() == WORDS
    page.unroute(f"{installation.url}/**")
    page.get_by_role("button", name=button).click()
    page.locator(".replydesk-status").wait_for()


def test_a_thread_is_nested_whatever_comes_first(installation, paper, contexts):
    url, key = paper.url, paper.key
    article = f"{url}/bridge.html"
    days = {"old-answer": ("old", 2), "old": (None, 1), "to-none": ("refused", 3), "wrong-clock": ("late", 4)}
    for name, (parent, day) in [*days.items(), ("late", (None, 5)), ("a", ("b", 6)), ("b", ("a", 7))]:
        posted = submission(name, body=f"Text of {name}.", article={"url": article}, parent_id=parent)
        posted["submitted_at"] = f"2012-05-{day:02}T00:00:00Z"
        assert installation.call("POST", "/v1/comments", posted, key=key).status == 202
        until(lambda name=name: _approved(installation, key, name))
    paper.page("bridge")
    page = contexts(viewport={"width": 390, "height": 844}).new_page()
    page.goto(article)
    page.get_by_text("Text of wrong-clock.").wait_for()
    shown = page.evaluate(
        "Array.from(document.querySelectorAll('.replydesk li'))"
        ".map(one => [one.id, one.parentElement.parentElement.id])"
    )
    assert shown == [
        ["comment-old", ""],
        ["comment-old-answer", "comment-old"],
        ["comment-to-none", ""],
        ["comment-late", ""],
        ["comment-wrong-clock", "comment-late"],
        ["comment-a", ""],
        ["comment-b", "comment-a"],
    ]
    marked = page.locator(".replydesk-orphan")
    assert marked.count() == 1
    assert marked.inner_text() == "In reply to a comment that is not shown"
    assert "refused" not in page.content().replace("to-none", "")


def _approved(installation, key, name):
    """Approve the comment, whatever the model said of it."""
    told = installation.call("GET", f"/v1/comments/{name}", key=key).json
    if told["status"] == "held":
        decision = {"action": "approve", "replaces": told["decision"]}
        installation.call("POST", f"/v1/comments/{name}/decision", decision, key=key)
    return bool(told["status"] == "approved")
