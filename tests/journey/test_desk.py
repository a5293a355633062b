"""The desk in a real Chromium: a queue cleared by keys, two moderators at once, undo, care, scripts off."""

import re

import pytest
from playwright.sync_api import expect

from service import usecases
from service.domain.status import Status
from service.domain.verdict import Action
from tests.journey.desk import in_focus
from tests.processes import until
from tests.stories import longer, told

pytestmark = pytest.mark.journey


def test_fifty_comments_are_cleared_by_the_keyboard_alone(desk, contexts):
    made = longer(desk.small, 50)
    page = desk.sign_in(contexts())
    keys = {0: ("a", Status.APPROVED), 1: ("r", Status.REJECTED), 2: ("s", Status.SPAM)}
    for n, comment in enumerate(made):
        expect(page.locator(f"#c{comment.pk}.now")).to_be_visible()
        page.keyboard.press(keys[n % 3][0])
    expect(page.locator("#clear").or_(page.get_by_text("Nothing is held."))).to_be_visible()
    until(lambda: all(desk.status(one) is keys[n % 3][1] for n, one in enumerate(made)), 10)
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_reason_takes_two_keys(desk, contexts):
    first, second = longer(desk.small, 2)
    page = desk.sign_in(contexts())
    page.keyboard.press("e")
    page.keyboard.press("Escape")
    expect(page.locator("details.reasons[open]")).to_have_count(0)
    page.keyboard.press("e")
    page.keyboard.press("1")
    expect(page.locator(f"#c{second.pk}.now")).to_be_visible()
    until(lambda: desk.status(first) is Status.REJECTED)
    with desk.small.context.deps.store.read() as tx:
        decision = tx.decisions.get(desk.small.again(first).decision_id or 0)
    assert decision.reason == "off_topic"


def test_keys_move_and_open_and_none_works_in_a_field(desk, contexts):
    made = longer(desk.small, 3)
    page = desk.sign_in(contexts())
    page.keyboard.press("j")
    assert in_focus(page) == made[1].pk
    page.keyboard.press("k")
    assert in_focus(page) == made[0].pk
    page.keyboard.press("c")
    expect(page.locator("article.now details[data-key=c]")).to_have_attribute("open", "")
    page.keyboard.press("/")
    page.keyboard.type("goose a r")
    expect(page.get_by_role("searchbox")).to_have_value("goose a r")
    assert [desk.status(one) for one in made] == [Status.HELD] * 3
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys")


def test_undo_before_and_after_publication(desk, contexts):
    first, second = longer(desk.small, 2)
    page = desk.sign_in(contexts())
    page.keyboard.press("a")
    page.keyboard.press("s")
    until(lambda: desk.status(second) is Status.SPAM)
    expect(page.locator(f"#r{second.pk}.is-done")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(f"#c{second.pk}.now")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(f"#c{first.pk}.now")).to_be_visible()
    assert (desk.status(first), desk.status(second)) == (Status.HELD, Status.HELD)
    page.keyboard.press("a")
    until(lambda: desk.status(first) is Status.APPROVED)
    desk.publish_due()
    page.goto(f"{desk.url}/desk/comments/{first.pk}")
    page.keyboard.press("u")
    until(lambda: desk.status(first) is Status.HELD)
    with desk.small.context.deps.store.read() as tx:
        acts = [one.action for one, _ in tx.decisions.feed(desk.small.courier.id, 0, 99)]
    assert acts.count(Action.APPROVE) == acts.count(Action.RESTORE) == 1


def test_undo_takes_back_that_a_comment_was_left_as_it_is(desk, contexts):
    first, second = (desk.small.approved(body=f"The ferry is late, {n}.") for n in range(2))
    for one in (first, second):
        usecases.report(desk.small.context.deps, desk.small.courier, one.id, "digest", None)
    page = desk.sign_in(contexts(), path="/desk?queue=reported")
    page.wait_for_load_state()
    page.keyboard.press("r")
    expect(page.locator(f"#r{first.pk}.is-done")).to_be_visible()
    page.keyboard.press("o")
    expect(page.locator(f"#r{second.pk}.is-done")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(f"#c{second.pk}.now")).to_be_visible()
    expect(page.locator("#live")).to_have_text("Undone: the report is open again.")
    assert (desk.status(first), desk.status(second)) == (Status.REJECTED, Status.APPROVED)


def test_undo_after_a_reload_leads_to_what_was_decided(desk, contexts):
    first, _ = longer(desk.small, 2)
    page = desk.sign_in(contexts())
    page.keyboard.press("a")
    until(lambda: desk.status(first) is Status.APPROVED)
    page.goto(f"{desk.url}/desk")
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile("queue=decided"))
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(page.locator(f"#c{first.pk} button")).to_be_focused()
    assert desk.status(first) is Status.APPROVED
    page.keyboard.press("Enter")
    until(lambda: desk.status(first) is Status.HELD)


def test_two_moderators_never_see_the_same_comment(desk, contexts):
    made = longer(desk.small, 24)
    mara, noor = desk.sign_in(contexts()), desk.sign_in(contexts(), "Noor")
    expect(noor.locator("#others")).to_contain_text("Mara has 8 comments")
    shown = {"mara": [], "noor": []}
    for _ in range(20):
        for name, page in (("mara", mara), ("noor", noor)):
            assert not on_screen(mara) & on_screen(noor)
            if not page.locator("article.now").count():
                continue
            shown[name].append(in_focus(page))
            page.keyboard.press("a")
            until(lambda one=shown[name][-1]: _is_decided(desk, one))
    assert sorted(shown["mara"] + shown["noor"]) == [one.pk for one in made]
    assert min(len(shown["mara"]), len(shown["noor"])) >= 8


def on_screen(page):
    """The numbers of the comments that a moderator has before them, undecided."""
    ids = page.eval_on_selector_all("#cards > article:not(.slim)", "found => found.map(one => one.id)")
    return {int(one[1:]) for one in ids}


def _is_decided(desk, pk):
    with desk.small.context.deps.store.read() as tx:
        found = tx.comments.by_pk(pk)
    return found is not None and found.status is Status.APPROVED


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_forced_collision_shows_the_first_decision(desk, contexts, scripts):
    (comment,) = longer(desk.small, 1)
    page = desk.sign_in(contexts(java_script_enabled=scripts))
    desk.small.judge(comment, Action.REJECT, "Noor")
    with page.expect_response(re.compile("/decision$")) as answered:
        if scripts:
            page.keyboard.press("a")
        else:
            page.get_by_role("button", name="Approve the comment by").click()
    assert answered.value.status == 409
    expect(page.get_by_text("Rejected by Noor")).to_be_visible()
    assert desk.status(comment) is Status.REJECTED


def test_a_collision_is_told_where_the_hand_is(desk, contexts):
    first, second = longer(desk.small, 2)
    page = desk.sign_in(contexts(viewport={"width": 390, "height": 844}))
    desk.small.judge(first, Action.REJECT, "Noor")
    page.locator(f"#c{first.pk}").get_by_role("button", name="Approve the comment by").click()
    expect(page.locator("#notice")).to_contain_text("Your decision was not carried out.")
    expect(page.locator(f"#c{second.pk}")).to_be_visible()
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_text("Rejected by Noor")).to_be_visible()
    expect(page.locator("#notice .notice")).to_have_count(0)


def test_new_comments_announce_themselves_and_wait(desk, contexts):
    longer(desk.small, 2)
    page = desk.sign_in(contexts())
    rows = page.locator("#rows > li")
    expect(rows).to_have_count(2)
    longer(desk.small, 3)
    expect(page.locator("#fresh")).to_contain_text("3 new comments", timeout=9_000)
    expect(rows).to_have_count(2)
    expect(page.locator("[data-count=held]")).to_have_text("5")
    page.keyboard.press("l")
    expect(page.locator("#rows > li")).to_have_count(5)


def test_the_queue_works_without_scripts(desk, contexts):
    made = longer(desk.small, 4)
    page = desk.sign_in(contexts(java_script_enabled=False))
    page.get_by_role("button", name="Approve the comment by Reader 1").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Spam the comment by Reader 1").click()
    page.locator(f"#c{made[1].pk} .reasons summary").click()
    page.locator(f"#c{made[1].pk}").get_by_role("button", name="Insults somebody").click()
    page.get_by_role("button", name="Hold the comment by Reader 3").click()
    assert [desk.status(one) for one in made] == [Status.SPAM, Status.REJECTED, Status.HELD, Status.HELD]
    page.get_by_label("Order").select_option("score")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("sort=score"))
    expect(page.locator("article")).to_have_count(1)
    page.get_by_text("Save this view").click()
    page.get_by_label("Name").fill("By score")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="By score")).to_be_visible()
    page.get_by_role("link", name="Set aside 1").click()
    expect(page.locator("article")).to_have_count(1)


def test_severe_words_are_blurred_until_a_key_reveals_them(desk, contexts):
    told(
        desk.small,
        "Nobody",
        "I know where the office is.",
        {"threat": 0.8},
        (("I know where", "threat", 1.4),),
    )
    page = desk.sign_in(contexts())
    blur = "e => getComputedStyle(e).filter"
    mark = page.locator("article.now mark")
    assert "blur" in mark.evaluate(blur)
    page.keyboard.press("v")
    assert mark.evaluate(blur) == "none"
    page.keyboard.press("v")
    assert "blur" in mark.evaluate(blur)


def test_single_keys_can_be_switched_off(desk, contexts):
    (comment,) = longer(desk.small, 1)
    page = desk.sign_in(contexts(), path="/desk/preferences")
    page.get_by_label("Decide by single keys").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto(f"{desk.url}/desk")
    page.keyboard.press("a")
    assert desk.status(comment) is Status.HELD
    page.get_by_role("button", name="Approve the comment by").click()
    until(lambda: desk.status(comment) is Status.APPROVED)
