"""What an hour at the desk taught: every way leads back, every empty queue says why, notes reach whom they are for."""

import html

import pytest

from service.domain.status import Status
from service.privacy.sealing import Address
from tests.web.pages.desk import act, appealed, card, follow, undo

PLACE = "/desk?sort=score&site=courier"


def way_back(page):
    return html.unescape(page.tree.all("a", class_="button")[-1].attributes["href"])


def test_every_look_aside_leads_back_to_the_same_place(small):
    comment, browser = small.held(), small.signed_in()
    links = [html.unescape(a.attributes["href"]) for a in card(browser.get(PLACE), comment).all("a")]
    aside = [link for link in links if "at=" in link]
    assert len(aside) == 3
    for link in aside:
        page = browser.get(link)
        assert way_back(page).startswith(PLACE)
        if "author" in link or "article" in link:
            form = next(one for one in page.tree.all("form") if "at=" in one.attributes["action"])
            changed = form.fields() | {"author_status": "banned", "watch": "yes"}
            answer = browser.post(html.unescape(form.attributes["action"]), changed)
            assert way_back(follow(browser, answer)).startswith(PLACE)


def test_a_queue_in_other_hands_is_not_called_clear(small):
    small.held()
    small.signed_in("Noor").get("/desk")
    late = small.signed_in("Mara").get("/desk")
    assert "assigned to others" in late.text
    assert "The queue is clear" not in late.text


def test_who_set_a_comment_aside_says_why(small):
    comment, browser = small.held(), small.signed_in("Noor")
    form = card(browser.get("/desk"), comment).one("form", class_="acts")
    browser.send(form, {"action": "hold", "note": "Is this the mayor?"})
    shown = card(small.signed_in("Mara").get("/desk?queue=aside"), comment).text
    assert "Set aside by Noor" in " ".join(shown.split())
    assert "Is this the mayor?" in shown


def test_a_ban_keeps_its_end_until_somebody_changes_it(small):
    comment, browser = small.held(), small.signed_in()
    path = f"/desk/comments/{comment.pk}/author"
    form = browser.get(path).tree.one("section", class_="author-status card").one("form")
    browser.post(path, form.fields() | {"author_status": "banned", "reason": "Rude.", "days": "7"})
    assert "until 29 November 2026" in browser.get(path).text
    assert "selected" in browser.get(path).tree.one("option", value="same").attributes
    browser.post(path, form.fields() | {"author_status": "banned", "reason": "Rude, often.", "days": "same"})
    page = browser.get(path)
    assert "Rude, often." in page.text
    assert "until 29 November 2026" in page.text


def test_severe_words_are_blurred_until_a_person_has_decided(small):
    comment = small.settle(small.submit(body="I will find you."), {"threat": 0.9, "toxicity": 0.9})
    browser, other = small.signed_in("Mara"), small.signed_in("Noor")
    path = f"/desk/comments/{comment.pk}"
    page = browser.get(path)
    form = card(page, comment).one("form", class_="acts")
    act(other, other.get(path), comment, "spam")
    clash = browser.send(form, {"action": "reject"})
    assert clash.status == 409
    blurred = "card severe"
    assert [card(one, comment).attributes["class"] for one in (page, clash)] == [blurred, "card"]
    undo(other, other.get("/desk?queue=decided").tree)
    assert card(browser.get(path), comment).attributes["class"] == blurred


def test_an_appeal_against_ones_own_decision_is_left_to_others(small):
    _, pk = appealed(small)
    noor = small.signed_in("Noor").get("/desk?queue=appeals")
    assert "data-theirs" in noor.tree.one("article", id=f"c{pk}").attributes
    page = small.signed_in("Mara").get("/desk?queue=appeals")
    assert page.tree.one("article", id=f"c{pk}").one("form", class_="answer")


def test_what_a_banned_author_left_behind_goes_in_one_act(small):
    browser, other = small.signed_in("Mara"), small.signed_in("Noor")
    made = [small.held(body=f"Rude, for the {n}th time.") for n in range(3)]
    page = browser.get(f"/desk/comments/{made[0].pk}/author?at=sort%3Dscore")
    form = next(one for one in page.tree.all("form") if "/author/held" in one.attributes["action"])
    later = small.held(body="Rude, and once more.")
    somebody = small.held(body="Not theirs.", author_name="Bo", email=Address.parse("bo@mail.example"))
    answer = browser.send(form, {"action": "reject"})
    page = follow(browser, answer)
    assert "sort=score" in answer.headers["Location"]
    assert "Rejected: 3 comments." in page.text
    assert [small.again(one).status for one in (*made, later, somebody)] == ["rejected"] * 3 + ["held"] * 2
    undo(browser, page.tree.one("div", class_="notice"))
    assert {small.again(one).status for one in made} == {Status.HELD}
    other.get("/desk")
    browser.send(form, {"action": "reject"})
    assert {small.again(one).status for one in made} == {Status.HELD}, "they are in another moderator's hands"


def test_every_page_of_the_desk_speaks_german_too_and_says_so_to_caches(small):
    for path in ("/desk/sign-in", "/desk/sign-in/abc", "/desk", "/desk/help"):
        page = small.browser().get(path, Accept_Language="de")
        assert "Accept-Language" in page.headers["Vary"]
        assert "Accept-Language" in small.signed_in().get(path).headers["Vary"]
        if "sign-in" in path:
            assert page.tree.one("html").attributes["lang"] == "de"
            assert "Link" in page.text
            assert "link" not in page.text.replace("Link", "")
    missing = small.signed_in().get("/desk/comments/999", Accept_Language="de")
    assert missing.tree.one("html").attributes["lang"] == "de"


@pytest.mark.parametrize("path", ["/nowhere", "/desk/nowhere", "/sites/courier/nowhere"])
def test_who_is_lost_is_told_in_their_language(small, path):
    page = small.browser().get(path, Accept_Language="de")
    assert (page.status, page.tree.one("html").attributes["lang"]) == (404, "de")
    assert page.tree.one("h1").text == "Diese Seite gibt es nicht"
    assert "Accept-Language" in page.headers["Vary"]
    ways = [link.attributes["href"] for link in page.tree.all("a")]
    assert ways == (["/desk"] if path.startswith("/desk") else [])
    assert "key" not in small.browser().get(path).text
