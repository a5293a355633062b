"""The first desk: what a moderator sees and does, form first and fragment second."""

import pytest

from service import usecases
from service.domain.comment import Article
from service.domain.status import Status
from service.domain.verdict import Action, Effort, Span
from tests.factories import ADDRESS
from tests.web.pages.desk import SCRIPT, act, card, csrf, follow, shown, undo


def test_held_comments_of_all_sites_stand_oldest_first(small):
    first = small.held(author_name="Ada")
    small.approved(author_name="Chi")
    second = small.held(small.herald, author_name="Bo", article=Article("https://herald.example/x"))
    browser = small.signed_in()
    page = browser.get("/desk")
    assert shown(page) == [first.pk, second.pk]
    assert "herald.example/x" in card(page, second).text
    assert "The Courier › The bridge opens" in card(page, first).words
    queues = page.tree.one("ul", class_="queues").all("a")[:7]
    assert [one.text for one in queues] == [
        "Held 2", "Late", "Reported 0", "Set aside 0", "Appeals 0", "Published", "Decided",
    ]  # fmt: skip
    for queue in ("late", "reported", "aside", "appeals", "decided"):
        assert browser.get(f"/desk?queue={queue}").tree.one("p", class_="empty")


def test_a_card_says_what_carried_the_score(small):
    comment = small.held(body="What an utter fool you are.", spans=(Span(8, 18, "insult", 1.9),))
    seen = card(small.signed_in().get("/desk"), comment)
    mark = seen.one("mark")
    assert mark.text == "utter fool (insult +1.90)"
    assert mark.attributes["tabindex"] == "0"
    assert [ground.text for ground in seen.one("ul", class_="grounds").all("li")] == [
        "Held: insult 0.85 (limit 0.30)",
        "Held: toxicity 0.70 (limit 0.70)",
    ]
    crossed = seen.all("div", class_="crossed")
    assert [one.words for one in crossed] == ["toxicity 0.70", "insult 0.85"]
    assert "made-up-1" in seen.text
    assert "Scored fast" not in seen.text
    fast = small.settle(small.submit(), {"toxicity": 0.7}, effort=Effort.FAST)
    said = "Scored fast, by words and signals alone. A full score follows when there is time."
    assert said in card(small.signed_in("Noor").get(f"/desk/comments/{fast.pk}"), fast).words


def test_everything_a_reader_wrote_is_text(small):
    hostile = "<script>alert(1)</script>\"'><img src=x>"
    comment = small.held(
        author_name=hostile, body=hostile, article=Article("https://courier.example/a", hostile), spans=()
    )
    browser = small.signed_in()
    page = browser.get("/desk")
    assert card(page, comment).one("h2").one("bdi").text == hostile
    assert hostile in card(page, comment).one("div", class_="text").text
    assert not page.tree.all("img")
    assert all(script.attributes["src"].startswith("/assets/") for script in page.tree.all("script"))


@pytest.mark.parametrize(
    ("action", "status", "words"),
    [
        ("approve", Status.APPROVED, "Approved."),
        ("reject", Status.REJECTED, "Rejected."),
        ("spam", Status.SPAM, "Marked as spam."),
    ],
)
def test_a_decision_leads_back_to_the_same_place_with_an_undo(small, action, status, words):
    first, second = small.held(), small.held(author_name="Bo")
    browser = small.signed_in()
    answer = act(browser, browser.get("/desk"), first, action)
    assert answer.headers["Location"].endswith(f"#c{second.pk}")
    assert small.again(first).status is status
    page = follow(browser, answer)
    assert shown(page) == [second.pk]
    assert page.tree.one("div", class_="notice").one("p").text == f"{words} Ada"
    back = undo(browser, page.tree)
    assert back.headers["Location"].endswith(f"#c{first.pk}")
    assert "Undone: the comment is held again." in follow(browser, back).text
    assert small.again(first).status is Status.HELD


def test_a_decision_is_published_after_the_undo_time_and_undone_for_all(small):
    comment, browser = small.held(), small.signed_in()
    undo(browser, follow(browser, act(browser, browser.get("/desk"), comment, "approve")).tree)
    assert (small.publish(60), small.feed()) == (0, [Action.HOLD])
    act(browser, browser.get("/desk"), comment, "approve")
    assert (small.publish(), small.again(comment).published_revision) == (0, None)
    assert (small.publish(5), small.again(comment).published_revision) == (1, 1)
    late = browser.get("/desk?queue=decided").tree
    undo(browser, late)
    again = small.again(comment)
    assert (again.status, again.published_revision) == (Status.HELD, None)
    assert small.feed() == [Action.HOLD, Action.APPROVE, Action.RESTORE]
    assert undo(browser, late).status == 409


@pytest.mark.parametrize("headers", [{}, SCRIPT], ids=["page", "fragment"])
def test_who_comes_second_sees_what_stands_and_keeps_the_note(small, headers):
    comment, browser = small.held(), small.signed_in()
    form = card(browser.get("/desk"), comment).one("form", class_="acts")
    small.judge(comment, Action.REJECT)
    answer = browser.send(form, {"action": "approve", "note": 'He said "fool" & left.'}, **headers)
    assert answer.status == 409
    assert "Somebody else decided since you saw it." in answer.text
    assert "Current decision: Rejected by Bo the other" in answer.text
    again = card(answer, comment).one("form", class_="acts")
    assert again.fields()["note"] == 'He said "fool" & left.'
    assert "open" in again.one("details", class_="reasons").attributes
    assert small.again(comment).status is Status.REJECTED
    assert act(browser, answer, comment, "approve", **headers).status == (200 if headers else 303)
    assert small.again(comment).status is Status.APPROVED


def test_what_changed_or_went_since_is_not_decided_unseen(small):
    comment, browser = small.held(id="c-1"), small.signed_in()
    page = browser.get("/desk")
    small.submit(id="c-1", body="A new text, much nicer.")
    answer = act(browser, page, comment, "approve")
    assert answer.status == 409
    assert "this is revision 2" in answer.text
    assert "A new text, much nicer." in answer.text
    assert small.again(comment).status is Status.PENDING
    usecases.withdraw(small.deps, small.courier, comment.id, "courier")
    answer = act(browser, page, comment, "approve")
    assert (answer.status, card(answer, comment).all("form")) == (409, [])


def test_a_script_gets_the_fragment_that_changed(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get("/desk")
    done = act(browser, page, comment, "approve", **SCRIPT)
    assert done.status == 200
    assert done.html.startswith(f'<article class="card slim" id="c{comment.pk}"')
    assert done.tree.one("p", id="live").text == "Approved."
    clash = act(browser, page, comment, "spam", **SCRIPT)
    assert clash.status == 409
    assert "Your decision was not carried out." in card(clash, comment).text
    back = undo(browser, done.tree, **SCRIPT)
    assert back.status == 200
    assert card(back, comment).one("form", class_="acts")


def test_the_late_queue_shows_what_no_score_reached(small):
    comment, browser = small.submit(), small.signed_in()
    assert not browser.get("/desk?queue=late").tree.all("article")
    for n in range(9):
        small.submit(body=f"The bridge, part {n}.")
    small.clock.pass_seconds(301)
    page = browser.get("/desk?queue=late")
    second = browser.get(next_page(page))
    assert [len(shown(one)) for one in (page, second)] == [8, 2]
    assert "The bridge, part 8." in second.text
    assert "No score yet." in card(page, comment).text
    assert card(page, comment).one("span", class_="state late").text == "late"
    answer = act(browser, page, comment, "approve")
    assert answer.headers["Location"].startswith("/desk?queue=late")
    assert small.again(comment).status is Status.APPROVED


def test_the_decided_queue_shows_peoples_decisions_latest_first(small):
    first, second, browser = small.held(), small.held(author_name="Bo"), small.signed_in()
    page = browser.get("/desk")
    act(browser, page, first, "approve")
    act(browser, page, second, "spam")
    rows = browser.get("/desk?queue=decided").tree.all("li", class_="card row")
    assert [row.attributes["id"] for row in rows] == [f"c{second.pk}", f"c{first.pk}"]
    assert "Marked as spam by Mara" in rows[0].words
    assert "sent in 5 s" in rows[0].text
    again = browser.get(f"/desk/comments/{first.pk}?queue=decided")
    act(browser, again, first, "reject")
    rows = browser.get("/desk?queue=decided").tree.all("li", class_="card row")
    assert [row.attributes["id"] for row in rows] == [f"c{first.pk}", f"c{second.pk}"]


def test_long_queues_have_pages_and_acts_stay_on_theirs(small):
    made = [small.held(author_name=f"Reader {n}") for n in range(20)]
    browser, seen, url = small.signed_in(), [], "/desk"
    for _ in range(3):
        page = browser.get(url)
        seen += shown(page)
        url = next_page(page) or url
    assert seen == [comment.pk for comment in made]
    last = browser.get(url)
    answer = act(browser, last, made[17], "approve")
    assert answer.headers["Location"].startswith(f"{url}&done=")


def next_page(page):
    links = [link for link in page.tree.one("nav", aria_label="Pages").all("a") if link.text == "Next page"]
    return links[0].attributes["href"] if links else None


def test_a_made_up_place_is_the_beginning(small):
    small.held()
    browser = small.signed_in()
    for query in (
        "queue=none", "after=-1", "after=x", "after=" + "9" * 400, "after=%00", "done=1", "done=x", "undone=999",
        "queue=decided&after=0", "after=٣",
    ):  # fmt: skip
        assert browser.get(f"/desk?{query}").status == 200


def test_a_comment_that_is_not_there_is_not_found(small):
    browser = small.signed_in()
    tag = csrf(browser.get("/desk"))
    for pk in ("77", "0", "9" * 30):
        path = f"/desk/comments/{pk}"
        assert browser.get(path).status == 404
        assert (
            browser.post(f"{path}/decision", {"csrf": tag, "action": "approve", "revision": "1"}).status
            == 404
        )
        assert browser.post(f"{path}/undo", {"csrf": tag, "decision": "1"}).status == 404


def test_an_incomplete_form_changes_nothing(small):
    comment, browser = small.held(), small.signed_in()
    tag, path = {"csrf": csrf(browser.get("/desk"))}, f"/desk/comments/{comment.pk}"
    for fields in ({}, {"action": "approve"}, {"action": "erase", "revision": "1"}):
        assert browser.post(f"{path}/decision", fields | tag).status == 400
    for revision in ("one", "-1", "9" * 50):
        sent = {"action": "approve", "revision": revision} | tag
        assert browser.post(f"{path}/decision", sent).status == 400
    assert browser.post(f"{path}/undo", tag | {"decision": "x"}).status == 400
    assert small.again(comment) == comment


def test_no_page_of_the_desk_shows_an_address_an_author_key_or_an_ip(small):
    comment = small.held(body=f"Write to {ADDRESS}!", author_name=f"Ada {ADDRESS}")
    browser = small.signed_in()
    pages = [browser.get(url) for url in ("/desk", "/desk?queue=decided", f"/desk/comments/{comment.pk}")]
    small.judge(comment, Action.REJECT)
    pages.append(act(browser, pages[0], comment, "approve"))
    for page in pages:
        assert "canary" not in page.html
        assert (comment.author_key or "?") not in page.html
    assert "⟦email⟧" in pages[0].text
