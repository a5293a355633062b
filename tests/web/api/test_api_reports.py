"""Readers' reports by the API: they bring a comment before a moderator and change nothing else."""

import pytest

from service.domain.desk import Matter
from service.domain.verdict import Action, Who
from tests.web.api.caller import problem

URL = "/v1/comments/c-1/reports"


def test_a_report_brings_the_comment_before_a_moderator(newsroom):
    newsroom.post()
    newsroom.settle()
    before = newsroom.get("/v1/comments/c-1").json
    first = newsroom.call("POST", URL, json={"reason": "names a neighbour", "by": "reader-7"})
    assert (first.status_code, first.json["new"], first.json["id"]) == (201, True, "c-1")
    again = newsroom.call("POST", URL, json={"reason": "still there", "by": "reader-7"})
    assert (again.status_code, again.json["new"]) == (200, False)
    assert newsroom.call("POST", URL, json={"by": "reader-8"}).status_code == 201
    assert newsroom.get("/v1/comments/c-1").json == before
    with newsroom.context.deps.store.read() as tx:
        comment = tx.comments.get(newsroom.courier.site.id, "c-1")
        assert tx.cases.open_matters([comment.pk]) == {comment.pk: {Matter.REPORTED: 2}}
        labels = tx.labels.of_comment(comment.pk)
    assert [(one.who_kind, one.action, one.decision_id) for one in labels] == [
        (Who.READER, Action.HOLD, None)
    ] * 2


def test_a_report_keeps_no_address(newsroom):
    newsroom.post()
    address = "reporter.canary@example.org"
    newsroom.call("POST", URL, json={"reason": f"ask {address}", "by": address})
    with newsroom.context.deps.store.read() as tx:
        comment = tx.comments.get(newsroom.courier.site.id, "c-1")
        (kept,) = tx.cases.reports_of([comment.pk])[comment.pk]
    assert kept.reason == "ask ⟦email⟧"
    assert "canary" not in kept.by


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"reason": "x" * 501}, "validation"),
        ({"by": ""}, "validation"),
        ({"by": 7}, "validation"),
        ({"who": "me"}, "validation"),
    ],
)
def test_a_faulty_report_is_refused(newsroom, given, kind):
    newsroom.post()
    problem(newsroom.call("POST", URL, json=given), 422, kind)


def test_a_report_of_nothing_is_not_found(newsroom):
    problem(newsroom.call("POST", URL, json={}), 404, "not-found")
    newsroom.post()
    newsroom.call("DELETE", "/v1/comments/c-1")
    problem(newsroom.call("POST", URL, json={}), 409, "final")
