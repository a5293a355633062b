"""Reports and appeals on the desk: left, taken down, answered by somebody else, and taken back."""

import pytest

from service import usecases
from service.domain.desk_records import Wanted
from service.domain.status import Status
from service.domain.verdict import Action
from tests.factories import ADDRESS
from tests.web.pages.desk import SCRIPT, act, appealed, card, csrf, follow, shown, undo
from tests.web.pages.installation import build_small


def report(small, comment, site=None, reason="names a neighbour"):
    usecases.report(small.deps, site or small.courier, comment.id, "digest", reason)


def reported(browser):
    return browser.get("/desk?queue=reported")


def test_a_reported_comment_is_left_or_taken_down(small):
    one, two = small.approved(author_name="Ada"), small.approved(author_name="Bo", body="Another text.")
    for comment in (one, two):
        report(small, comment)
    browser = small.signed_in()
    page = reported(browser)
    assert shown(page) == [one.pk, two.pk]
    assert "names a neighbour" in card(page, one).text
    assert act(browser, page, one, "keep").status == 303
    assert act(browser, page, two, "reject").status == 303
    assert shown(reported(browser)) == []
    assert (small.again(one).status, small.again(two).status) == (Status.APPROVED, Status.REJECTED)
    assert "Left as it is." in act(browser, page, one, "keep", **SCRIPT).text


@pytest.mark.parametrize("headers", [{}, SCRIPT], ids=["page", "fragment"])
def test_leaving_a_comment_as_it_is_can_be_taken_back(small, headers):
    comment, browser = small.approved(), small.signed_in()
    report(small, comment)

    def after(answer):
        return answer if headers else follow(browser, answer)

    page = after(act(browser, reported(browser), comment, "keep", **headers))
    assert "Left as it is." in page.text
    taken = after(undo(browser, page.tree, **headers))
    assert "Undone: the report is open again." in taken.text
    assert shown(reported(browser)) == [comment.pk]
    assert undo(browser, page.tree, **headers).status == 409
    page = after(act(browser, reported(browser), comment, "keep", **headers))
    small.overrule(comment, Action.REJECT, "Noor")
    assert undo(browser, page.tree, **headers).status == 409
    assert shown(reported(browser)) == []


@pytest.mark.parametrize("first", [Status.APPROVED, Status.HELD])
def test_a_comment_that_was_decided_since_is_not_left_as_it_is(small, first):
    comment, browser = small.approved() if first is Status.APPROVED else small.held(), small.signed_in()
    report(small, comment)
    page = reported(browser)
    if first is Status.APPROVED:
        small.overrule(comment, Action.REJECT, "Noor")
    else:
        small.judge(comment, Action.REJECT, "Noor")
    refused = act(browser, page, comment, "keep")
    assert (refused.status, "Rejected by Noor" in refused.text) == (409, True)


def test_reported_late_and_appealed_are_filtered_by_the_address(small):
    one, two = small.approved(), small.approved(small.herald)
    report(small, one)
    report(small, two, small.herald)
    waiting = small.submit(body="Nobody scored this one.")
    small.clock.pass_seconds(100_000)
    browser = small.signed_in()
    assert reported(browser).tree.one("form", class_="filters").fields()["queue"] == "reported"
    for query, found in (
        ("reported&sort=score&site=herald", [two.pk]),
        ("reported&label=threat", []),
        ("late&site=courier", [waiting.pk]),
        ("late&site=herald", []),
        ("late&label=threat", []),
        (f"late&article={waiting.article.url}", [waiting.pk]),
        ("late&article=https://nowhere.example/", []),
    ):
        assert shown(browser.get(f"/desk?queue={query}")) == found, query


def test_what_the_policy_published_is_looked_through_and_taken_down(small):
    first, second = small.approved(), small.approved(small.herald, author_name="Bo")
    small.judge(small.held(), Action.APPROVE)
    browser = small.signed_in()
    page = browser.get("/desk?queue=published")
    assert shown(page) == [second.pk, first.pk]
    assert "sort" not in page.tree.one("form", class_="filters").fields()
    assert shown(browser.get("/desk?queue=published&site=courier")) == [first.pk]
    after = follow(browser, act(browser, page, first, "reject"))
    assert "Rejected." in after.text
    assert (shown(after), small.again(first).status) == ([second.pk], Status.REJECTED)
    undo(browser, after.tree)
    assert shown(browser.get("/desk?queue=published")) == [second.pk, first.pk]


@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM, Action.HOLD])
def test_an_earlier_decision_stands_beside_the_new_text(store, tmp_path, action):
    small = build_small(tmp_path, store)
    small.judge(small.held(id="c-1"), action, "Lea")
    small.clock.pass_seconds(60)
    again = small.settle(small.submit(id="c-1", body="Thank you for the report, it was a good read."))
    browser = small.signed_in()
    did = {Action.REJECT: "Rejected", Action.SPAM: "Marked as spam", Action.HOLD: "Set aside"}[action]
    queue = "/desk?queue=aside" if action is Action.HOLD else "/desk"
    for path in (queue, f"/desk/comments/{again.pk}"):
        text = browser.get(path).text
        assert f"Before the edit {did} by Lea" in text, path
        assert "A person refused revision 1; a person looks at the new text." in text
        assert "Set aside by the classifier" not in text
    small.judge(again, Action.APPROVE, "Lea", replaces=again.decision_id)
    approved = small.held(id="c-1", body="Another insult.")
    assert "Before the edit" not in browser.get(f"/desk/comments/{approved.pk}").text


# -- appeals -----------------------------------------------------------------------------------------------------------


def answered(small, appeal, reverse, words, who, delay=0.0):
    return usecases.answer(small.deps, small.courier, appeal.id, usecases.Answer(reverse, words, who), delay)


def test_an_appeal_against_a_restored_decision_is_answered_by_another(small):
    comment = small.held()
    small.judge(comment, Action.REJECT, "Bea")
    for _ in range(2):
        small.overrule(comment, Action.APPROVE, "Lea")
        small.undo(comment, "Lea")
    assert small.again(comment).status is Status.REJECTED
    waiting = usecases.appeal(small.deps, small.courier, comment.id, "I meant it.")
    with pytest.raises(usecases.NotYours):
        answered(small, waiting, False, "No.", "Bea")
    answered(small, waiting, False, "No.", "Lea")


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
    theirs = {"csrf": csrf(noor.get("/desk")), "words": "No.", "action": verdict}
    assert noor.post(form.attributes["action"], theirs).status == 409
    given = {"words": "You are right, it was a joke.", "action": verdict}
    assert [mara.send(form, given).status for _ in range(2)] == [303, 409]
    if verdict == "reverse":
        assert "You are right" not in small.browser().get(path).text
    small.publish(6)
    receipt, upheld = small.browser().get(path).text, verdict == "uphold"
    assert ("You are right, it was a joke." in receipt, ADDRESS in receipt) == (True, False)
    assert ("Your comment is published" in receipt) is not upheld
    (comment,) = small.comments()
    assert comment.status is (Status.REJECTED if upheld else Status.APPROVED)
    assert comment.published_revision == (None if upheld else 1)
    assert small.labels(pk) == [(Action.REJECT, "Noor") if upheld else (Action.APPROVE, "Mara")]


@pytest.mark.parametrize("sent", [False, True])
def test_undoing_a_reversal_opens_the_appeal_again(small, sent):
    path, pk = appealed(small)
    (waiting,) = small.rows(lambda tx: tx.appeals.of_comment(pk))
    comment = answered(small, waiting, True, "Right.", "Mara", 5)
    if sent:
        small.publish(6)
        assert "Right." in small.browser().get(path).text
    assert small.undo(comment, "Mara").status is Status.REJECTED
    (again,) = small.rows(lambda tx: tx.appeals.of_comment(pk))
    assert (again.id, again.answered_at, again.answer) == (waiting.id, None, None)
    receipt = small.browser().get(path).text
    assert ("This page shows the answer" in receipt, "Right." in receipt) == (True, False)
    assert small.feed()[-2:] == ([Action.APPROVE, Action.RESTORE] if sent else [Action.HOLD, Action.REJECT])
    assert small.labels(pk) == [(Action.REJECT, "Noor")]
    assert answered(small, waiting, True, "Right.", "Mara").status is Status.APPROVED


@pytest.mark.parametrize("seconds", [1, 10])
def test_an_upheld_appeal_can_be_taken_back(small, seconds):
    path, pk = appealed(small)
    small.clock.pass_seconds(61)
    mara = small.signed_in()
    form = mara.get("/desk?queue=appeals").tree.one("form", class_="answer")
    done = mara.send(form, {"words": "No, it was not.", "action": "uphold"})
    small.clock.pass_seconds(seconds)
    assert ("No, it was not." in small.browser().get(path).text) == (seconds > 5)
    page = follow(mara, done)
    assert "Decision upheld." in page.text
    assert "the appeal waits again" in follow(mara, undo(mara, page.tree)).text
    assert undo(mara, page.tree).status == 409
    receipt = small.browser().get(path).text
    assert ("This page shows the answer" in receipt, "No, it was not." in receipt) == (True, False)
    unanswered = small.rows(lambda tx: tx.appeals.unanswered(Wanted(), 9))
    assert [one.comment_pk for one, _ in unanswered] == [pk]
    assert small.labels(pk) == [(Action.REJECT, "Noor")]


def test_upholding_a_machine_is_a_judgement(small):
    comment = small.settle(small.submit(body="Buy cheap boats now."), {"spam": 0.999})
    assert comment.status is not Status.HELD
    small.publish()
    made = usecases.appeal(small.deps, small.courier, comment.id, "I sell none.")
    answered(small, made, False, "You do.", "Mara", 5)
    assert small.labels(comment.pk) == [(Action.SPAM, "Mara")]
    usecases.take_answer_back(small.deps, small.courier, made.id, "Mara")
    assert small.labels(comment.pk) == []


def test_an_appeal_has_its_bounds(small):
    comment = small.held()
    small.judge(comment, Action.REJECT)
    path = f"{small.receipt(comment)}/appeal"
    for text in ("", " \n", "x" * 1_001):
        assert small.browser().post(path, {"text": text}).status == 400
    assert small.browser().post(path, {"text": "x"}, Sec_Fetch_Site="cross-site").status == 403
    assert small.browser().post("/r/nonsense/appeal", {"text": "x"}).status == 404
