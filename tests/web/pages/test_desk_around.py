"""What lies around a comment on the desk: queues, filters, reasons, appeals, authors, search, views, language, care."""

from datetime import UTC, datetime

from service import usecases
from service.domain.author_status import AuthorStatus
from service.domain.comment import Article, Source
from service.domain.status import Status
from service.domain.verdict import Action
from service.usecases import StatusChange
from tests.factories import ADDRESS
from tests.stories import told
from tests.web.pages.desk import SCRIPT, act, card, csrf, follow, shown


def test_the_address_is_the_whole_state_of_a_queue(small):
    one = told(small, "Ada", "first", {"insult": 0.6})
    two = told(small, "Bo", "second", {"insult": 0.9, "spam": 0.3})
    three = told(small, "Chi", "third", {"threat": 0.9}, site=small.herald)
    browser = small.signed_in()
    assert shown(browser.get("/desk?sort=score")) == [two.pk, three.pk, one.pk]
    assert shown(browser.get("/desk?sort=doubt")) == [one.pk, two.pk, three.pk]
    assert shown(browser.get("/desk?label=threat")) == [three.pk]
    assert shown(browser.get("/desk?site=courier&sort=score")) == [two.pk, one.pk]
    assert shown(browser.get("/desk?site=nobody")) == []
    page = browser.get("/desk?site=courier&sort=score")
    answer = act(browser, page, two, "approve")
    assert answer.headers["Location"].startswith("/desk?sort=score&site=courier&done=")
    article = browser.get(f"/desk?article={one.article.url}&site=courier")
    assert shown(article) == [one.pk]


def test_a_card_shows_what_is_around_the_comment(small):
    parent = small.approved(author_name="Marlene", body="Who checked the sums?")
    comment = small.held(author_name="Ada", parent_id=parent.id)
    page = small.signed_in().get("/desk")
    for said in (
        "answers Marlene Who checked the sums?",
        "1 approved · 0 rejected · 0 spam · first seen 22 November 2026",
        "Model made-up-1, policy 1, language en",
        "Kept until it is decided or erased.",
        "just now",
    ):
        assert said in card(page, comment).words
    assert ADDRESS not in page.html
    assert (comment.author_key or "?") not in page.html
    old = small.held(submitted_at=datetime(2012, 5, 4, tzinfo=UTC), source=Source.IMPORT)
    old_card = card(small.signed_in("Lea").get(f"/desk/comments/{old.pk}"), old)
    assert ("4 May 2012" in old_card.text, "just now" in old_card.text) == (True, False)
    small.judge(comment, Action.REJECT)
    assert "Text deleted in 90 days" in small.signed_in("Noor").get(f"/desk/comments/{comment.pk}").text


def test_two_moderators_are_given_different_comments(small):
    made = [small.held(author_name=f"Reader {n}").pk for n in range(12)]
    mara, noor = small.signed_in(), small.signed_in("Noor")
    assert shown(mara.get("/desk")) == made[:8]
    page = noor.get("/desk")
    assert shown(page) == made[8:]
    assert "Mara has 8 comments" in page.text
    small.clock.pass_seconds(40)
    mara.get(f"/desk/updates?have={','.join(map(str, made[:2]))}")
    small.clock.pass_seconds(40)
    assert shown(noor.get("/desk")) == made[2:10]
    page = mara.get("/desk")
    assert shown(page) == [*made[:2], *made[10:]]
    assert mara.send(page.tree.one("form", class_="person")).status == 303  # who signs out lets go of them
    assert shown(noor.get("/desk?after=0"))[:2] == made[:2]


def test_updates_say_nothing_when_nothing_changed(small):
    small.held()
    browser = small.signed_in()
    browser.get("/desk")
    first = browser.get("/desk/updates?seen=1&have=1")
    assert first.status == 200
    tag = first.headers["ETag"]
    assert browser.get("/desk/updates?seen=1&have=1", If_None_Match=tag).status == 304
    small.held(author_name="Bo")
    again = browser.get("/desk/updates?seen=1&have=1", If_None_Match=tag)
    assert again.status == 200
    assert "1 new comment" in again.html
    small.signed_in("Noor").get("/desk")
    assert "Noor has 1 comment" in browser.get("/desk/updates?seen=9&have=1").html


def test_more_comments_follow_those_on_the_screen(small):
    made = [small.held(author_name=f"Reader {n}").pk for n in range(10)]
    browser = small.signed_in()
    browser.get("/desk")
    page = browser.get(f"/desk/more?have={','.join(map(str, made[:8]))}&open=2", **SCRIPT)
    assert shown(page) == made[8:]
    assert browser.get(f"/desk/more?have={','.join(map(str, made))}").status == 204
    assert browser.get("/desk/more?have=x,,-1,9999999999999999999999&open=z&run=-").status == 200


def test_severe_comments_are_spread(small):
    severe = [told(small, f"S{n}", f"severe {n}", {"threat": 0.9}).pk for n in range(4)]
    mild = [told(small, f"M{n}", f"mild {n}", {"insult": 0.6}).pk for n in range(3)]
    browser = small.signed_in()
    assert shown(browser.get("/desk")) == [*severe[:3], mild[0], severe[3], *mild[1:]]
    chosen = {"csrf": csrf(browser.get("/desk")), "cap": "1", "keys": "on", "language": "de"}
    assert browser.post("/desk/preferences", chosen).status == 303
    page = browser.get("/desk")
    assert shown(page) == [severe[0], mild[0], severe[1], mild[1], severe[2], mild[2], severe[3]]
    assert page.tree.one("h1").text == "Angehalten"
    assert not page.tree.all("article", class_="card severe")
    assert "Freigeben" in page.text
    german, comment = small.signed_in("Noor"), told(small, "Ada", "text", {"insult": 0.6})
    page = german.get(f"/desk/comments/{comment.pk}", Accept_Language="de-AT,de;q=0.8")
    assert "Angehalten: Beleidigung 0.60 (Grenze erreicht)" in page.text
    done = act(german, page, comment, "approve", Accept_Language="de", **SCRIPT)
    assert done.tree.one("p", id="live").text == "Freigegeben."
    assert "Held" in german.get("/desk", Accept_Language="fr").text


def test_a_reason_of_the_site_reaches_callback_and_commenter(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get("/desk")
    form = card(page, comment).one("form", class_="acts")
    note = {"note": f"Wrote before from {ADDRESS}."}
    assert browser.send(form, note | {"action": "reject:nonsense"}).status == 400
    assert browser.send(form, note | {"action": "reject:off_topic"}).status == 303
    small.publish(6)
    decision, _ = small.rows(lambda tx: tx.decisions.feed(small.courier.id, 0, 9))[-1]
    assert decision.reason == "off_topic"
    receipt = small.browser().get(small.receipt(comment))
    assert "It was not published because it is not about the article." in receipt.text
    assert "Wrote before from ⟦email⟧." in browser.get(f"/desk/comments/{comment.pk}").text
    assert "Wrote before" not in receipt.text


def test_what_is_held_by_a_person_is_set_aside(small):
    comment, browser = small.held(), small.signed_in()
    page = follow(browser, act(browser, browser.get("/desk"), comment, "hold"))
    assert shown(page) == []
    aside = browser.get("/desk?queue=aside")
    assert shown(aside) == [comment.pk]
    trail = browser.get(f"/desk/comments/{comment.pk}").tree.one("section", class_="trail")
    assert [one.all("b")[0].text for one in trail.all("li")] == ["Held", "Set aside"]
    undo = page.tree.one("div", class_="notice").one("form")
    assert browser.send(undo).status == 303
    assert shown(browser.get("/desk")) == [comment.pk]
    act(browser, browser.get("/desk"), comment, "hold")
    act(browser, browser.get("/desk?queue=aside"), comment, "approve")
    assert shown(browser.get("/desk?queue=aside")) == []
    assert small.again(comment).status is Status.APPROVED


def test_an_authors_status_counts_for_what_they_write_next(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get(f"/desk/comments/{comment.pk}/author")
    form = page.tree.one("section", class_="author-status card").one("form")
    given = {"author_status": "banned", "reason": f"as {ADDRESS}", "days": "7"}
    assert browser.send(form, given | {"author_status": "sainted"}).status == 400
    assert browser.send(form, given).status == 303
    assert small.approved(body="Good morning.").status is Status.REJECTED
    assert small.approved(small.herald, body="Good morning.").status is Status.APPROVED
    key = [comment.author_key]
    current = small.rows(lambda tx: tx.authors.statuses(small.courier.id, key, small.clock()))
    assert current[comment.author_key].reason == "as ⟦email⟧"
    small.clock.pass_seconds(7 * 86_400)
    assert small.approved(body="Good evening.").status is Status.APPROVED
    page = small.signed_in("Noor").get(f"/desk/comments/{comment.pk}/author")
    assert "Like everybody" in page.text
    assert comment.author_key not in page.html


def test_the_site_learns_an_authors_status_by_event(small):
    small.tune(callback_url="https://courier.example/hook")
    comment, site = small.submit(), small.site()
    changes = [StatusChange(status, "Mara", "rude") for status in (AuthorStatus.WATCHED, None, None)]
    told = [usecases.set_author_status(small.deps, site, comment.pk, change) for change in changes]
    assert told[-1] is None
    assert sorted(one.type for one in small.callbacks()) == ["author.cleared", "author.watched"]
    bodies = b" ".join(one.payload for one in small.callbacks())
    assert (comment.id.encode() in bodies, comment.author_key.encode() in bodies) == (True, False)


def test_comments_are_found_by_words_and_under_their_article(small):
    parent = small.approved(body=f"The ferry was cheaper, ask {ADDRESS}.")
    answer = small.approved(author_name="Bo", body="It sank, the ferry.", parent_id=parent.id)
    small.approved(small.herald, body="No ferry here.", article=Article("https://herald.example/x"))
    browser = small.signed_in()
    found = browser.get("/desk/search?q=FERRY")
    assert len(found.tree.all("li", class_="card row")) == 3
    assert len(browser.get("/desk/search?q=ferry&site=courier").tree.all("li", class_="card row")) == 2
    assert "No comment has all of these words." in browser.get("/desk/search?q=ferry+tram").text
    assert browser.get("/desk/search?q=%22%27*%3B--").status == 200
    assert browser.get("/desk/search?q=ferry&site=nowhere").status == 404
    assert "canary" not in found.html
    page = browser.get("/desk/search?q=http://www.courier.example/bridge/%3Ffbclid=1")
    assert page.headers["Location"].startswith("/desk/article?site=courier&url=")
    assert follow(browser, page).status == 200
    assert browser.get("/desk/search?q=http://www.courier.example/none").status == 200
    thread = browser.get(f"/desk/article?site=courier&url={parent.article.url}")
    rows = [one.attributes["id"] for one in thread.tree.all("li", class_="card row depth1")]
    assert rows == [f"c{answer.pk}"]
    for nowhere in ("site=courier&url=https://courier.example/none", "site=none&url=x"):
        assert browser.get(f"/desk/article?{nowhere}").status == 404


def test_a_view_is_kept_and_forgotten(small):
    browser = small.signed_in()
    given = {"csrf": csrf(browser.get("/desk")), "at": "sort=score&site=courier", "name": "By score"}
    assert browser.post("/desk/views", given).status == 303
    page = browser.get("/desk")
    assert page.tree.one("span", class_="chip").one("a").attributes["href"] == "/desk?sort=score&site=courier"
    assert "By score" not in small.signed_in("Noor").get("/desk").text
    drop = page.tree.one("span", class_="chip").one("form")
    assert browser.send(drop).status == 303
    assert "By score" not in browser.get("/desk").text
    for name in ("", "x" * 41, "a\nb"):
        assert browser.post("/desk/views", given | {"name": name}).status == 400


def test_a_lead_moves_a_thread_and_opens_what_was_private(small):
    url, to = "https://courier.example/bridge", "https://courier.example/2026/bridge"
    small.approved()
    private = Article(url, private=True, import_word="first")
    small.approved(author_name="Bo", body="An old one.", article=private, source=Source.IMPORT)
    page = small.signed_in().get(f"/desk/article?site=courier&url={url}/%3Futm_source=x")
    assert "Move this thread" not in page.text
    assert "What was imported under this article is not shown to readers." in page.text
    lead = small.signed_in("Lea", "lead")
    page = lead.get(f"/desk/article?site=courier&url={url}")
    form = page.tree.one("form", action="/desk/article/move").fields()
    wrong = lead.post("/desk/article/move", form | {"to": "bridge"})
    assert wrong.status == 400
    assert "must be an absolute http or https URL" in wrong.text
    moved = lead.post("/desk/article/move", form | {"to": f"{to}?fbclid=1"})
    assert moved.status == 303
    assert moved.headers["Location"] == f"/desk/article?site=courier&url={to}"
    opened = lead.get(moved.headers["Location"])
    assert len(opened.tree.all("li", class_="card row depth0")) == 2
    again = opened.tree.one("form", action="/desk/article/move").fields()
    assert lead.post("/desk/article/open", again).status == 303
    assert len(small.rows(lambda tx: tx.comments.published(small.courier.id, url))) == 2
    acts = [link.act for link in small.rows(lambda tx: tx.audit_log.after(0, 100))]
    assert [act.act for act in acts if act.who == "Lea"].count("article") == 2
    assert lead.post("/desk/article/move", form | {"site": "nobody", "to": to}).status == 404
    assert lead.post("/desk/article/open", form | {"url": "https://courier.example/none"}).status == 404
