"""Reading: one comment, its box, pages; and a desk's decision that has not left yet is nowhere to be seen."""

import pytest

from service.domain.verdict import LABELS, Action
from tests.web.api.caller import ARTICLE, faults, problem, submission


def shown(newsroom, comment_id="c-1"):
    answer = newsroom.get(f"/v1/comments/{comment_id}")
    assert answer.status_code == 200, answer.text
    return answer.json


def listed(newsroom, query=""):
    answer = newsroom.get(f"/v1/comments{query}")
    assert answer.status_code == 200, answer.text
    return [comment["id"] for comment in answer.json["comments"]]


def test_a_comment_shows_its_verdict(newsroom):
    newsroom.post()
    newsroom.settle()
    comment = shown(newsroom)
    verdict = comment["verdict"]
    assert comment["status"] == "held"
    assert verdict["scores"]["toxicity"] == 0.7
    assert verdict["reasons"][0]["label"] == "toxicity"
    assert verdict["spans"] == [{"begin": 4, "end": 10, "label": "toxicity", "weight": 1.25}]
    assert (verdict["model"], verdict["policy"], verdict["reads_as"]) == ("made-up-1", 1, "the new bridge")
    assert verdict["effort"] == "full"
    assert [decision["action"] for decision in comment["decisions"]] == ["hold"]
    assert comment["decision"] == comment["decisions"][0]["decision"]
    newsroom.post(submission(body="Second thoughts."))
    comment = shown(newsroom)
    assert (comment["status"], comment["revision"], comment["verdict"]) == ("pending", 2, None)


def test_a_writer_at_risk_and_a_rule_are_shown(newsroom):
    newsroom.post(submission(body="He lives at 14 Osterby Drive. I do not want to wake up again."))
    newsroom.settle(self_harm=0.8, spam=0.99)
    verdict = shown(newsroom)["verdict"]
    assert (verdict["action"], verdict["at_risk"], set(verdict["scores"])) == ("hold", True, set(LABELS))
    assert [(reason["code"], reason["label"]) for reason in verdict["reasons"]] == [
        ("at_risk", "self_harm"),
        ("personal_data", "personal_info"),
        ("score", "spam"),
        ("score", "toxicity"),
    ]
    assert {span.get("rule") for span in verdict["spans"]} == {None, "personal_data"}


def test_pages_can_be_narrowed(newsroom):
    newsroom.post()
    newsroom.post(submission(id="c-2", article={"url": "https://courier.example/other"}))
    newsroom.settle("c-2")
    assert listed(newsroom, "?status=held") == ["c-2"]
    assert listed(newsroom, "?status=pending") == ["c-1"]
    assert listed(newsroom, "?article=HTTPS://Courier.Example:443/bridge%3Futm_source=x%23top") == ["c-1"]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "too_small"),
        ("limit=201", "limit", "too_large"),
        ("limit=ten", "limit", "whole"),
        ("limit=1e2", "limit", "whole"),
        ("limit=+5", "limit", "whole"),
        ("limit=5&limit=6", "limit", "whole"),
        ("limit=" + "9" * 5000, "limit", "whole"),
        ("after=-1", "after", "whole"),
        ("after=' OR 1=1", "after", "whole"),
        ("status=decided", "status", "choice"),
        ("status=held&status=spam", "status", "choice"),
        ("article=nowhere", "article", "url"),
        ("article=javascript:alert(1)", "article", "url"),
        ("article=https://x.example/%00", "article", "url"),
        ("articel=https://courier.example", "articel", "unknown"),
        ("%3Cscript%3E=1", "(unknown)", "unknown"),
        ("ada.unique.canary@example.org=1", "(unknown)", "unknown"),
    ],
)
def test_a_strange_page_is_refused(newsroom, query, field, code):
    assert faults(problem(newsroom.get(f"/v1/comments?{query}"), 422, "validation")) == {field: code}


def test_a_waiting_decision_is_invisible(newsroom):
    newsroom.post()
    newsroom.settle()
    held = shown(newsroom)
    newsroom.review(Action.APPROVE)
    assert newsroom.comment().status == "approved"
    assert shown(newsroom) == held
    assert (listed(newsroom, "?status=held"), listed(newsroom, "?status=approved")) == (["c-1"], [])
    assert newsroom.get("/v1/decisions").json["decisions"][-1]["action"] == "hold"
    assert newsroom.post().json["status"] == "held"
    newsroom.publish(5)
    assert shown(newsroom)["status"] == "approved"
    assert [decision["action"] for decision in shown(newsroom)["decisions"]] == ["hold", "approve"]
    assert (listed(newsroom, "?status=held"), listed(newsroom, "?status=approved")) == ([], ["c-1"])


def test_waiting_decisions_keep_their_place_in_a_page(newsroom):
    for n in range(6):
        newsroom.post(submission(id=f"c-{n}"))
        newsroom.settle(f"c-{n}")
    for n in (1, 4):
        newsroom.review(Action.REJECT, f"c-{n}")
    found, query = [], "?status=held&limit=2"
    while True:
        page = newsroom.get(f"/v1/comments{query}").json
        found += [comment["id"] for comment in page["comments"]]
        if page["next"] is None:
            break
        query = f"?status=held&limit=2&after={page['next']}"
    assert found == ["c-5", "c-4", "c-3", "c-2", "c-1", "c-0"]
    assert listed(newsroom, f"?status=held&article={ARTICLE}") == found
    assert listed(newsroom, "?status=held&article=https://courier.example/other") == []


def test_a_withdrawn_comment_is_gone(newsroom):
    newsroom.post()
    newsroom.settle(toxicity=0.1)
    answer = newsroom.call("DELETE", "/v1/comments/c-1")
    assert (answer.status_code, answer.json["status"]) == (200, "withdrawn")
    gone = problem(newsroom.get("/v1/comments/c-1"), 404, "gone")
    assert gone["current"]["status"] == "withdrawn"
    problem(newsroom.get("/v1/comments/c-1/contact"), 404, "gone")
    assert listed(newsroom, "?status=withdrawn") == ["c-1"]
    assert newsroom.get("/v1/decisions").json["decisions"][-1]["status"] == "withdrawn"


@pytest.mark.parametrize("comment_id", ["c-9", "C-1", "c%2F1", "é", "a" * 129, "%00", "..%2f..%2fetc"])
def test_what_is_not_there_is_not_found(newsroom, comment_id):
    newsroom.post()
    problem(newsroom.get(f"/v1/comments/{comment_id}"), 404, "not-found")


def test_a_comment_may_be_called_batch(newsroom):
    """The batch's own address is a comment's, too: shown where there is one, else the method is what is wrong."""
    problem(newsroom.get("/v1/comments/batch"), 405, "method-not-allowed")
    for method in ("GET", "PUT", "PATCH", "OPTIONS"):
        assert newsroom.call(method, "/v1/comments/batch").headers["Allow"] == "POST, OPTIONS"
    newsroom.post(submission(id="batch"))
    assert shown(newsroom, "batch")["id"] == "batch"
