"""Bulk decisions in a real Chromium: 300 copies by one key, 500 by one drag, each undone by one click."""

import re

import pytest
from playwright.sync_api import expect

from service.domain.status import Status
from tests.stories import ARTICLES, arrive_together, copies

pytestmark = pytest.mark.journey
TIMEOUT_MS = 30_000


def arrivals(desk, count, words, **scores):
    """So many held comments of these words and scores, no two alike."""
    written = [(f"Reader{n}", f"{words}, says number {n}.", ARTICLES[0]) for n in range(count)]
    return arrive_together(desk.small, written, scores, compared=False)


def statuses(desk, comments):
    return {desk.status(comment) for comment in comments}


def test_a_cluster_of_three_hundred_is_decided_by_one_key(desk, contexts):
    cluster = copies(desk.small, 300)
    page = desk.sign_in(contexts())
    expect(page.locator("article.card")).to_have_count(1)
    expect(page.get_by_text("299 more like this are held.")).to_be_visible()
    page.keyboard.press("w")
    expect(page.get_by_text("Marked as spam: 300 comments.")).to_be_visible(timeout=TIMEOUT_MS)
    assert statuses(desk, cluster) == {Status.SPAM}
    later = copies(desk.small, 50, first=300)
    assert statuses(desk, later) == {Status.SPAM}
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text("All of it was undone.")).to_be_visible(timeout=TIMEOUT_MS)
    assert statuses(desk, cluster + later) == {Status.HELD}


def test_undo_goes_back_to_the_cluster_over_what_came_after(desk, contexts):
    cluster = copies(desk.small, 4)
    later = desk.small.settle(desk.small.submit(body="The mayor is asleep at the wheel."), {"insult": 0.7})
    page = desk.sign_in(contexts())
    page.keyboard.press("w")
    expect(page.get_by_text("Marked as spam: 4 comments.")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("#notice")).to_contain_text("Approved.")
    expect(page.get_by_text("Marked as spam: 4 comments.")).to_be_hidden()
    page.keyboard.press("u")
    expect(page.locator(f"#c{later.pk}.now")).to_be_visible()
    expect(page.get_by_text("Marked as spam: 4 comments.")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text("All of it was undone.")).to_be_visible(timeout=TIMEOUT_MS)
    assert statuses(desk, [*cluster, later]) == {Status.HELD}


def test_undo_reaches_the_newest_decision_not_an_old_cluster(desk, contexts):
    cluster = copies(desk.small, 4)
    page = desk.sign_in(contexts())
    page.keyboard.press("w")
    expect(page.get_by_text("Marked as spam: 4 comments.")).to_be_visible()
    desk.small.clock.pass_seconds(120)
    later = desk.small.held(body="The mayor is asleep at the wheel.")
    page.goto(f"{desk.url}/desk")
    page.wait_for_load_state()
    page.keyboard.press("a")
    expect(page.locator(f"#r{later.pk}.is-done")).to_be_visible()
    page.goto(f"{desk.url}/desk?queue=decided")
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(page.locator(f"#c{later.pk} button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("undone="))
    assert (statuses(desk, cluster), desk.status(later)) == ({Status.SPAM}, Status.HELD)


def test_a_range_of_five_hundred_is_dragged_decided_and_undone(desk, contexts):
    inside = arrivals(desk, 500, "I disagree", insult=0.71)
    outside = arrivals(desk, 5, "I object", insult=0.91)
    page = desk.sign_in(contexts(viewport={"width": 1440, "height": 900}), path="/desk/ranges")
    box = page.locator(".spread svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.65, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.79, box["y"] + 60, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"low=0\.6"))
    expect(page.get_by_role("heading", name=re.compile(r"^500 comments from 0\.6"))).to_be_visible()
    page.get_by_role("button", name="Reject all").click()
    expect(page.get_by_text("Rejected: 500 comments.")).to_be_visible(timeout=TIMEOUT_MS)
    assert statuses(desk, inside) == {Status.REJECTED}
    assert statuses(desk, outside) == {Status.HELD}
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text("All of it was undone.")).to_be_visible(timeout=TIMEOUT_MS)
    assert statuses(desk, inside + outside) == {Status.HELD}


def test_a_range_by_any_score_is_keyed_decided_and_undone_without_scripts(desk, contexts):
    inside = arrivals(desk, 3, "Mind the step", insult=0.8, threat=0.4)
    outside = arrivals(desk, 2, "Mind the gap", insult=0.8, threat=0.1)
    page = desk.sign_in(contexts(java_script_enabled=False), path="/desk/ranges")
    page.get_by_role("combobox", name=re.compile("^Score")).select_option("threat")
    page.get_by_role("spinbutton", name="from").fill("0.35")
    page.get_by_role("spinbutton", name="to").fill("0.45")
    page.get_by_role("spinbutton", name="to").press("Enter")
    expect(page).to_have_url(re.compile(r"by=threat&low=0\.35&high=0\.45"))
    expect(page.get_by_role("heading", name="3 comments from 0.35 to 0.45")).to_be_visible()
    page.get_by_role("button", name="Reject all").click()
    assert (statuses(desk, inside), statuses(desk, outside)) == ({Status.REJECTED}, {Status.HELD})
    page.goto(f"{desk.url}/desk?queue=decided")
    page.get_by_role("link", name=re.compile("^Look at them")).click()
    expect(page.get_by_text("threat from 0.35 to 0.45")).to_be_visible()
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text("All of it was undone.")).to_be_visible()
    assert statuses(desk, inside) == {Status.HELD}
