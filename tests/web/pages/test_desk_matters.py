"""Reports and appeals on the desk: left, taken down, answered by somebody else, and taken back."""

import pytest

from service import usecases
from service.domain.desk import Wanted
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.privacy.signatures import receipt_token
from service.usecases import Judgement
from tests.factories import ADDRESS
from tests.web.pages.desk import SCRIPT, act, appealed, card, csrf, follow, shown


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
    given = {"csrf": csrf(noor.get("/desk")), "words": "No.", "action": verdict}
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
