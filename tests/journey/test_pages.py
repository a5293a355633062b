"""The pages in a real Chromium: usable without scripts and without a mouse."""

import pytest
from playwright.sync_api import expect

from service.domain.status import Status
from tests.processes import until

pytestmark = pytest.mark.journey

PROMISE = "Your email address will not be published. Required fields are marked *"


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


def test_a_reader_without_scripts_comments_and_sees_it_published(demo, contexts):
    page = contexts(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto(demo.article)
    expect(page.get_by_text(PROMISE, exact=True)).to_be_visible()
    demo.type_in(page, name="")
    demo.small.clock.pass_seconds(9)
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
    with demo.small.context.deps.store.read() as tx:
        (comment,) = tx.comments.page(demo.site.id).comments
    demo.small.settle(comment)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your comment is published")
    page.get_by_role("link", name="Back to the article").click()
    expect(page.get_by_text("Hooray for the bridge!")).to_be_visible()


def test_a_reader_comments_by_keyboard_alone(demo, contexts):
    page = contexts().new_page()
    page.goto(demo.article)
    tab_to(page, "Comment")
    page.keyboard.type("Typed without a mouse.")
    tab_to(page, "Name", 1)
    tab_to(page, "Email", 1)
    page.keyboard.type("nope")
    tab_to(page, "Website", 1)
    tab_to(page, "Post comment", 1)
    demo.small.clock.pass_seconds(9)
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
    address = page.url
    with demo.small.context.deps.store.read() as tx:
        (comment,) = tx.comments.page(demo.site.id).comments
    demo.small.settle(comment)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your comment is published"
    )  # under the reader's eyes
    assert page.url == address


def test_a_moderator_clears_the_queue_by_tab_and_enter(demo, contexts):
    """After each act the next comment has the focus, so that Tab and Enter go on, up to the undo at the end."""
    made = [demo.small.held(author_name=f"Reader {n}") for n in range(4)]
    page = demo.sign_in(contexts())
    for comment in made:
        expect(page.locator(f"#c{comment.pk}")).to_be_focused()
        tab_to(page, "Approve", 12)
        page.keyboard.press("Enter")
        until(lambda one=comment: demo.small.again(one).status is Status.APPROVED)
    expect(page.locator("#rows > .is-done")).to_have_count(len(made))  # with the answer comes a new undo
    expect(page.locator("#clear")).to_be_focused()
    tab_to(page, "Undo", 12)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Approve the comment by Reader 3")).to_be_visible()
    assert [demo.small.again(one).status for one in made] == [Status.APPROVED] * 3 + [Status.HELD]


def test_two_moderators_collide_in_words(demo, contexts):
    comment = demo.small.held(author_name="Ada")
    mara, noor = demo.sign_in(contexts()), demo.sign_in(contexts(), "Noor")
    noor.goto(f"{demo.url}/desk/comments/{comment.pk}")
    expect(noor.get_by_text("Mara is looking at it")).to_be_visible()
    mara.get_by_role("button", name="Reject the comment by Ada").click()
    expect(mara.get_by_role("button", name="Undo")).to_be_visible()
    noor.get_by_role("button", name="Approve the comment by Ada").click()
    expect(noor.get_by_text("Rejected by Mara")).to_be_visible()
    assert demo.small.again(comment).status is Status.REJECTED
    noor.get_by_role("button", name="Approve the comment by Ada").click()
    expect(noor.get_by_role("button", name="Undo")).to_be_visible()
    assert demo.small.again(comment).status is Status.APPROVED


def test_a_desk_that_cannot_be_reached_says_so(demo, contexts):
    comment = demo.small.held(author_name="Ada")
    context = contexts()
    page = demo.sign_in(context)
    context.set_offline(True)
    page.get_by_role("button", name="Approve the comment by Ada").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing may have changed")
    context.set_offline(False)
    page.get_by_role("button", name="Approve the comment by Ada").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert demo.small.again(comment).status is Status.APPROVED
