"""Copies are one row on the desk, decided in one act and undone in one act, without a script too."""

from service import usecases
from service.domain.status import Status
from service.domain.verdict import Action, Who
from tests.web.pages.desk import ADVERT, adverts, arrive, follow
from tests.web.pages.installation import build_small


def press(browser, form, **more):
    """Send a form as it stands, with the button that was pressed."""
    return browser.post(form.attributes["action"], form.fields() | more)


def statuses(small, comments):
    return {small.again(comment).status for comment in comments}


def test_copies_are_one_row_with_their_number(small):
    copies = arrive(small, *adverts(5))
    (other,) = arrive(small, "The council meets on Monday to talk about the library roof.")
    page = small.signed_in().get("/desk")
    assert [one.attributes["id"] for one in page.tree.all("article")] == [f"c{copies[0].pk}", f"c{other.pk}"]
    (alike,) = page.tree.all("section", class_="alike")
    assert "4 more like this are held." in " ".join(alike.text.split())


def test_a_cluster_is_decided_and_taken_back_in_one_act(small):
    copies = arrive(small, *adverts(5))
    browser = small.signed_in()
    form = browser.get("/desk").tree.one("section", class_="alike").one("form")
    done = follow(browser, press(browser, form, action="spam"))
    assert "Marked as spam: 5 comments." in done.text
    assert statuses(small, copies) == {Status.SPAM}
    assert statuses(small, arrive(small, ADVERT.format(n=77))) == {Status.SPAM}
    (undo,) = [one for one in done.tree.all("form") if "/bulk/" in one.attributes["action"]]
    back = follow(browser, press(browser, undo))
    assert "All of it was undone." in back.text
    assert statuses(small, copies) == {Status.HELD}


def test_an_old_bulk_decision_is_undone_after_a_second_look(small):
    copies = arrive(small, *adverts(3))
    browser = small.signed_in()
    form = browser.get("/desk").tree.one("section", class_="alike").one("form")
    press(browser, form, action="spam")
    small.clock.pass_seconds(61)
    (undo,) = [
        one
        for one in browser.get("/desk?queue=decided").tree.all("form")
        if "/bulk/" in one.attributes["action"]
    ]
    asked = press(browser, undo)
    assert "This bulk decision is older than a minute. Undo all of it?" in asked.text
    assert statuses(small, copies) == {Status.SPAM}
    back = follow(browser, press(browser, asked.tree.one("section", class_="clash").one("form")))
    assert "All of it was undone." in back.text
    assert statuses(small, copies) == {Status.HELD}


def test_a_decided_cluster_says_so_and_offers_nothing_to_decide(small):
    copies = arrive(small, *adverts(3))
    browser = small.signed_in()
    form = browser.get("/desk").tree.one("section", class_="alike").one("form")
    press(browser, form, action="spam")
    page = browser.get(f"/desk/comments/{copies[0].pk}/duplicates")
    assert "Marked as spam by Mara." in " ".join(page.text.split())
    assert "Copies that arrive are decided alike until" in page.text
    assert [one for one in page.tree.all("a") if "/bulk/" in one.attributes["href"]]
    assert not [one for one in page.tree.all("button") if one.attributes.get("name") == "action"]


def test_of_two_who_have_a_cluster_open_the_second_is_told(small):
    copies = arrive(small, *adverts(3))
    lea, bea = small.signed_in("Lea"), small.signed_in("Bea")
    place = f"/desk/comments/{copies[0].pk}/duplicates"
    forms = [one.get(place).tree.one("form", class_="form-row") for one in (lea, bea)]
    assert press(lea, forms[0], action="reject").status == 303
    refused = press(bea, forms[1], action="approve")
    assert refused.status == 409
    told = " ".join(refused.text.split())
    assert "Your decision was not carried out." in told
    assert "Rejected by Lea." in told
    assert "Copies that arrive are decided alike until" in told
    (late,) = arrive(small, ADVERT.format(n=77))
    assert late.status is Status.REJECTED
    usecases.undo(small.context.deps, small.courier, copies[0].id, Who.MODERATOR, "Lea")
    fresh = bea.get(place).tree.one("form", class_="form-row")
    assert press(bea, fresh, action="approve").status == 303
    assert small.again(copies[0]).status is Status.APPROVED


def test_the_copies_can_be_looked_at_first(small):
    copies = arrive(small, *adverts(3))
    browser = small.signed_in()
    page = browser.get(f"/desk/comments/{copies[0].pk}/duplicates")
    assert all(f"page-{n}.example" in page.text for n in range(3))
    assert "3 comments like this are held" in page.text
    follow(browser, press(browser, page.tree.one("form", class_="form-row"), action="reject"))
    assert statuses(small, copies) == {Status.REJECTED}


def test_a_form_for_another_cluster_changes_nothing(small):
    copies = arrive(small, *adverts(2))
    browser = small.signed_in()
    form = browser.get("/desk").tree.one("section", class_="alike").one("form")
    target = form.attributes["action"]
    assert browser.post(target, form.fields() | {"action": "spam", "cluster": "999"}).status == 404
    assert browser.post(target, form.fields() | {"action": "burn"}).status == 400
    assert browser.post("/desk/bulk/999/undo", {"csrf": form.fields()["csrf"]}).status == 404
    assert browser.get("/desk/comments/999/duplicates").status == 404
    assert statuses(small, copies) == {Status.HELD}


def test_an_act_on_many_is_undone_from_the_queue_of_decisions_too(small):
    copies = arrive(small, *adverts(3))
    browser = small.signed_in()
    form = browser.get("/desk").tree.one("section", class_="alike").one("form")
    press(browser, form, action="spam")
    small.clock.pass_seconds(60)
    usecases.publish_due(small.context.deps)
    queue = browser.get("/desk?queue=decided")
    (act,) = queue.tree.one("section", aria_labelledby="acts-title").all("li")
    assert "Marked as spam: 3 comments." in act.text
    assert "Copies that arrive are decided alike until" in act.text
    after = follow(browser, press(browser, act.one("form")))
    assert "All of it was undone." in after.text
    assert "Bulk decisions" not in after.text
    assert statuses(small, copies) == {Status.HELD}
    assert {small.again(one).status for one in arrive(small, *adverts(2))} == {Status.HELD}


def test_an_act_on_many_stands_folded_above_what_was_decided_one_by_one(small):
    alone = small.held()
    copies = arrive(small, *adverts(60))
    browser = small.signed_in()
    small.judge(alone, Action.APPROVE)
    form = next(iter(browser.get("/desk").tree.all("section", class_="alike"))).one("form")
    press(browser, form, action="spam")
    queue = browser.get("/desk?queue=decided")
    (act,) = queue.tree.one("section", aria_labelledby="acts-title").all("li")
    assert "Marked as spam: 60 comments." in act.text
    assert "copies of one comment" in act.text
    assert [
        one.attributes["id"] for one in queue.tree.all("li", class_="card row") if "id" in one.attributes
    ] == [f"c{alone.pk}"]
    (link,) = [one.attributes["href"] for one in act.all("a")]
    members = browser.get(link)
    rows = members.tree.all("li", class_="card row")
    assert len(rows) == 50
    undone = press(browser, rows[0].one("form"))
    assert undone.status == 303
    assert small.again(copies[0]).status is Status.HELD
    (more,) = [one.attributes["href"] for one in members.tree.all("a") if "after=" in one.attributes["href"]]
    assert len(browser.get(more).tree.all("li", class_="card row")) == 10
    assert "overruled" in browser.get(link).text
    assert browser.get("/desk/bulk/999").status == 404


def test_a_range_says_in_the_queue_of_decisions_how_it_was_chosen(small):
    small.settle(small.submit(body="A foolish thing."), {"identity_attack": 0.61, "insult": 0.7})
    browser = small.signed_in()
    page = browser.get("/desk/ranges?by=identity_attack&low=0.6&high=0.7")
    press(browser, page.tree.one("form", class_="form-row"), action="reject")
    assert "identity attack from 0.6 to 0.7" in browser.get("/desk?queue=decided").text


def test_the_box_of_the_cluster_comes_back_with_an_undo(small):
    copies = arrive(small, *adverts(3))
    browser = small.signed_in()
    card = browser.get("/desk").tree.one("form", class_="acts")
    slim = browser.post(card.attributes["action"], card.fields() | {"action": "approve"}, HX_Request="true")
    undo = slim.tree.all("form")[0]
    back = browser.post(undo.attributes["action"], undo.fields(), HX_Request="true")
    assert back.tree.all("section", class_="alike")
    assert browser.get(f"/desk/comments/{copies[0].pk}").tree.all("section", class_="alike")


def test_an_act_that_was_taken_back_can_still_be_looked_at(tmp_path, store):
    small = build_small(tmp_path, store)
    copies = arrive(small, *adverts(2))
    browser = small.signed_in()
    form = browser.get("/desk").tree.one("section", class_="alike").one("form")
    done = follow(browser, press(browser, form, action="spam"))
    (undo,) = [one for one in done.tree.all("form") if "/bulk/" in one.attributes["action"]]
    press(browser, undo)
    page = browser.get(undo.attributes["action"].removesuffix("/undo"))
    assert page.status == 200
    assert [one.attributes["id"] for one in page.tree.all("li", class_="card row")] == [
        f"c{one.pk}" for one in copies
    ]
    assert not [one for one in page.tree.all("form") if "/bulk/" in one.attributes["action"]]
