"""The Perspective API in its modes: what it stores, what reaches the desk, what it learns, what it never keeps."""

import json
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from service.compat.perspective.attributes import LABEL_OF
from service.domain.comment import Source
from service.domain.status import Status
from service.domain.verdict import Action
from service.usecases.sites import rotate
from tests.factories import ADDRESS
from tests.web.compat.perspective_cases import RUDE, TEXT, analyze, call, refusal, request, suggestion


@contextmanager
def store_away(newsroom, monkeypatch):
    """Let every transaction fail, as it does when the database is gone."""

    def gone(*_):
        raise OperationalError("", {}, Exception())

    with monkeypatch.context() as patch:
        for name in ("read", "write", "add_comment"):
            patch.setattr(type(newsroom.deps.store), name, gone)
        yield


HOLDS = {"toxicity.hold": "0.5", "toxicity.reject": ""}


def test_score_mode_stores_nothing(fresh):
    assert "moderation" not in analyze(fresh, request(RUDE))
    assert (fresh.comments(), fresh.dispatcher.enqueued) == ([], [])
    rotate(fresh.context, "courier", "akismet_key", at_once=True)
    fresh.forget()
    refusal(call(fresh, "analyze", request(TEXT)), 400, "INVALID_ARGUMENT")


def test_decide_mode_adds_the_policys_word(fresh):
    fresh.tune(compat_mode="decide", **HOLDS)
    found = analyze(fresh, request(RUDE))["moderation"]
    assert (found["action"], found["reasons"][0]["code"]) == ("hold", "score")
    assert found["reasons"][0]["label"] in LABEL_OF.values()
    assert analyze(fresh, request(TEXT))["moderation"]["action"] == "approve"
    assert fresh.comments() == []


def test_queue_mode_puts_the_doubtful_on_the_desk_and_tells_the_decision(fresh):
    fresh.tune(compat_mode="queue", **HOLDS)
    analyze(fresh, request(RUDE, clientToken="post:4711"))
    held = fresh.comment("post:4711")
    assert (held.status, held.source, held.body) == (Status.HELD, Source.COMPAT, RUDE)
    assert held.verdict.spans
    fresh.review(Action.APPROVE, "post:4711", delay=0)
    assert fresh.published(held.article.url) == []
    assert sorted(one.type for one in fresh.callbacks()) == ["comment.approved", "comment.held"]


def test_the_same_text_again_is_the_same_comment(fresh):
    fresh.tune(compat_mode="queue")
    for _ in range(2):
        analyze(fresh, request(RUDE))
        analyze(fresh, request(TEXT, clientToken="a token with spaces"))
    assert len(fresh.comments()) == 2
    analyze(fresh, request(RUDE, clientToken="t-1"))
    analyze(fresh, request(TEXT, clientToken="t-1"))
    assert fresh.comment("t-1").revision == 2


def test_do_not_store_is_kept_in_every_mode(fresh):
    for mode in ("score", "decide", "queue"):
        fresh.tune(compat_mode=mode)
        analyze(fresh, request(RUDE, doNotStore=True))
        analyze(fresh, request(RUDE, do_not_store=True))
    assert fresh.comments() == []
    analyze(fresh, request(RUDE, doNotStore=False))
    assert len(fresh.comments()) == 1


def test_contacts_are_masked_before_anything_is_stored(fresh):
    fresh.tune(compat_mode="queue")
    text = f"Write to {ADDRESS} about the new bridge, will you?"
    analyze(fresh, request(text, clientToken="t-2"))
    assert "canary" not in fresh.comment("t-2").body
    assert "⟦email⟧" in fresh.comment("t-2").body


def test_a_store_that_is_away_costs_the_desk_and_not_the_answer(fresh, monkeypatch):
    fresh.tune(compat_mode="queue")
    analyze(fresh, request(TEXT, doNotStore=True))
    fresh.forget()
    with store_away(fresh, monkeypatch):
        response = call(fresh, "analyze", request(RUDE))
        assert response.status_code == 200
        assert response.headers["X-Replydesk-Not-Stored"] == "the store is away"
        refusal(call(fresh, "analyze", request(RUDE), key=fresh.herald.key), 503, "UNAVAILABLE")
        refusal(call(fresh, "suggestscore", suggestion(RUDE)), 503, "UNAVAILABLE")


def of(**values):
    return {name: {"summaryScore": {"value": value}} for name, value in values.items()}


SPANS = [{"begin": 0, "end": 3, "score": {"value": 0.1}}, {"begin": 4, "end": 9, "score": {"value": 0.9}}]


@pytest.mark.parametrize("mode", ["score", "queue"])
@pytest.mark.parametrize(
    ("scores", "action", "status"),
    [
        (of(TOXICITY=1), Action.REJECT, Status.REJECTED),
        (of(TOXICITY=0), Action.APPROVE, Status.APPROVED),
        (of(SPAM=0.9), Action.SPAM, Status.SPAM),
        (of(SPAM=0.9, INSULT=0.8), Action.REJECT, Status.REJECTED),
        (of(SPAM=0.9, INSULT=0.1), Action.SPAM, Status.SPAM),
        ({"INSULT": {"spanScores": SPANS}}, Action.REJECT, Status.REJECTED),
    ],
)
def test_a_suggestion_is_a_label(fresh, scores, action, status, mode):
    fresh.tune(compat_mode=mode, **HOLDS)
    analyze(fresh, request(RUDE))
    body = suggestion(RUDE, attributeScores=scores, clientToken="comment:9", languages=["en"])
    told = {"detectedLanguages": ["en"], "requestedLanguages": ["en"], "clientToken": "comment:9"}
    for _ in range(2):
        assert json.loads(call(fresh, "suggestscore", body).data) == told
    (one,) = fresh.comments()
    assert (fresh.labels(one.pk), one.status) == ([(action, "perspective")], status)


def test_a_moderators_decision_stands_against_a_suggestion(fresh):
    fresh.tune(compat_mode="queue", **HOLDS)
    analyze(fresh, request(RUDE, clientToken="t-3"))
    fresh.review(Action.APPROVE, "t-3", delay=0)
    call(fresh, "suggestscore", {**suggestion(RUDE), "clientToken": "t-3"})
    assert fresh.comment("t-3").status is Status.APPROVED
    labels = fresh.labels(fresh.comment("t-3").pk)
    assert sorted(labels) == [(Action.APPROVE, "Mara"), (Action.REJECT, "perspective")]
    fresh.tune(compat_mode="score", compat_learning="false")  # a site may withhold its suggestions
    assert call(fresh, "suggestscore", suggestion(TEXT)).status_code == 200
    assert len(fresh.comments()) == 1


def test_a_judgement_of_another_text_under_the_same_token_is_a_revision(fresh):
    fresh.tune(compat_mode="queue")
    analyze(fresh, request(TEXT, clientToken="t-4"))
    call(fresh, "suggestscore", {**suggestion(RUDE), "clientToken": "t-4"})
    assert (fresh.comment("t-4").revision, fresh.comment("t-4").body) == (2, RUDE)
    assert fresh.labels(fresh.comment("t-4").pk) == [(Action.REJECT, "perspective")]


def test_more_than_the_site_may_ask_is_over_quota(fresh):
    fresh.tune(comments_per_minute="60", comments_burst="2")
    answers = [call(fresh, "analyze", request(TEXT)) for _ in range(3)]
    error = refusal(answers[-1], 429, "RESOURCE_EXHAUSTED")
    assert error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_the_answer_and_the_desk_say_the_same(fresh):
    for mode in ("decide", "queue"):
        fresh.tune(compat_mode=mode, hold_first_time="true")
        assert analyze(fresh, request(TEXT))["moderation"]["reasons"][0]["code"] == "first_time"
    assert [one.status for one in fresh.comments()] == [Status.HELD]


def test_a_token_never_overwrites_a_comment_that_the_site_posted(fresh):
    fresh.tune(compat_mode="queue")
    fresh.post()
    ada = fresh.comment("c-1")
    analyze(fresh, request(RUDE, clientToken="c-1"))
    call(fresh, "suggestscore", {**suggestion(RUDE), "clientToken": "c-1"})
    kept = fresh.comment("c-1")
    assert (kept.body, kept.revision, kept.author_name) == (ada.body, 1, "Ada")
    assert [one.body for one in fresh.comments() if fresh.labels(one.pk)] == [RUDE]
    call(fresh, "suggestscore", {**suggestion(ada.body, 0), "clientToken": "c-1"})
    assert fresh.comment("c-1").status is Status.APPROVED
