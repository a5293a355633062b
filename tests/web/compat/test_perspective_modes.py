"""The Perspective API in its modes: what it stores, what reaches the desk, what it learns, what it never keeps."""

import json
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from service.compat.perspective.attributes import LABEL_OF
from service.domain.comment import Source
from service.domain.status import Status
from service.domain.verdict import Action, Who
from tests.web.compat.coral_cases import tune
from tests.web.compat.perspective_cases import RUDE, TEXT, analyze, call, refusal, request, suggestion


def stored(newsroom):
    with newsroom.context.deps.store.read() as tx:
        return list(tx.comments.page(newsroom.courier.site.id).comments)


def labels(newsroom):
    with newsroom.context.deps.store.read() as tx:
        return [
            (one.body, label.who_kind, label.who, label.action)
            for one in stored(newsroom)
            for label in tx.labels.of_comment(one.pk)
            if label.retracted_at is None
        ]


@contextmanager
def store_away(newsroom, monkeypatch):
    """Let every transaction fail, as it does when the database is gone."""

    def gone(*_):
        raise OperationalError("", {}, Exception())

    with monkeypatch.context() as patch:
        for name in ("read", "write", "add_comment"):
            patch.setattr(type(newsroom.context.deps.store), name, gone)
        yield


def test_score_mode_stores_nothing(fresh):
    found = analyze(fresh, request(RUDE))
    assert "moderation" not in found
    assert stored(fresh) == []
    assert fresh.dispatcher.enqueued == []


def test_decide_mode_adds_the_policys_word(fresh):
    tune(fresh, compat_mode="decide", **{"toxicity.hold": "0.5", "toxicity.reject": ""})
    found = analyze(fresh, request(RUDE))["moderation"]
    assert (
        found["action"],
        found["reasons"][0]["code"],
        found["reasons"][0]["label"] in LABEL_OF.values(),
    ) == ("hold", "score", True)
    assert analyze(fresh, request(TEXT))["moderation"]["action"] == "approve"
    assert stored(fresh) == []


def test_queue_mode_puts_the_doubtful_on_the_desk_and_tells_the_decision(fresh):
    tune(fresh, compat_mode="queue", **{"toxicity.hold": "0.5", "toxicity.reject": ""})
    analyze(fresh, request(RUDE, clientToken="post:4711"))
    held = fresh.comment("post:4711")
    assert (held.status, held.source, held.body) == (Status.HELD, Source.COMPAT, RUDE)
    assert held.verdict.spans
    fresh.review(Action.APPROVE, "post:4711", delay=0)
    with fresh.context.deps.store.read() as tx:
        kinds = [one.type for one in tx.deliveries.page(fresh.courier.site.id, None, 10)]
        assert tx.comments.published(fresh.courier.site.id, held.article.url) == []
    assert sorted(kinds) == ["comment.approved", "comment.held"]


def test_the_same_text_again_is_the_same_comment(fresh):
    tune(fresh, compat_mode="queue")
    for _ in range(2):
        analyze(fresh, request(RUDE))
        analyze(fresh, request(TEXT, clientToken="a token with spaces"))
    assert len(stored(fresh)) == 2
    analyze(fresh, request(RUDE, clientToken="t-1"))
    analyze(fresh, request(TEXT, clientToken="t-1"))
    assert fresh.comment("t-1").revision == 2


def test_do_not_store_is_kept_in_every_mode(fresh):
    for mode in ("score", "decide", "queue"):
        tune(fresh, compat_mode=mode)
        analyze(fresh, request(RUDE, doNotStore=True))
        analyze(fresh, request(RUDE, do_not_store=True))
    assert stored(fresh) == []
    analyze(fresh, request(RUDE, doNotStore=False))
    assert len(stored(fresh)) == 1


def test_contacts_are_masked_before_anything_is_stored(fresh):
    tune(fresh, compat_mode="queue")
    analyze(
        fresh,
        request("Write to ada.unique.canary@example.org about the new bridge, will you?", clientToken="t-2"),
    )
    assert "canary" not in fresh.comment("t-2").body
    assert "⟦email⟧" in fresh.comment("t-2").body


def test_a_store_that_is_away_costs_the_desk_and_not_the_answer(fresh, monkeypatch):
    tune(fresh, compat_mode="queue")
    analyze(fresh, request(TEXT, doNotStore=True))
    fresh.app.extensions["replydesk.compat"].by_key.forget()
    with store_away(fresh, monkeypatch):
        response = call(fresh, "analyze", request(RUDE))
        assert response.status_code == 200
        assert response.headers["X-Replydesk-Not-Stored"] == "the store is away"
        refusal(call(fresh, "analyze", request(RUDE), key=fresh.herald.key), 503, "UNAVAILABLE")
        refusal(call(fresh, "suggestscore", suggestion(RUDE)), 503, "UNAVAILABLE")


def test_a_retired_key_ends_within_two_seconds(fresh):
    from service.usecases.sites import rotate

    analyze(fresh, request(TEXT))
    rotate(fresh.context, "courier", "akismet_key", at_once=True)
    fresh.app.extensions["replydesk.compat"].by_key.forget()
    refusal(call(fresh, "analyze", request(TEXT)), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("scores", "action", "status"),
    [
        ({"TOXICITY": 1}, Action.REJECT, Status.REJECTED),
        ({"TOXICITY": 0}, Action.APPROVE, Status.APPROVED),
        ({"SPAM": 0.9}, Action.SPAM, Status.SPAM),
        ({"SPAM": 0.9, "INSULT": 0.8}, Action.REJECT, Status.REJECTED),
        ({"SPAM": 0.9, "INSULT": 0.1}, Action.SPAM, Status.SPAM),
    ],
)
def test_a_suggestion_is_a_label(fresh, scores, action, status):
    body = suggestion(
        RUDE, attributeScores={name: {"summaryScore": {"value": one}} for name, one in scores.items()}
    )
    for _ in range(2):
        response = call(fresh, "suggestscore", {**body, "clientToken": "comment:9", "languages": ["en"]})
        assert json.loads(response.data) == {
            "detectedLanguages": ["en"], "requestedLanguages": ["en"], "clientToken": "comment:9",
        }  # fmt: skip
    assert labels(fresh) == [(RUDE, Who.SITE, "perspective", action)]
    assert fresh.comment("comment:9").status is status


def test_spans_alone_make_a_suggestion_too(fresh):
    spans = [{"begin": 0, "end": 3, "score": {"value": 0.1}}, {"begin": 4, "end": 9, "score": {"value": 0.9}}]
    assert (
        call(fresh, "suggestscore", suggestion(attributeScores={"INSULT": {"spanScores": spans}})).status_code
        == 200
    )
    assert [action for *_, action in labels(fresh)] == [Action.REJECT]


def test_a_suggestion_meets_the_comment_that_was_queued(fresh):
    tune(fresh, compat_mode="queue", **{"toxicity.hold": "0.5", "toxicity.reject": ""})
    analyze(fresh, request(RUDE))
    call(fresh, "suggestscore", {**suggestion(RUDE), "clientToken": "comment:10"})
    (one,) = stored(fresh)
    assert one.status is Status.REJECTED


def test_a_moderators_decision_stands_against_a_suggestion(fresh):
    tune(fresh, compat_mode="queue", **{"toxicity.hold": "0.5", "toxicity.reject": ""})
    analyze(fresh, request(RUDE, clientToken="t-3"))
    fresh.review(Action.APPROVE, "t-3", delay=0)
    call(fresh, "suggestscore", {**suggestion(RUDE), "clientToken": "t-3"})
    assert fresh.comment("t-3").status is Status.APPROVED
    kinds = {(who_kind, action) for _, who_kind, _, action in labels(fresh)}
    assert kinds == {(Who.MODERATOR, Action.APPROVE), (Who.SITE, Action.REJECT)}


def test_a_site_may_withhold_its_suggestions(fresh):
    tune(fresh, compat_learning="false")
    assert call(fresh, "suggestscore", suggestion(RUDE)).status_code == 200
    assert stored(fresh) == []


def test_a_judgement_of_another_text_under_the_same_token_is_a_revision(fresh):
    tune(fresh, compat_mode="queue")
    analyze(fresh, request(TEXT, clientToken="t-4"))
    call(fresh, "suggestscore", {**suggestion(RUDE), "clientToken": "t-4"})
    assert (fresh.comment("t-4").revision, fresh.comment("t-4").body) == (2, RUDE)
    assert labels(fresh) == [(RUDE, Who.SITE, "perspective", Action.REJECT)]


def test_more_than_the_site_may_ask_is_over_quota(fresh):
    tune(fresh, comments_per_minute="60", comments_burst="2")
    answers = [call(fresh, "analyze", request(TEXT)) for _ in range(3)]
    error = refusal(answers[-1], 429, "RESOURCE_EXHAUSTED")
    assert error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_the_answer_and_the_desk_say_the_same(fresh):
    for mode in ("decide", "queue"):
        tune(fresh, compat_mode=mode, hold_first_time="true")
        assert analyze(fresh, request(TEXT))["moderation"]["reasons"][0]["code"] == "first_time"
    assert [one.status for one in stored(fresh)] == [Status.HELD]


def test_a_token_never_overwrites_a_comment_that_the_site_posted(fresh):
    tune(fresh, compat_mode="queue")
    fresh.post()
    ada = fresh.comment("c-1")
    analyze(fresh, request(RUDE, clientToken="c-1"))
    call(fresh, "suggestscore", {**suggestion(RUDE), "clientToken": "c-1"})
    assert (fresh.comment("c-1").body, fresh.comment("c-1").revision) == (ada.body, 1)
    assert fresh.comment("c-1").author_name == "Ada"
    assert [body for body, *_ in labels(fresh)] == [RUDE]
    call(fresh, "suggestscore", {**suggestion(ada.body, 0), "clientToken": "c-1"})
    assert fresh.comment("c-1").status is Status.APPROVED
