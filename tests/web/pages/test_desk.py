"""The first desk: what a moderator sees and does, form first and fragment second."""

import pytest

from service import usecases
from service.domain.comment import Article
from service.domain.status import Status
from service.domain.verdict import Action, Effort, Span
from tests.factories import ADDRESS
from tests.web.pages.desk import SCRIPT, act, card, follow, undo


def test_held_comments_of_all_sites_stand_oldest_first(small):
    """The queue shows what is held, from every site, in the order it came, and nothing else."""
    first = small.held(author_name="Ada")
    small.approved(author_name="Chi")
    second = small.held(small.herald, author_name="Bo", article=Article("https://herald.example/x"))
    page = small.signed_in().get("/desk")
    assert [one.attributes["id"] for one in page.tree.all("article")] == [f"c{first.pk}", f"c{second.pk}"]
    assert "herald.example/x" in card(page, second).text
    assert "The Courier › The bridge opens" in " ".join(card(page, first).text.split())


def test_a_card_says_what_carried_the_score(small):
    comment = small.held(body="What an utter fool you are.", spans=(Span(8, 18, "insult", 1.9),))
    shown = card(small.signed_in().get("/desk"), comment)
    mark = shown.one("mark")
    assert mark.text == "utter fool (insult +1.90)"
    assert mark.attributes["tabindex"] == "0"
    assert [ground.text for ground in shown.one("ul", class_="grounds").all("li")] == [
        "Held: insult 0.85 (limit 0.30)",
        "Held: toxicity 0.70 (limit 0.70)",
    ]
    crossed = shown.all("div", class_="crossed")
    assert [" ".join(one.text.split()) for one in crossed] == ["toxicity 0.70", "insult 0.85"]
    assert "made-up-1" in shown.text


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
    assert [one.attributes["id"] for one in page.tree.all("article")] == [f"c{second.pk}"]
    assert page.tree.one("div", class_="notice").one("p").text == f"{words} Ada"
    back = undo(browser, page.tree)
    assert back.headers["Location"].endswith(f"#c{first.pk}")
    assert "Undone: the comment is held again." in follow(browser, back).text
    assert small.again(first).status is Status.HELD


def test_a_decision_is_published_after_the_undo_time(small):
    comment, browser = small.held(), small.signed_in()
    act(browser, browser.get("/desk"), comment, "approve")
    assert usecases.publish_due(small.context.deps) == 0
    assert small.again(comment).published_revision is None
    small.clock.pass_seconds(5)
    assert usecases.publish_due(small.context.deps) == 1
    assert small.again(comment).published_revision == 1


def test_undo_before_publication_leaves_no_trace_outside(small):
    comment, browser = small.held(), small.signed_in()
    page = follow(browser, act(browser, browser.get("/desk"), comment, "approve"))
    undo(browser, page.tree)
    small.clock.pass_seconds(60)
    assert usecases.publish_due(small.context.deps) == 0
    with small.context.deps.store.read() as tx:
        told = [decision.action for decision, _ in tx.decisions.feed(small.courier.id, 0, 10)]
    assert told == [Action.HOLD]


def test_undo_after_publication_tells_the_site(small):
    comment, browser = small.held(), small.signed_in()
    act(browser, browser.get("/desk"), comment, "approve")
    small.clock.pass_seconds(5)
    usecases.publish_due(small.context.deps)
    undo(browser, browser.get("/desk?queue=decided").tree)
    again = small.again(comment)
    assert (again.status, again.published_revision) == (Status.HELD, None)
    with small.context.deps.store.read() as tx:
        told = [decision.action for decision, _ in tx.decisions.feed(small.courier.id, 0, 10)]
    assert told == [Action.HOLD, Action.APPROVE, Action.RESTORE]


def test_who_comes_second_sees_what_stands_and_who_decided(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get("/desk")
    small.judge(comment, Action.REJECT)
    answer = act(browser, page, comment, "approve")
    assert answer.status == 409
    assert "Somebody else decided since you saw it." in answer.text
    assert "Current decision: Rejected by Bo the other" in answer.text
    assert small.again(comment).status is Status.REJECTED
    assert act(browser, answer, comment, "approve").status == 303
    assert small.again(comment).status is Status.APPROVED


@pytest.mark.parametrize("headers", [{}, SCRIPT], ids=["page", "fragment"])
def test_a_note_outlives_a_collision(small, headers):
    comment, browser = small.held(), small.signed_in()
    form = card(browser.get("/desk"), comment).one("form", class_="acts")
    small.judge(comment, Action.REJECT)
    sent = form.fields() | {"action": "approve", "note": 'He said "fool" & left.'}
    answer = browser.post(form.attributes["action"], sent, **headers)
    assert answer.status == 409
    again = card(answer, comment).one("form", class_="acts")
    assert again.fields()["note"] == 'He said "fool" & left.'
    assert "open" in again.one("details", class_="reasons").attributes


def test_a_text_that_changed_since_is_not_decided_unseen(small):
    comment, browser = small.held(id="c-1"), small.signed_in()
    page = browser.get("/desk")
    small.submit(id="c-1", body="A new text, much nicer.")
    answer = act(browser, page, comment, "approve")
    assert answer.status == 409
    assert "this is revision 2" in answer.text
    assert "A new text, much nicer." in answer.text
    assert small.again(comment).status is Status.PENDING


def test_a_withdrawn_comment_cannot_be_decided(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get("/desk")
    usecases.withdraw(small.context.deps, small.courier, comment.id, "courier")
    answer = act(browser, page, comment, "approve")
    assert answer.status == 409
    assert not card(answer, comment).all("form")


def test_an_undo_that_comes_too_late_is_said_so(small):
    comment, browser = small.held(), small.signed_in()
    page = follow(browser, act(browser, browser.get("/desk"), comment, "spam"))
    undo(browser, page.tree)
    assert undo(browser, page.tree).status == 409


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


def test_the_panel_says_when_a_comment_was_scored_fast(small):
    fast = small.settle(small.submit(), {"toxicity": 0.7}, effort=Effort.FAST)
    full = small.held()
    page = small.signed_in().get("/desk")
    said = "Scored fast, by words and signals alone. A full score follows when there is time."
    assert said in " ".join(card(page, fast).text.split())
    assert "Scored fast" not in card(page, full).text


def test_the_late_queue_shows_what_no_score_reached(small):
    comment, browser = small.submit(), small.signed_in()
    assert not browser.get("/desk?queue=late").tree.all("article")
    small.clock.pass_seconds(301)
    page = browser.get("/desk?queue=late")
    assert "No score yet." in card(page, comment).text
    assert page.tree.one("span", class_="state late").text == "late"
    answer = act(browser, page, comment, "approve")
    assert answer.headers["Location"].startswith("/desk?queue=late")
    assert small.again(comment).status is Status.APPROVED


def test_the_late_queue_has_pages(small):
    for n in range(10):
        small.submit(body=f"The bridge, part {n}.")
    small.clock.pass_seconds(301)
    browser = small.signed_in()
    first = browser.get("/desk?queue=late")
    (link,) = [one for one in first.tree.one("nav", class_="pages").all("a") if one.text == "Next page"]
    second = browser.get(link.attributes["href"])
    assert [len(page.tree.all("article")) for page in (first, second)] == [8, 2]
    assert "The bridge, part 8." in second.text


def test_the_decided_queue_shows_peoples_decisions_latest_first(small):
    first, second, browser = small.held(), small.held(author_name="Bo"), small.signed_in()
    page = browser.get("/desk")
    act(browser, page, first, "approve")
    act(browser, page, second, "spam")
    rows = browser.get("/desk?queue=decided").tree.all("li", class_="card row")
    assert [row.attributes["id"] for row in rows] == [f"c{second.pk}", f"c{first.pk}"]
    assert "Marked as spam by Mara" in " ".join(rows[0].text.split())
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
        seen += [one.attributes["id"] for one in page.tree.all("article")]
        links = [
            link for link in page.tree.one("nav", aria_label="Pages").all("a") if link.text == "Next page"
        ]
        url = links[0].attributes["href"] if links else url
    assert seen == [f"c{comment.pk}" for comment in made]
    last = browser.get(url)
    answer = act(browser, last, made[17], "approve")
    assert answer.headers["Location"].startswith(f"{url}&done=")


def test_the_queues_count_what_waits(small):
    small.held()
    small.submit(author_name="Bo")
    queues = small.signed_in().get("/desk").tree.one("ul", class_="queues").all("a")
    assert [queue.text for queue in queues][:6] == [
        "Held 1",
        "Late",
        "Reported 0",
        "Set aside 0",
        "Appeals 0",
        "Decided",
    ]


@pytest.mark.parametrize("queue", ["held", "late", "reported", "aside", "appeals", "decided"])
def test_an_empty_queue_says_so(small, queue):
    assert small.signed_in().get(f"/desk?queue={queue}").tree.one("p", class_="empty")


@pytest.mark.parametrize(
    "query",
    [
        "queue=none",
        "after=-1",
        "after=x",
        "after=" + "9" * 400,
        "after=%00",
        "done=1",
        "done=x",
        "undone=999",
        "queue=decided&after=0",
        "after=٣",
    ],
)
def test_a_made_up_place_is_the_beginning(small, query):
    small.held()
    assert small.signed_in().get(f"/desk?{query}").status == 200


@pytest.mark.parametrize("path", ["/desk/comments/77", "/desk/comments/0", "/desk/comments/" + "9" * 30])
def test_a_comment_that_is_not_there_is_not_found(small, path):
    browser = small.signed_in()
    tag = browser.get("/desk").tree.one("form", class_="person").fields()["csrf"]
    assert browser.get(path).status == 404
    assert browser.post(f"{path}/decision", {"csrf": tag, "action": "approve", "revision": "1"}).status == 404
    assert browser.post(f"{path}/undo", {"csrf": tag, "decision": "1"}).status == 404


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "approve"},
        {"action": "erase", "revision": "1"},
        {"action": "approve", "revision": "one"},
        {"action": "approve", "revision": "-1"},
        {"action": "approve", "revision": "9" * 50},
    ],
)
def test_an_incomplete_form_changes_nothing(small, fields):
    comment, browser = small.held(), small.signed_in()
    tag = browser.get("/desk").tree.one("form", class_="person").fields()["csrf"]
    assert browser.post(f"/desk/comments/{comment.pk}/decision", fields | {"csrf": tag}).status == 400
    assert browser.post(f"/desk/comments/{comment.pk}/undo", {"csrf": tag, "decision": "x"}).status == 400
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
