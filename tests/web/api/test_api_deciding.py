"""Decisions and reports by the API: at once, on the revision that was seen, and over nobody's head."""

import pytest

from service import usecases
from service.domain.desk_records import Matter
from service.domain.verdict import Action, Who
from service.messaging.tasks import DELIVER
from tests.factories import ADDRESS
from tests.web.api.caller import faults, problem, submission


@pytest.fixture(autouse=True)
def held(newsroom):
    """Each story begins with one comment that the model held."""
    newsroom.post()
    newsroom.settle()


def made(answer):
    assert answer.status_code == 200, answer.text
    return str(answer.json["made"])


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
    notes = newsroom.rows(lambda tx: tx.decisions.notes([int(made(answer))]))
    assert list(notes.values()) == ["⟦email⟧ said so"]
    assert not [one for one in newsroom.callbacks() if b"ada@mail" in one.payload]


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
    for given in (str, int, float):
        made(newsroom.decide("approve", replaces=given(newsroom.get("/v1/comments/c-1").json["decision"])))


def test_a_desk_that_decided_is_neither_given_away_nor_undone(newsroom):
    newsroom.review(Action.REJECT)
    for answer in (newsroom.decide("approve"), newsroom.call("POST", "/v1/comments/c-1/undo")):
        current = problem(answer, 409, "conflict")["current"]
        assert (current["status"], current["decided"]) == ("held", None)
        assert "reject" not in answer.text
        assert answer.headers["Retry-After"] == "5"
    assert newsroom.comment().status == "rejected"


def test_an_undo_sends_the_comment_back(newsroom):
    made(newsroom.decide("approve"))
    answer = newsroom.call("POST", "/v1/comments/c-1/undo")
    assert (answer.status_code, answer.json["status"]) == (200, "held")
    assert [decision["action"] for decision in answer.json["decisions"]] == ["hold", "approve", "restore"]
    assert answer.json["decisions"][1]["undone_at"]


def test_an_undo_names_what_it_means(newsroom):
    first = made(newsroom.decide("approve"))
    second = made(newsroom.decide("reject", replaces=first))
    found = problem(newsroom.call("POST", "/v1/comments/c-1/undo", json={"decision": first}), 409, "conflict")
    assert found["current"]["decision"] == second
    assert newsroom.call("POST", "/v1/comments/c-1/undo", json={"decision": second}).status_code == 200


def test_a_withdrawn_comment_cannot_be_decided(newsroom):
    usecases.withdraw(newsroom.deps, newsroom.courier.site, "c-1", "site courier")
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


def test_an_undo_takes_json_alone(newsroom):
    for kind in ("text/plain", ""):
        answer = newsroom.call("POST", "/v1/comments/c-1/undo", data=b"decision=1", content_type=kind)
        problem(answer, 415, "unsupported-media-type")


REPORTS = "/v1/comments/c-1/reports"


def test_a_report_brings_the_comment_before_a_moderator(newsroom):
    before, pk = newsroom.get("/v1/comments/c-1").json, newsroom.comment().pk
    first = newsroom.call("POST", REPORTS, json={"reason": f"ask {ADDRESS}", "by": ADDRESS})
    assert (first.status_code, first.json["new"], first.json["id"]) == (201, True, "c-1")
    again = newsroom.call("POST", REPORTS, json={"reason": "still there", "by": ADDRESS})
    assert (again.status_code, again.json["new"]) == (200, False)
    assert newsroom.call("POST", REPORTS, json={"by": "reader-8"}).status_code == 201
    assert newsroom.get("/v1/comments/c-1").json == before
    assert newsroom.rows(lambda tx: tx.cases.open_matters([pk])) == {pk: {Matter.REPORTED: 2}}
    labels = newsroom.rows(lambda tx: tx.labels.of_comment(pk))
    assert [(one.who_kind, one.action, one.decision_id) for one in labels] == [
        (Who.READER, Action.HOLD, None)
    ] * 2
    kept = newsroom.rows(lambda tx: tx.cases.reports_of([pk]))[pk]
    assert "ask ⟦email⟧" in [one.reason for one in kept]
    assert ADDRESS not in str(kept)


def test_a_faulty_report_is_refused(newsroom):
    for given in ({"reason": "x" * 501}, {"by": ""}, {"by": 7}, {"who": "me"}):
        problem(newsroom.call("POST", REPORTS, json=given), 422, "validation")
    problem(newsroom.call("POST", REPORTS.replace("c-1", "c-9"), json={}), 404, "not-found")
    newsroom.call("DELETE", "/v1/comments/c-1")
    problem(newsroom.call("POST", REPORTS, json={}), 409, "final")
