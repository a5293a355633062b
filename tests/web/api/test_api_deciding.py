"""Deciding through the API: at once, on the revision that was seen, and over nobody's head."""

import pytest

from service import usecases
from service.domain.verdict import Action, Who
from service.messaging.tasks import DELIVER
from tests.web.api.caller import faults, problem, submission


@pytest.fixture(autouse=True)
def held(newsroom):
    """Each story begins with one comment that the model held."""
    newsroom.post()
    newsroom.settle()


def made(answer):
    assert answer.status_code == 200, answer.text
    return str(answer.json["made"])


def decision_of(newsroom):
    """Return the decision that stands, as the API shows it."""
    found = newsroom.get("/v1/comments/c-1").json
    return str(found["decision"])


@pytest.mark.parametrize(
    ("action", "status"),
    [("approve", "approved"), ("reject", "rejected"), ("spam", "spam"), ("hold", "held")],
)
def test_a_decision_takes_effect_at_once(newsroom, action, status):
    newsroom.dispatcher.enqueued.clear()
    answer = newsroom.decide(action, reason="house rules", note="as agreed on Monday")
    decision = made(answer)
    assert answer.json["status"] == status
    last = answer.json["decisions"][-1]
    assert (last["decision"], last["by"], last["reason"]) == (decision, "site", "house rules")
    assert "as agreed on Monday" not in answer.text
    assert newsroom.dispatcher.enqueued == [(DELIVER, 0.0)]


def test_contacts_in_reason_and_note_are_masked(newsroom):
    answer = newsroom.decide("reject", reason="asked ada@mail.example", note="ada%40mail.example said so")
    assert answer.json["decisions"][-1]["reason"] == "asked ⟦email⟧"
    with newsroom.context.deps.store.read() as tx:
        notes = tx.decisions.notes([int(made(answer))])
        payloads = [one.payload for one in tx.deliveries.page(None, None, 10)]
    assert list(notes.values()) == ["⟦email⟧ said so"]
    assert not [one for one in payloads if b"ada@mail" in one]


def test_a_stale_revision_is_a_conflict(newsroom):
    newsroom.post(submission(body="Second thoughts."))
    found = problem(newsroom.decide(revision=1), 409, "conflict")
    assert (found["current"]["revision"], found["current"]["status"]) == (2, "pending")
    assert made(newsroom.decide(revision=2))


def test_a_decided_comment_needs_replaces(newsroom):
    first = made(newsroom.decide("approve"))
    found = problem(newsroom.decide("reject"), 409, "conflict")
    assert found["current"]["decision"] == first
    assert found["current"]["decided"]["action"] == "approve"
    problem(newsroom.decide("reject", replaces="999999"), 409, "conflict")
    assert made(newsroom.decide("reject", replaces=first)) != first


def test_a_decision_can_be_named_as_a_number(newsroom):
    for given in (str, int, float):
        made(newsroom.decide("approve", replaces=given(decision_of(newsroom))))


def test_a_deciding_desk_is_not_given_away(newsroom):
    newsroom.review(Action.REJECT)
    answer = newsroom.decide("approve")
    found = problem(answer, 409, "conflict")
    assert found["current"]["status"] == "held"
    assert found["current"]["decided"] is None
    assert "reject" not in answer.text
    assert answer.headers["Retry-After"] == "5"


def test_an_undo_sends_the_comment_back(newsroom):
    made(newsroom.decide("approve"))
    answer = newsroom.call("POST", "/v1/comments/c-1/undo")
    assert answer.status_code == 200
    assert answer.json["status"] == "held"
    assert [decision["action"] for decision in answer.json["decisions"]] == ["hold", "approve", "restore"]
    assert answer.json["decisions"][1]["undone_at"]


def test_an_undo_names_what_it_means(newsroom):
    first = made(newsroom.decide("approve"))
    second = made(newsroom.decide("reject", replaces=first))
    found = problem(newsroom.call("POST", "/v1/comments/c-1/undo", json={"decision": first}), 409, "conflict")
    assert found["current"]["decision"] == second
    assert newsroom.call("POST", "/v1/comments/c-1/undo", json={"decision": second}).status_code == 200


def test_an_undo_never_reaches_into_the_desk(newsroom):
    newsroom.review(Action.SPAM)
    answer = newsroom.call("POST", "/v1/comments/c-1/undo")
    problem(answer, 409, "conflict")
    assert answer.headers["Retry-After"]
    assert newsroom.comment().status == "spam"


def test_a_withdrawn_comment_cannot_be_decided(newsroom):
    usecases.withdraw(newsroom.context.deps, newsroom.courier.site, "c-1", "site courier")
    problem(newsroom.decide("approve"), 409, "final")
    problem(newsroom.call("POST", "/v1/comments/c-1/undo"), 409, "final")


def test_a_moderators_decision_can_be_replaced_by_the_site(newsroom):
    decision = newsroom.review(Action.REJECT, delay=0.0)
    answer = newsroom.decide("approve", replaces=str(decision.id))
    assert [one["by"] for one in answer.json["decisions"]] == ["machine", str(Who.MODERATOR), "site"]
    assert "Mara" not in answer.text


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({}, "action", "missing"),
        ({"action": "delete"}, "action", "choice"),
        ({"action": "APPROVE"}, "action", "choice"),
        ({"action": None}, "action", "choice"),
        ({"action": ["approve"]}, "action", "choice"),
        ({"action": "approve", "reason": 5}, "reason", "text"),
        ({"action": "approve", "reason": "x" * 501}, "reason", "too_long"),
        ({"action": "approve", "reason": "a\0b"}, "reason", "nul"),
        ({"action": "approve", "note": "a\ud800b"}, "note", "unicode"),
        ({"action": "approve", "note": "x" * 4001}, "note", "too_long"),
        ({"action": "approve", "revision": 0}, "revision", "too_small"),
        ({"action": "approve", "revision": 2**31}, "revision", "too_large"),
        ({"action": "approve", "revision": 10**400}, "revision", "too_large"),
        ({"action": "approve", "revision": "1"}, "revision", "whole"),
        ({"action": "approve", "revision": True}, "revision", "whole"),
        ({"action": "approve", "revision": 1.5}, "revision", "whole"),
        ({"action": "approve", "replaces": "x"}, "replaces", "decision"),
        ({"action": "approve", "replaces": -1}, "replaces", "decision"),
        ({"action": "approve", "replaces": True}, "replaces", "decision"),
        ({"action": "approve", "replaces": 10**300}, "replaces", "decision"),
        ({"action": "approve", "replaces": {"id": 1}}, "replaces", "decision"),
        ({"action": "approve", "who": "Mara"}, "who", "unknown"),
        ({"action": "approve", "ada@example.org": 1}, "(unknown)", "unknown"),
        ([], "(request)", "object"),
        ("approve", "(request)", "object"),
    ],
)
def test_a_strange_decision_is_refused(newsroom, given, field, code):
    answer = newsroom.call("POST", "/v1/comments/c-1/decision", json=given)
    assert faults(problem(answer, 422, "validation")) == {field: code}
    assert newsroom.comment().status == "held"


def test_an_undo_with_another_body_is_refused(newsroom):
    answer = newsroom.call("POST", "/v1/comments/c-1/undo", data="decision=1", content_type="text/plain")
    problem(answer, 415, "unsupported-media-type")
    answer = newsroom.call("POST", "/v1/comments/c-1/undo", data=b"decision=1", content_type="")
    problem(answer, 415, "unsupported-media-type")
