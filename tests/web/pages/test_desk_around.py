"""What lies around a comment on the desk: queues, filters, reasons, appeals, authors, search, views, language, care."""

from datetime import UTC, datetime

import pytest

from service import usecases
from service.domain.author_status import AuthorStatus
from service.domain.comment import Article, Source
from service.domain.desk import Wanted
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.privacy.signatures import receipt_token
from service.usecases import Judgement
from tests.factories import ADDRESS
from tests.stories import told
from tests.web.pages.desk import SCRIPT, act, appealed, card, follow, shown


def csrf(browser):
    return browser.get("/desk").tree.one("form", class_="person").fields()["csrf"]


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
    text = " ".join(card(page, comment).text.split())
    assert "answers Marlene Who checked the sums?" in text
    assert "1 approved · 0 rejected · 0 spam · first seen 22 November 2026" in text
    assert "Model made-up-1, policy 1, language en" in text
    assert "Kept until it is decided or erased." in text
    assert ADDRESS not in page.html
    assert (comment.author_key or "?") not in page.html
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
    assert shown(mara.get("/desk")) == [*made[:2], *made[10:]]


def test_signing_out_lets_go_of_what_was_in_hand(small):
    comment, mara, noor = small.held(), small.signed_in(), small.signed_in("Noor")
    out = mara.get("/desk").tree.one("form", class_="person")
    assert shown(noor.get("/desk")) == []
    assert mara.post(out.attributes["action"], out.fields()).status == 303
    assert shown(noor.get("/desk")) == [comment.pk]


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
    chosen = {"csrf": csrf(browser), "cap": "1", "keys": "on", "language": "de"}
    assert browser.post("/desk/preferences", chosen).status == 303
    page = browser.get("/desk")
    assert shown(page) == [severe[0], mild[0], severe[1], mild[1], severe[2], mild[2], severe[3]]
    assert page.tree.one("h1").text == "Angehalten"
    assert "Freigeben" in page.text
    assert not page.tree.all("article", class_="card severe")


def test_the_browsers_language_is_spoken_and_grounds_too(small):
    comment = told(small, "Ada", "text", {"insult": 0.6})
    browser = small.signed_in()
    page = browser.get("/desk", Accept_Language="de-AT,de;q=0.8")
    assert "Beleidigung 0.60 (Grenze der Website erreicht)" in page.text
    done = act(browser, page, comment, "approve", Accept_Language="de", **SCRIPT)
    assert done.tree.one("p", id="live").text == "Freigegeben."
    assert "Held" in browser.get("/desk", Accept_Language="fr").text


def test_a_reason_of_the_site_reaches_callback_and_commenter(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get("/desk")
    form = card(page, comment).one("form", class_="acts")
    given = form.fields() | {"note": f"Wrote before from {ADDRESS}."}
    assert browser.post(form.attributes["action"], given | {"action": "reject:nonsense"}).status == 400
    assert browser.post(form.attributes["action"], given | {"action": "reject:off_topic"}).status == 303
    small.clock.pass_seconds(6)
    usecases.publish_due(small.context.deps)
    with small.context.deps.store.read() as tx:
        decision, _ = tx.decisions.feed(small.courier.id, 0, 9)[-1]
    assert decision.reason == "off_topic"
    token = receipt_token(small.context.keyring, "courier", comment.id)
    receipt = small.browser().get(f"/r/{token}")
    assert "It was not published because it is not about the article." in receipt.text
    alone = browser.get(f"/desk/comments/{comment.pk}")
    assert "Wrote before from ⟦email⟧." in alone.text
    assert "Wrote before" not in receipt.text


def test_what_is_held_by_a_person_is_set_aside(small):
    comment, browser = small.held(), small.signed_in()
    page = follow(browser, act(browser, browser.get("/desk"), comment, "hold"))
    assert shown(page) == []
    aside = browser.get("/desk?queue=aside")
    assert shown(aside) == [comment.pk]
    undo = page.tree.one("div", class_="notice").one("form")
    assert browser.post(undo.attributes["action"], undo.fields()).status == 303
    assert shown(browser.get("/desk")) == [comment.pk]
    act(browser, browser.get("/desk"), comment, "hold")
    act(browser, browser.get("/desk?queue=aside"), comment, "approve")
    assert shown(browser.get("/desk?queue=aside")) == []
    assert small.again(comment).status is Status.APPROVED


def test_a_reported_comment_is_left_or_taken_down(small):
    one, two = small.approved(author_name="Ada"), small.approved(author_name="Bo", body="Another text.")
    for comment in (one, two):
        usecases.report(small.context.deps, small.courier, comment.id, "digest", "names a neighbour")
    browser = small.signed_in()
    page = browser.get("/desk?queue=reported")
    assert shown(page) == [one.pk, two.pk]
    assert "names a neighbour" in card(page, one).text
    assert act(browser, page, one, "keep").status == 303
    assert act(browser, page, two, "reject").status == 303
    assert shown(browser.get("/desk?queue=reported")) == []
    assert small.again(one).status is Status.APPROVED
    assert small.again(two).status is Status.REJECTED
    assert "Left as it is." in act(browser, page, one, "keep", **SCRIPT).text


@pytest.mark.parametrize("scripted", [False, True])
def test_leaving_a_comment_as_it_is_can_be_taken_back(small, scripted):
    comment = small.approved()
    usecases.report(small.context.deps, small.courier, comment.id, "digest", "names a neighbour")
    browser, headers = small.signed_in(), SCRIPT if scripted else {}
    queue = browser.get("/desk?queue=reported")
    kept = act(browser, queue, comment, "keep", **headers)
    page = kept if scripted else follow(browser, kept)
    assert "Left as it is." in page.text
    undo = next(one for one in page.tree.all("form") if one.attributes["action"].endswith("/undo"))
    taken = browser.post(undo.attributes["action"], undo.fields(), **headers)
    assert "Undone: the report is open again." in (taken if scripted else follow(browser, taken)).text
    assert shown(browser.get("/desk?queue=reported")) == [comment.pk]
    assert browser.post(undo.attributes["action"], undo.fields(), **headers).status == 409
    kept = act(browser, browser.get("/desk?queue=reported"), comment, "keep", **headers)
    page = kept if scripted else follow(browser, kept)
    undo = next(one for one in page.tree.all("form") if one.attributes["action"].endswith("/undo"))
    judgement = Judgement(Action.REJECT, Who.MODERATOR, "Noor", 1, small.again(comment).decision_id)
    usecases.review(small.context.deps, small.courier, comment.id, judgement)
    assert browser.post(undo.attributes["action"], undo.fields(), **headers).status == 409
    assert shown(browser.get("/desk?queue=reported")) == []


@pytest.mark.parametrize("first", [Status.APPROVED, Status.HELD])
def test_a_comment_that_was_decided_since_is_not_left_as_it_is(small, first):
    comment = small.approved() if first is Status.APPROVED else small.held()
    usecases.report(small.context.deps, small.courier, comment.id, "digest", None)
    browser = small.signed_in()
    page = browser.get("/desk?queue=reported")
    current = small.again(comment).decision_id if first is Status.APPROVED else None
    judgement = Judgement(Action.REJECT, Who.MODERATOR, "Noor", comment.revision, current)
    usecases.review(small.context.deps, small.courier, comment.id, judgement)
    refused = act(browser, page, comment, "keep")
    assert refused.status == 409
    assert "Rejected by Noor" in " ".join(refused.text.split())


def test_reported_late_and_appealed_are_filtered_by_the_address(small):
    one, two = small.approved(), small.approved(small.herald)
    for comment, site in ((one, small.courier), (two, small.herald)):
        usecases.report(small.context.deps, site, comment.id, "digest", None)
    browser = small.signed_in()
    page = browser.get("/desk?queue=reported")
    form = page.tree.one("form", class_="filters")
    assert form.fields()["queue"] == "reported"
    assert shown(browser.get("/desk?queue=reported&sort=score&site=herald")) == [two.pk]
    assert shown(browser.get("/desk?queue=reported&label=threat")) == []
    waiting = small.submit(body="Nobody scored this one.")
    small.clock.pass_seconds(100_000)
    browser = small.signed_in()
    assert shown(browser.get("/desk?queue=late&site=courier")) == [waiting.pk]
    assert shown(browser.get("/desk?queue=late&site=herald")) == []
    assert shown(browser.get("/desk?queue=late&label=threat")) == []
    assert shown(browser.get(f"/desk?queue=late&article={waiting.article.url}")) == [waiting.pk]
    assert shown(browser.get("/desk?queue=late&article=https://nowhere.example/")) == []


def test_an_appeal_against_a_restored_decision_is_answered_by_another(small):
    comment, deps = small.held(), small.context.deps
    small.judge(comment, Action.REJECT, "Bea")
    for _ in range(2):
        approval = Judgement(Action.APPROVE, Who.MODERATOR, "Lea", 1, small.again(comment).decision_id)
        usecases.review(deps, small.courier, comment.id, approval)
        usecases.undo(deps, small.courier, comment.id, Who.MODERATOR, "Lea")
    assert small.again(comment).status is Status.REJECTED
    waiting = usecases.appeal(deps, small.courier, comment.id, "I meant it.")
    with pytest.raises(usecases.NotYours):
        usecases.answer(deps, small.courier, waiting.id, usecases.Answer(False, "No.", "Bea"), 0)
    usecases.answer(deps, small.courier, waiting.id, usecases.Answer(False, "No.", "Lea"), 0)


@pytest.mark.parametrize("verdict", ["uphold", "reverse"])
def test_an_appeal_is_answered_by_somebody_else(small, verdict):
    path, pk = appealed(small)
    assert "This page shows the answer" in small.browser().get(path).text
    noor = small.signed_in("Noor")
    page = noor.get("/desk?queue=appeals")
    assert "This was your decision. A different moderator will review it." in page.text
    mara = small.signed_in()
    small.clock.pass_seconds(61)
    form = mara.get("/desk?queue=appeals").tree.one("form", class_="answer")
    given = {"csrf": csrf(noor), "words": "No.", "action": verdict}
    assert noor.post(form.attributes["action"], given).status == 409
    given = form.fields() | {"words": "You are right, it was a joke.", "action": verdict}
    assert mara.post(form.attributes["action"], given).status == 303
    assert mara.post(form.attributes["action"], given).status == 409
    if verdict == "reverse":
        assert "You are right" not in small.browser().get(path).text
    small.clock.pass_seconds(6)
    usecases.publish_due(small.context.deps)
    receipt = small.browser().get(path).text
    assert "You are right, it was a joke." in receipt
    assert ADDRESS not in receipt
    with small.context.deps.store.read() as tx:
        comment = tx.comments.by_pk(pk)
        labels = [(one.action, one.retracted_at is None) for one in tx.labels.of_comment(pk)]
    if verdict == "uphold":
        assert (comment.status, labels) == (Status.REJECTED, [(Action.REJECT, True)])
        return
    assert "Your comment is published" in receipt
    assert (comment.status, comment.published_revision) == (Status.APPROVED, 1)
    assert labels == [(Action.REJECT, False), (Action.APPROVE, True)]


def test_undoing_a_reversal_opens_the_appeal_again(small):
    path, pk = appealed(small)
    with small.context.deps.store.read() as tx:
        (waiting,) = tx.appeals.of_comment(pk)
    deps, given = small.context.deps, usecases.Answer(True, "Right.", "Mara")
    comment = usecases.answer(deps, small.courier, waiting.id, given, 5)
    usecases.undo(deps, small.courier, comment.id, Who.MODERATOR, "Mara")
    with deps.store.read() as tx:
        assert tx.appeals.of_comment(pk) == [waiting]
    assert "This page shows the answer" in small.browser().get(path).text


def test_undoing_a_reversal_that_left_opens_the_appeal_again(small):
    path, pk = appealed(small)
    deps, given = small.context.deps, usecases.Answer(True, "Right.", "Mara")
    with deps.store.read() as tx:
        (waiting,) = tx.appeals.of_comment(pk)
    comment = usecases.answer(deps, small.courier, waiting.id, given, 5)
    small.clock.pass_seconds(6)
    usecases.publish_due(deps)
    assert "Right." in small.browser().get(path).text
    undone = usecases.undo(deps, small.courier, comment.id, Who.MODERATOR, "Mara")
    assert undone.status is Status.REJECTED
    receipt = small.browser().get(path).text
    assert "This page shows the answer" in receipt
    assert "Right." not in receipt
    with deps.store.read() as tx:
        told = [decision.action for decision, _ in tx.decisions.feed(small.courier.id, 0, 9)]
        labels = [(one.action, one.who) for one in tx.labels.of_comment(pk) if one.retracted_at is None]
    assert told[-2:] == [Action.APPROVE, Action.RESTORE]
    assert labels == [(Action.REJECT, "Noor")]
    again = usecases.answer(deps, small.courier, waiting.id, given, 0)
    assert again.status is Status.APPROVED


@pytest.mark.parametrize("seconds", [1, 10])
def test_an_upheld_appeal_can_be_taken_back(small, seconds):
    path, pk = appealed(small)
    small.clock.pass_seconds(61)
    mara = small.signed_in()
    form = mara.get("/desk?queue=appeals").tree.one("form", class_="answer")
    given = form.fields() | {"words": "No, it was not.", "action": "uphold"}
    done = mara.post(form.attributes["action"], given)
    small.clock.pass_seconds(seconds)
    assert ("No, it was not." in small.browser().get(path).text) == (seconds > 5)
    page = mara.get(done.headers["Location"])
    assert "Decision upheld." in page.text
    (undo,) = [one for one in page.tree.all("form") if one.attributes["action"].endswith("/undo")]
    back = mara.post(undo.attributes["action"], undo.fields())
    assert "the appeal waits again" in mara.get(back.headers["Location"]).text
    assert mara.post(undo.attributes["action"], undo.fields()).status == 409
    assert "No, it was not." not in small.browser().get(path).text
    assert "This page shows the answer" in small.browser().get(path).text
    with small.context.deps.store.read() as tx:
        labels = [(one.action, one.who) for one in tx.labels.of_comment(pk) if one.retracted_at is None]
        assert [one.comment_pk for one, _ in tx.appeals.unanswered(Wanted(), 9)] == [pk]
    assert labels == [(Action.REJECT, "Noor")]


def test_upholding_a_machine_is_a_judgement(small):
    comment = small.settle(small.submit(body="Buy cheap boats now."), {"spam": 0.999})
    assert comment.status is not Status.HELD
    deps = small.context.deps
    usecases.publish_due(deps)
    made = usecases.appeal(deps, small.courier, comment.id, "I sell none.")
    usecases.answer(deps, small.courier, made.id, usecases.Answer(False, "You do.", "Mara"), 5)
    with deps.store.read() as tx:
        (label,) = tx.labels.of_comment(comment.pk)
    assert (label.who, label.action, label.retracted_at) == ("Mara", Action.SPAM, None)
    usecases.take_answer_back(deps, small.courier, made.id, "Mara")
    with deps.store.read() as tx:
        (label,) = tx.labels.of_comment(comment.pk)
    assert label.retracted_at is not None


@pytest.mark.parametrize("text", ["", " \n", "x" * 1_001])
def test_an_appeal_has_its_bounds(small, text):
    comment = small.held()
    small.judge(comment, Action.REJECT)
    path = f"/r/{receipt_token(small.context.keyring, 'courier', comment.id)}/appeal"
    assert small.browser().post(path, {"text": text}).status == 400
    assert small.browser().post(path, {"text": "x"}, Sec_Fetch_Site="cross-site").status == 403
    assert small.browser().post("/r/nonsense/appeal", {"text": "x"}).status == 404


def test_an_authors_status_counts_for_what_they_write_next(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get(f"/desk/comments/{comment.pk}/author")
    form = page.tree.one("section", class_="author-status card").one("form")
    given = {"csrf": csrf(browser), "author_status": "banned", "reason": f"as {ADDRESS}", "days": "7"}
    assert browser.post(form.attributes["action"], given | {"author_status": "sainted"}).status == 400
    assert browser.post(form.attributes["action"], given).status == 303
    assert small.approved(body="Good morning.").status is Status.REJECTED
    assert small.approved(small.herald, body="Good morning.").status is Status.APPROVED
    with small.context.deps.store.read() as tx:
        current = tx.authors.statuses(small.courier.id, [comment.author_key or ""], small.clock())
    assert current[comment.author_key or ""].reason == "as ⟦email⟧"
    small.clock.pass_seconds(7 * 86_400)
    assert small.approved(body="Good evening.").status is Status.APPROVED
    page = small.signed_in("Noor").get(f"/desk/comments/{comment.pk}/author")
    assert "Like everybody" in page.text
    assert (comment.author_key or "?") not in page.html


def test_the_site_learns_an_authors_status_by_event(small):
    deps = small.context.deps
    with deps.store.write() as tx:
        tx.sites.save(
            type(small.courier)(
                **{
                    name: getattr(small.courier, name)
                    for name in small.courier.__dataclass_fields__
                    if name != "callback_url"
                },
                callback_url="https://courier.example/hook",
            )
        )
        site = tx.sites.get("courier")
    assert site is not None
    comment = small.submit()
    usecases.set_author_status(
        deps, site, comment.pk, usecases.StatusChange(AuthorStatus.WATCHED, "Mara", "rude")
    )
    usecases.set_author_status(deps, site, comment.pk, usecases.StatusChange(None, "Mara"))
    assert usecases.set_author_status(deps, site, comment.pk, usecases.StatusChange(None, "Mara")) is None
    with deps.store.read() as tx:
        sent = tx.deliveries.page(site.id, None, 9)
    assert sorted(one.type for one in sent) == ["author.cleared", "author.watched"]
    bodies = b" ".join(one.payload for one in sent)
    assert comment.id.encode() in bodies
    assert (comment.author_key or "?").encode() not in bodies


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
    thread = browser.get(f"/desk/article?site=courier&url={parent.article.url}")
    rows = [one.attributes["id"] for one in thread.tree.all("li", class_="card row depth1")]
    assert rows == [f"c{answer.pk}"]
    assert browser.get("/desk/article?site=courier&url=https://courier.example/none").status == 404
    assert browser.get("/desk/article?site=none&url=x").status == 404


def test_a_view_is_kept_and_forgotten(small):
    browser = small.signed_in()
    given = {"csrf": csrf(browser), "at": "sort=score&site=courier", "name": "By score"}
    assert browser.post("/desk/views", given).status == 303
    page = browser.get("/desk")
    assert page.tree.one("span", class_="chip").one("a").attributes["href"] == "/desk?sort=score&site=courier"
    assert "By score" not in small.signed_in("Noor").get("/desk").text
    drop = page.tree.one("span", class_="chip").one("form")
    assert browser.post(drop.attributes["action"], drop.fields()).status == 303
    assert "By score" not in browser.get("/desk").text
    for name in ("", "x" * 41, "a\nb"):
        assert browser.post("/desk/views", given | {"name": name}).status == 400


def test_the_trail_tells_the_machines_hold_from_a_moderators(small):
    comment = small.held()
    small.judge(comment, Action.HOLD)
    trail = small.signed_in().get(f"/desk/comments/{comment.pk}").tree.one("section", class_="trail")
    assert [one.all("b")[0].text for one in trail.all("li")] == ["Held", "Set aside"]


def test_a_lead_moves_a_thread_and_opens_what_was_private(small):
    url, to = "https://courier.example/bridge", "https://courier.example/2026/bridge"
    small.approved()
    small.approved(
        author_name="Bo",
        body="An old one.",
        article=Article(url, private=True, import_word="first"),
        source=Source.IMPORT,
    )
    page = small.signed_in().get(f"/desk/article?site=courier&url={url}/%3Futm_source=x")
    assert "Move this thread" not in page.text
    assert "What was imported under this article is not shown to readers." in page.text
    lead = small.signed_in("Lea", "lead")
    form = (
        lead.get(f"/desk/article?site=courier&url={url}")
        .tree.one("form", action="/desk/article/move")
        .fields()
    )
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
    with small.context.deps.store.read() as tx:
        assert len(tx.comments.published(small.courier.id, url)) == 2
        told = [
            link.act
            for link in tx.audit_log.after(0, 100)
            if link.act.who == "Lea" and link.act.act == "article"
        ]
    assert len(told) == 2
    assert lead.post("/desk/article/move", form | {"site": "nobody", "to": to}).status == 404
    assert lead.post("/desk/article/open", form | {"url": "https://courier.example/none"}).status == 404


def test_an_address_in_the_search_leads_to_its_article(small):
    small.approved()
    browser = small.signed_in()
    found = browser.get("/desk/search?q=http://www.courier.example/bridge/%3Ffbclid=1")
    assert found.status == 303
    assert found.headers["Location"].startswith("/desk/article?site=courier&url=")
    assert browser.get(found.headers["Location"]).status == 200
    assert browser.get("/desk/search?q=http://www.courier.example/none").status == 200


def test_old_comments_have_their_own_age(small):
    small.held(submitted_at=datetime(2012, 5, 4, tzinfo=UTC), source=Source.IMPORT)
    page = small.signed_in().get("/desk")
    assert "4 May 2012" in page.text
    assert "just now" not in page.text
