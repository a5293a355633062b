"""Scores that come in: decided by the policy once, told to the site once, and never over a person's head."""

import json

import pytest

from service.domain.policy import Policy
from service.domain.status import Status
from service.domain.verdict import Action
from service.messaging.tasks import DELIVER
from service.privacy.sealing import Address
from service.usecases import Scored, record_scores
from tests.factories import NOON, herald, sqlite_store
from tests.stage import Stage, assessed, submission


@pytest.fixture
def stage():
    return Stage.over(sqlite_store())


@pytest.mark.parametrize(
    ("scores", "status", "told"),
    [
        ({}, Status.APPROVED, "approved"),
        ({"toxicity": 0.7}, Status.HELD, "held"),
        ({"toxicity": 0.99}, Status.HELD, "held"),
        ({"insult": 0.99}, Status.REJECTED, "rejected"),
        ({"spam": 0.99}, Status.SPAM, "spam"),
    ],
)
def test_a_scored_comment_is_decided_and_the_site_told(stage, scores, status, told):
    stage.tune({"insult.reject": 0.9})
    accepted = stage.accept()
    stage.enqueued()
    after = stage.score(accepted, **scores)
    assert (after.status, after.decided_at, after.verdict.model) == (status, NOON, "made-up-1")
    assert (stage.told(), stage.feed()[0][0], stage.enqueued()) == ([told], 1, [DELIVER])
    assert stage.published() == (["The bridge is open."] if status is Status.APPROVED else [])


def test_the_site_is_told_of_a_writer_at_risk(stage):
    stage.score(stage.accept(), self_harm=0.8, spam=0.99)
    stage.decide("c-1", Action.REJECT)
    told = [json.loads(one.payload)["data"] for one in stage.mail()]
    assert [(one["action"], one["reason"], one["at_risk"]) for one in told] == [
        ("hold", "at_risk", True),
        ("reject", None, True),
    ]
    stage.score(stage.accept("c-2"), toxicity=0.9)
    assert not json.loads(stage.mail()[-1].payload)["data"]["at_risk"]


def test_a_verdict_that_comes_too_late_is_dropped(stage):
    accepted = [stage.accept(name) for name in ("decided", "revised", "scored")]
    stage.decide("decided", Action.REJECT)
    stage.submit(submission("revised", body="Other."))
    stage.score(accepted[2])
    assert len(record_scores(stage.deps, [Scored(one, assessed()) for one in accepted])) == 0
    statuses = [stage.look(one.id).status for one in accepted]
    assert statuses == [Status.REJECTED, Status.PENDING, Status.APPROVED]
    assert stage.told() == ["rejected", "approved"]


def test_no_score_is_held_and_says_so(stage):
    scored = [Scored(stage.accept("a"), None), Scored(stage.accept("b"), None, exhausted=True)]
    record_scores(stage.deps, scored)
    found = [stage.look(name) for name in ("a", "b")]
    assert [one.status for one in found] == ["held", "held"]
    assert [one.verdict.reasons[0].code for one in found] == ["unscored", "unscorable"]


def test_a_site_without_a_callback_gets_no_mail():
    stage = Stage.over(sqlite_store(), callback_url=None)
    stage.score(stage.accept())
    assert (stage.mail(), len(stage.feed())) == ([], 1)


def test_a_first_time_author_is_held_until_approved_once():
    stage = Stage.over(sqlite_store(), policy=Policy(hold_first_time=True))
    assert stage.score(stage.accept("a")).status is Status.HELD
    stage.decide("a", Action.APPROVE, delay=5)  # which may be undone, and counts not yet
    assert stage.score(stage.accept("b")).status is Status.HELD
    stage.undo("a")
    stage.decide("a", Action.APPROVE)
    assert stage.score(stage.accept("c")).status is Status.APPROVED
    for name, email in (("d", Address.parse("bo@example.org")), ("e", None)):
        assert stage.score(stage.accept(name, email=email)).status is Status.HELD


def test_signals_of_the_form_are_heard(stage):
    for name, signals, status in (
        ("a", {"honeypot": True}, Status.HELD),
        ("b", {"fill_seconds": 0.3}, Status.HELD),
        ("c", {"fill_seconds": 30}, Status.APPROVED),
    ):
        assert stage.score(stage.accept(name, signals=signals)).status is status


def test_comments_of_several_sites_are_decided_together(stage):
    with stage.deps.store.write() as tx:
        other = tx.sites.add(herald(policy=Policy(cuts={}), callback_url="https://herald.example/hook"))
    (placed,) = stage.submit(submission(), site=other)
    both = [Scored(one, assessed(toxicity=0.7)) for one in (stage.accept(), placed.comment)]
    assert len(record_scores(stage.deps, both)) == 2
    with stage.deps.store.read() as tx:
        at_herald = tx.comments.get(other.id, "c-1")
        numbers = [one.seq for site in (stage.site, other) for one, _ in tx.decisions.feed(site.id, 0, 9)]
    assert (stage.look("c-1").status, at_herald.status, numbers) == ("held", "approved", [1, 1])
