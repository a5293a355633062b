"""The pages in a real Chromium, wide and light in English, narrow and dark in German: axe finds no fault in them."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from service.domain.comment import Article
from service.domain.verdict import Action, Span, Who
from service.usecases import Judgement, Target
from service.usecases.bulk import decide_bulk, range_named
from service.usecases.moderators import invite
from tests.journey.desk import look_at
from tests.stories import busy_day, newsroom, told

pytestmark = pytest.mark.journey

GERMAN_PROMISE = "Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert"
LOOKS = pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1440, "light", "en"), (390, "dark", "de")], ids=["wide", "narrow"]
)


def browser(contexts, width, scheme, language="en"):
    # with motion, colours would still fade from one scheme to the other while axe looks
    size = {"width": width, "height": 900}
    return contexts(reduced_motion="reduce", color_scheme=scheme, viewport=size, locale=language)


@LOOKS
def test_the_moderators_pages(desk, contexts, width, scheme, language):
    focus = newsroom(desk.small)["focus"].pk
    page = desk.sign_in(browser(contexts, width, scheme, language))
    paths = [f"/desk?queue={queue}" for queue in ("held", "late", "reported", "aside", "appeals", "decided")]
    paths += [f"/desk/comments/{focus}", f"/desk/comments/{focus}/author"]
    paths += ["/desk/search?q=ferry", "/desk/help", "/desk/preferences"]
    paths += ["/desk/article?site=courier&url=https://courier.example/bridge"]
    for path in paths:
        page.goto(desk.url + path)
        for details in page.locator("article.now details, main > article details").all():
            details.evaluate("d => { d.open = true; }")
        look_at(page, language)


@LOOKS
def test_the_administrators_pages(desk, contexts, width, scheme, language):
    banned = told(desk.small, "Ilse", "Short.", {"insult": 0.6}).pk
    cluster = busy_day(desk.small, held=60, duplicates=8)
    one = desk.small.settle(desk.small.submit(body="Mind the step."), {"insult": 0.8})
    act = decide_bulk(
        desk.small.context.deps,
        [Target(desk.small.courier, one.id, one.revision)],
        Judgement(Action.REJECT, Who.MODERATOR, "Ada"),
        range_named("insult", 0.7, 0.9),
    ).bulk_decision.id
    author = f"/desk/comments/{banned}/author"
    page = desk.sign_in(browser(contexts, width, scheme, language), "Ada", author, role="admin")
    page.locator("[value=banned]").check()
    page.locator("[name=days]").select_option("7")
    page.locator(".author-status button").click()
    page.goto(f"{desk.url}/desk")
    for button in page.locator("article.now .acts > button").all():
        assert button.evaluate("b => b.scrollWidth <= b.clientWidth"), button.inner_text()
    for path in (
        author,
        "/desk?label=spam",
        f"/desk/comments/{cluster[0].pk}/duplicates",
        "/desk/ranges?low=0.5&high=0.7",
        "/desk/ranges?by=toxicity&low=0.5&high=0.7&language=en",
        f"/desk/bulk/{act}",
        "/desk/overview",
        "/desk/overview/comments?status=held",
        "/desk/overview/comments?by=moderator",
        "/desk?queue=decided",
        "/desk/settings/courier",
        "/desk/settings/courier?insult.hold=0.7&toxicity.hold=0.6&toxicity.reject=0.95",
        "/desk/settings/courier/callbacks",
        "/desk/settings/courier/keys",
        "/desk/people",
    ):
        page.goto(desk.url + path)
        look_at(page, language)


def stories(demo):
    """Let the paper's article have comments of every shape, and the desk a queue."""
    small, bridge = demo.small, Article(demo.article, "The bridge opens")
    first = small.approved(demo.site, article=bridge, author_name="Ada", body="Lovely.\n\nAnd the lamps!")
    small.approved(demo.site, article=bridge, author_name="مريم", body="جسر جميل.", parent_id=first.id)
    small.approved(
        demo.site, article=bridge, author_name="W" * 200, body="o" * 900, website="https://w.example"
    )
    for n in range(3):
        small.held(author_name=f"Reader {n}", body="What an utter fool.", spans=(Span(8, 18, "insult", 1.9),))
    small.held(author_name="N" * 200, body="x" * 500 + " <script>alert(1)</script>", spans=())
    small.held(author_name="Long", body="So many words, and none of them kind. " * 60, spans=())
    small.submit(author_name="Unscored")
    small.judge(small.held(author_name="Decided"), Action.SPAM, delay=5)


def form(demo):
    return f"{demo.url}/sites/demo/reply?article_url={quote(demo.article, safe='')}"


def pages_of(demo, context):
    """Open each page that a reader or a moderator meets on their way."""
    urls = [f"{demo.url}/demo", demo.article, f"{demo.article}?reply_to=nobody", form(demo)]
    urls += [f"{demo.url}/sites/demo/reply?article_url=x", invite(demo.small.context, "Noor")[1]]
    urls += [f"{demo.url}/desk/sign-in"]
    opened = [context.new_page() for _ in urls]
    for page, url in zip(opened, urls, strict=True):
        page.goto(url)
    faults, receipt = context.new_page(), context.new_page()
    faults.goto(form(demo))
    faults.get_by_role("button", name="Post comment").click()
    receipt.goto(demo.article)
    demo.type_in(receipt)
    receipt.get_by_role("button", name="Post comment").click()
    opened += [faults, receipt, demo.sign_in(context)]
    for path in ("/desk?queue=late", "/desk?queue=decided", "/desk"):
        opened.append(context.new_page())
        opened[-1].goto(demo.url + path)
    opened[-1].get_by_role("button", name="Approve").first.click()
    opened[-1].locator("#notice .notice").wait_for()
    return opened


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_what_readers_meet(demo, contexts, width, scheme):
    context, complaints, asked = browser(contexts, width, scheme), [], []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("request", lambda request: asked.append(request.url))
    stories(demo)
    for page in pages_of(demo, context):
        look_at(page)
    assert asked
    assert not [url for url in asked if not url.startswith(f"{demo.url}/")], "a page asks somebody else"
    # a page that answers 4xx says so in the console; nothing else may
    assert not [said for said in complaints if "the server responded with a status of 4" not in said]


def test_what_readers_meet_in_german(demo, contexts):
    stories(demo)
    page = browser(contexts, 390, "light", "de-DE").new_page()
    for url in (
        f"{demo.url}/demo",
        demo.article,
        f"{demo.article}/static",
        f"{form(demo)}&parent_id=gone",
        form(demo),
    ):
        page.goto(url)
        page.get_by_text("Kommentar").first.wait_for()
        look_at(page, "de")
    expect(page.get_by_text(GERMAN_PROMISE, exact=True)).to_be_visible()
    page.get_by_role("button", name="Kommentar abschicken").click()
    expect(page.get_by_role("alert")).to_contain_text("Gib deinen Namen an")
    look_at(page, "de")
    page.get_by_label("Kommentar").fill("Eine schöne Brücke.")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-Mail-Adresse").fill("ada@example.org")
    page.get_by_role("button", name="Kommentar abschicken").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dein Kommentar ist angekommen")
    look_at(page, "de")
