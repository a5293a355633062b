"""The pages in a real Chromium: accessible, usable without scripts and without a mouse, and talking to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from service.domain.comment import Article
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Span
from service.usecases.moderators import invite
from service.usecases.sites import enrol_site
from tests.journey.desk import Desk
from tests.processes import until

pytestmark = pytest.mark.journey

PROMISE = "Your email address will not be published. Required fields are marked *"
GERMAN_PROMISE = "Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert"


@dataclass
class Served(Desk):
    """The small installation behind a real server, with its demo paper."""

    demo: Site

    @property
    def article(self):
        return f"{self.url}/demo/the-bridge"

    @property
    def queue(self):
        return f"{self.url}/desk"


@pytest.fixture
def served(desk):
    demo = enrol_site(desk.small.context, "demo", desk.url, title="The Demo Courier").site
    return Served(desk.small, desk.url, demo)


def type_in(page, comment="Hooray for the bridge!", name="Ada"):
    page.get_by_label("Comment").fill(comment)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email").fill("ada@example.org")


def tab_to(page, name, limit=60):
    """Press Tab until the element with that accessible name (or its beginning) has the focus."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(e => (e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent).trim())"
            "(document.activeElement)"
        )
        if focused.startswith(name):
            return
    pytest.fail(f"{name} is not reached by {limit} presses of Tab")


def stories(served):
    small, bridge = served.small, Article(f"{served.url}/demo/the-bridge", "The bridge opens")
    first = small.approved(served.demo, article=bridge, author_name="Ada", body="Lovely.\n\nAnd the lamps!")
    small.approved(served.demo, article=bridge, author_name="مريم", body="جسر جميل.", parent_id=first.id)
    small.approved(
        served.demo, article=bridge, author_name="W" * 200, body="o" * 900, website="https://w.example"
    )
    for n in range(3):
        small.held(author_name=f"Reader {n}", body="What an utter fool.", spans=(Span(8, 18, "insult", 1.9),))
    small.held(author_name="N" * 200, body="x" * 500 + " <script>alert(1)</script>", spans=())
    small.held(author_name="Long", body="So many words, and none of them kind. " * 60, spans=())
    small.submit(author_name="Unscored")
    decided = small.held(author_name="Decided")
    small.judge(decided, Action.SPAM, delay=5)


def pages_of(served, context):
    reader = {
        "front": f"{served.url}/demo",
        "article": served.article,
        "answer": f"{served.article}?reply_to=nobody",
        "form": f"{served.url}/sites/demo/reply?article_url={quote(served.article, safe='')}",
        "wrong article": f"{served.url}/sites/demo/reply?article_url=x",
        "sign in": invite(served.small.context, "Noor")[1],
        "sign in needed": f"{served.url}/desk/sign-in",
    }
    opened = {}
    for name, url in reader.items():
        opened[name] = context.new_page()
        opened[name].goto(url)
    faults = opened["faults"] = context.new_page()
    faults.goto(reader["form"])
    faults.get_by_role("button", name="Post comment").click()
    receipt = opened["receipt"] = context.new_page()
    receipt.goto(served.article)
    type_in(receipt)
    receipt.get_by_role("button", name="Post comment").click()
    opened["queue"] = served.sign_in(context)
    for queue in ("late", "decided"):
        opened[queue] = context.new_page()
        opened[queue].goto(f"{served.queue}?queue={queue}")
    acted = opened["acted"] = context.new_page()
    acted.goto(served.queue)
    acted.get_by_role("button", name="Approve").first.click()
    acted.locator("#notice .notice").wait_for()
    return opened


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (390, 844, "dark")])
def test_every_page_is_accessible(served, contexts, width, height, scheme):
    # with motion, colours would still fade from one scheme to the other while axe looks
    size = {"width": width, "height": height}
    context, complaints = contexts(reduced_motion="reduce", color_scheme=scheme, viewport=size), []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    stories(served)
    for name, page in pages_of(served, context).items():
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    # a page that answers 4xx says so in the console; nothing else may
    assert not [said for said in complaints if "the server responded with a status of 4" not in said]


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "dark"), (390, 844, "light")])
def test_the_readers_pages_are_accessible_in_german(served, contexts, width, height, scheme):
    size = {"width": width, "height": height}
    context = contexts(reduced_motion="reduce", color_scheme=scheme, viewport=size, locale="de-DE")
    stories(served)
    form = f"{served.url}/sites/demo/reply?article_url={quote(served.article, safe='')}"
    page = context.new_page()

    def look():
        assert page.locator("html").get_attribute("lang") == "de"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        found = Axe().run(page)
        assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"

    for url in (
        f"{served.url}/demo",
        served.article,
        f"{served.article}/static",
        f"{form}&parent_id=gone",
        form,
    ):
        page.goto(url)
        page.get_by_text("Kommentar").first.wait_for()
        look()
    expect(page.get_by_text(GERMAN_PROMISE, exact=True)).to_be_visible()
    page.get_by_role("button", name="Kommentar abschicken").click()
    expect(page.get_by_role("alert")).to_contain_text("Gib deinen Namen an")
    look()
    page.get_by_label("Kommentar").fill("Eine schöne Brücke.")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-Mail-Adresse").fill("ada@example.org")
    page.get_by_role("button", name="Kommentar abschicken").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dein Kommentar ist angekommen")
    look()


def test_no_page_asks_anyone_else_for_anything(served, contexts):
    context, asked = contexts(), []
    context.on("request", lambda request: asked.append(request.url))
    stories(served)
    pages_of(served, context)
    assert asked
    assert not [url for url in asked if not url.startswith(f"{served.url}/")]


def test_a_reader_without_scripts_comments_and_sees_it_published(served, contexts):
    page = contexts(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto(served.article)
    expect(page.get_by_text(PROMISE, exact=True)).to_be_visible()
    type_in(page, name="")
    served.small.clock.pass_seconds(9)
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("alert")).to_contain_text("Give your name")
    expect(page.get_by_label("Comment")).to_have_value("Hooray for the bridge!")
    page.get_by_label("Name").fill("Ada")
    expect(page.get_by_label("Email")).to_have_value("")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your comment has arrived")
    assert "/r/" in page.url
    assert "example.org" not in page.url + page.content()
    with served.small.context.deps.store.read() as tx:
        (comment,) = tx.comments.page(served.demo.id).comments
    served.small.settle(comment)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your comment is published")
    page.get_by_role("link", name="Back to the article").click()
    expect(page.get_by_text("Hooray for the bridge!")).to_be_visible()


def test_a_reader_comments_by_keyboard_alone(served, contexts):
    page = contexts().new_page()
    page.goto(served.article)
    tab_to(page, "Comment")
    page.keyboard.type("Typed without a mouse.")
    tab_to(page, "Name", 1)
    tab_to(page, "Email", 1)
    page.keyboard.type("nope")
    tab_to(page, "Website", 1)
    tab_to(page, "Post comment", 1)
    served.small.clock.pass_seconds(9)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    tab_to(page, "Give your name", 1)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Ada")
    tab_to(page, "Email", 1)
    page.keyboard.press("Control+A")
    page.keyboard.type("ada@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your comment has arrived")


def test_the_receipt_changes_under_the_readers_eyes(served, contexts):
    page = contexts().new_page()
    page.goto(served.article)
    type_in(page)
    served.small.clock.pass_seconds(9)
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your comment has arrived")
    address = page.url
    with served.small.context.deps.store.read() as tx:
        (comment,) = tx.comments.page(served.demo.id).comments
    served.small.settle(comment)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your comment is published")
    assert page.url == address


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_moderator_decides_and_takes_back(served, contexts, scripts):
    first, second = served.small.held(author_name="Ada"), served.small.held(author_name="Bo")
    page = served.sign_in(contexts(java_script_enabled=scripts))
    page.get_by_role("button", name="Approve the comment by Ada").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Reject the comment by Ada").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_role("button", name="Approve the comment by Ada")).to_have_count(0)
    with page.expect_response("**/decision"):  # with scripts the row goes before the desk has answered
        page.get_by_role("button", name="Approve the comment by Bo").click()
    expect(page.get_by_role("button", name="Approve the comment by Bo")).to_have_count(0)
    served.publish_due()
    assert served.small.again(first).status is Status.REJECTED
    assert served.small.again(second).published_revision == 1


def test_a_moderator_clears_the_queue_by_tab_and_enter(served, contexts):
    """After each act the next comment has the focus, so that Tab and Enter go on, up to the undo at the end."""
    made = [served.small.held(author_name=f"Reader {n}") for n in range(4)]
    page = served.sign_in(contexts())
    for comment in made:
        expect(page.locator(f"#c{comment.pk}")).to_be_focused()
        tab_to(page, "Approve", 12)
        page.keyboard.press("Enter")
        until(lambda one=comment: served.small.again(one).status is Status.APPROVED)
    expect(page.locator("#rows > .is-done")).to_have_count(len(made))  # with the answer comes a new undo
    expect(page.locator("#clear")).to_be_focused()
    tab_to(page, "Undo", 12)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Approve the comment by Reader 3")).to_be_visible()
    assert [served.small.again(one).status for one in made] == [Status.APPROVED] * 3 + [Status.HELD]


def test_two_moderators_collide_in_words(served, contexts):
    comment = served.small.held(author_name="Ada")
    mara, noor = served.sign_in(contexts()), served.sign_in(contexts(), "Noor")
    noor.goto(f"{served.queue}/comments/{comment.pk}")
    expect(noor.get_by_text("Mara is looking at it")).to_be_visible()
    mara.get_by_role("button", name="Reject the comment by Ada").click()
    expect(mara.get_by_role("button", name="Undo")).to_be_visible()
    noor.get_by_role("button", name="Approve the comment by Ada").click()
    expect(noor.get_by_text("Rejected by Mara")).to_be_visible()
    assert served.small.again(comment).status is Status.REJECTED
    noor.get_by_role("button", name="Approve the comment by Ada").click()
    expect(noor.get_by_role("button", name="Undo")).to_be_visible()
    assert served.small.again(comment).status is Status.APPROVED


def test_a_desk_that_cannot_be_reached_says_so(served, contexts):
    comment = served.small.held(author_name="Ada")
    context = contexts()
    page = served.sign_in(context)
    context.set_offline(True)
    page.get_by_role("button", name="Approve the comment by Ada").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing may have changed")
    context.set_offline(False)
    page.get_by_role("button", name="Approve the comment by Ada").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert served.small.again(comment).status is Status.APPROVED
