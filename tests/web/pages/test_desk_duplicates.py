"""Copies are one row on the desk, decided in one act and undone in one act, without a script too."""

import pytest

from service.domain.verdict import Action
from tests.web.pages.desk import (
    ADVERT,
    SCRIPT,
    adverts,
    arrive,
    bulk_undo,
    follow,
    press,
    shown,
    statuses,
    undo,
)
from tests.web.pages.installation import build_small

SPAM, HELD = "spam", "held"


def cluster_form(browser):
    """The form of the queue that decides a comment with its copies."""
    return browser.get("/desk").tree.one("section", class_="alike").one("form")


def bulk_decisions(page):
    return page.tree.one("section", aria_labelledby="acts-title").all("li")


def rows(page):
    return [one for one in page.tree.all("li", class_="card row") if "id" in one.attributes]


def test_copies_are_one_row_with_their_number(small):
    copies = arrive(small, *adverts(5))
    (other,) = arrive(small, "The council meets on Monday to talk about the library roof.")
    page = small.signed_in().get("/desk")
    assert shown(page) == [copies[0].pk, other.pk]
    assert "4 more like this are held." in page.tree.one("section", class_="alike").words
    assert "× 5" in page.tree.one("li", id=f"r{copies[0].pk}").text


@pytest.mark.parametrize("seconds", [0, 61])
def test_a_cluster_is_decided_and_taken_back_in_one_act(small, seconds):
    """After a minute its undo asks whether all of it is meant."""
    copies, browser = arrive(small, *adverts(5)), small.signed_in()
    done = press(browser, cluster_form(browser), "spam")
    assert "Marked as spam: 5 comments." in done.text
    assert statuses(small, [*copies, *arrive(small, ADVERT.format(n=77))]) == [SPAM] * 6
    small.clock.pass_seconds(seconds)
    taken = browser.send(bulk_undo(done.tree))
    if seconds:
        assert "This bulk decision is older than a minute. Undo all of it?" in taken.text
        assert statuses(small, copies) == [SPAM] * 5
        taken = browser.send(taken.tree.one("section", class_="clash").one("form"))
    assert "All of it was undone." in follow(browser, taken).text
    assert statuses(small, copies) == [HELD] * 5


def test_a_decided_cluster_says_so_and_offers_nothing_to_decide(small):
    copies, browser = arrive(small, *adverts(3)), small.signed_in()
    press(browser, cluster_form(browser), "spam")
    page = browser.get(f"/desk/comments/{copies[0].pk}/duplicates")
    assert "Marked as spam by Mara." in page.text
    assert "Copies that arrive are decided alike until" in page.text
    assert [one for one in page.tree.all("a") if "/bulk/" in one.attributes["href"]]
    assert not page.tree.all("button", name="action")


def test_of_two_who_have_a_cluster_open_the_second_is_told(small):
    copies = arrive(small, *adverts(3))
    lea, bea = small.signed_in("Lea"), small.signed_in("Bea")
    place = f"/desk/comments/{copies[0].pk}/duplicates"
    page = lea.get(place)
    assert all(f"page-{n}.example" in page.text for n in range(3))
    assert "3 comments like this are held" in page.text
    forms = [one.get(place).tree.one("form", class_="form-row") for one in (lea, bea)]
    press(lea, forms[0], "reject")
    assert statuses(small, copies) == ["rejected"] * 3
    refused = bea.send(forms[1], {"action": "approve"})
    assert refused.status == 409
    assert "Your decision was not carried out." in refused.text
    assert "Rejected by Lea." in refused.text
    assert "Copies that arrive are decided alike until" in refused.text
    assert statuses(small, arrive(small, ADVERT.format(n=77))) == ["rejected"]
    small.undo(copies[0], "Lea")
    press(bea, bea.get(place).tree.one("form", class_="form-row"), "approve")
    assert statuses(small, copies[:1]) == ["approved"]


def test_a_form_for_another_cluster_changes_nothing(small):
    copies, browser = arrive(small, *adverts(2)), small.signed_in()
    form = cluster_form(browser)
    assert browser.send(form, {"action": "spam", "cluster": "999"}).status == 404
    assert browser.send(form, {"action": "burn"}).status == 400
    assert browser.post("/desk/bulk/999/undo", {"csrf": form.fields()["csrf"]}).status == 404
    for nowhere in ("/desk/comments/999/duplicates", "/desk/bulk/999"):
        assert browser.get(nowhere).status == 404
    assert statuses(small, copies) == [HELD] * 2


def test_a_bulk_decision_is_undone_from_the_queue_of_decisions_too(small):
    copies, browser = arrive(small, *adverts(3)), small.signed_in()
    press(browser, cluster_form(browser), "spam")
    small.publish(60)
    (act,) = bulk_decisions(browser.get("/desk?queue=decided"))
    assert "Marked as spam: 3 comments." in act.text
    assert "Copies that arrive are decided alike until" in act.text
    after = follow(browser, browser.send(act.one("form")))
    assert "All of it was undone." in after.text
    assert "Bulk decisions" not in after.text
    assert statuses(small, [*copies, *arrive(small, *adverts(2))]) == [HELD] * 5


def test_a_bulk_decision_stands_folded_above_what_was_decided_one_by_one(small):
    alone, copies, browser = small.held(), arrive(small, *adverts(60)), small.signed_in()
    small.judge(alone, Action.APPROVE)
    press(browser, cluster_form(browser), "spam")
    queue = browser.get("/desk?queue=decided")
    (act,) = bulk_decisions(queue)
    assert "Marked as spam: 60 comments." in act.text
    assert "copies of one comment" in act.text
    assert [one.attributes["id"] for one in rows(queue)] == [f"c{alone.pk}"]
    link = act.one("a").attributes["href"]
    members = browser.get(link)
    assert len(rows(members)) == 50
    assert undo(browser, rows(members)[0]).status == 303
    assert statuses(small, copies[:1]) == [HELD]
    (more,) = [one.attributes["href"] for one in members.tree.all("a") if "after=" in one.attributes["href"]]
    assert len(rows(browser.get(more))) == 10
    assert "overruled" in browser.get(link).text


def test_the_box_of_the_cluster_comes_back_with_an_undo(small):
    copies, browser = arrive(small, *adverts(3)), small.signed_in()
    form = browser.get("/desk").tree.one("form", class_="acts")
    slim = browser.send(form, {"action": "approve"}, **SCRIPT)
    assert undo(browser, slim.tree, **SCRIPT).tree.all("section", class_="alike")
    assert browser.get(f"/desk/comments/{copies[0].pk}").tree.all("section", class_="alike")


def test_a_bulk_decision_that_was_taken_back_can_still_be_looked_at(tmp_path, store):
    small = build_small(tmp_path, store)
    copies, browser = arrive(small, *adverts(2)), small.signed_in()
    form = bulk_undo(press(browser, cluster_form(browser), "spam").tree)
    browser.send(form)
    page = browser.get(form.attributes["action"].removesuffix("/undo"))
    assert [one.attributes["id"] for one in rows(page)] == [f"c{one.pk}" for one in copies]
    assert not [one for one in page.tree.all("form") if "/bulk/" in one.attributes["action"]]
