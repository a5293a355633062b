"""A moderator's decision, its undo, and a withdrawal: what each publishes, tells, labels and refuses."""

import json

import pytest

from service.domain.errors import Conflict, Final, NotFound, NothingToUndo
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.messaging.tasks import PUBLISH, SCORE
from service.usecases import Judgement, Scored, publish_due, record_scores, review, withdraw
from tests.factories import after, finish_delivery, herald, sqlite_store
from tests.stage import Stage, assessed, submission

APPROVE, REJECT, SPAM, HOLD = Action.APPROVE, Action.REJECT, Action.SPAM, Action.HOLD
BODY = "The bridge is open."


@pytest.fixture
def stage():
    return Stage.over(sqlite_store())


@pytest.fixture
def held(stage):
    return stage.score(stage.accept(), toxicity=0.7)


def later(stage, seconds=5):
    """Let time pass and publish what is due."""
    stage.clock.pass_seconds(seconds)
    return publish_due(stage.deps)


def take_off(stage):
    return withdraw(stage.deps, stage.site, "c-1", "courier")


def test_a_decision_without_a_delay_takes_effect_at_once(stage, held):
    decision = stage.decide("c-1", APPROVE, revision=1, reason="fine", note="Knows the mayor.")
    assert (stage.look("c-1").status, stage.published()) == (Status.APPROVED, [BODY])
    assert (stage.told(), stage.feed()) == (["held", "approved"], [(1, "hold"), (2, "approve")])
    assert stage.labels() == [(APPROVE, True)]
    with stage.deps.store.read() as tx:
        assert tx.decisions.notes([decision.id]) == {decision.id: "Knows the mayor."}


def test_a_decision_on_the_desk_waits_for_its_moment(stage, held):
    stage.enqueued()
    stage.decide("c-1", APPROVE, delay=5)
    assert stage.dispatcher.enqueued == [(PUBLISH, 5)]
    assert (stage.look("c-1").status, stage.published(), stage.told()) == ("approved", [], ["held"])
    assert publish_due(stage.deps) == 0
    assert later(stage) == 1
    assert (stage.published(), stage.told()) == ([BODY], ["held", "approved"])
    assert stage.feed()[-1] == (2, "approve")
    assert publish_due(stage.deps) == 0


def test_a_stale_revision_is_refused_with_the_current_state(stage):
    stage.accept()
    stage.submit(submission(body="Other."))
    with pytest.raises(Conflict) as refused:
        stage.decide("c-1", APPROVE, revision=1)
    assert (refused.value.current.revision, refused.value.current.body) == (2, "Other.")
    assert stage.look("c-1").status is Status.PENDING


def test_a_decided_comment_is_overruled_only_by_name(stage):
    current = stage.score(stage.accept(), spam=0.99).decision_id
    for named in (None, current + 1):
        with pytest.raises(Conflict) as refused:
            stage.decide("c-1", APPROVE, replaces=named)
        assert refused.value.decision.id == current
    decision = stage.decide("c-1", APPROVE, replaces=current)
    assert (decision.replaces, stage.look("c-1").status) == (current, Status.APPROVED)


def test_a_decision_not_yet_published_is_replaced_without_a_trace_outside(stage, held):
    first = stage.decide("c-1", APPROVE, delay=5)
    second = stage.decide("c-1", SPAM, delay=5, replaces=first.id)
    assert (second.from_status, second.previous) == (first.from_status, first.previous)
    assert later(stage) == 1
    assert (stage.told(), stage.published(), stage.look("c-1").status) == (["held", "spam"], [], Status.SPAM)
    assert stage.labels() == [(APPROVE, False), (SPAM, True)]


@pytest.mark.parametrize("replaced", [False, True])
def test_undo_before_publication_is_free_and_goes_back_before_all(stage, held, replaced):
    decision = stage.decide("c-1", APPROVE, delay=5)
    if replaced:
        decision = stage.decide("c-1", SPAM, delay=5, replaces=decision.id)
    undone = stage.undo("c-1", decision.id)
    assert (undone.status, undone.decision_id) == (Status.HELD, held.decision_id)
    assert (later(stage, 60), stage.told(), stage.published()) == (0, ["held"], [])
    assert not any(stands for _, stands in stage.labels())


def test_there_must_be_a_comment_of_the_site_to_decide_on(stage):
    stage.accept()
    with stage.deps.store.write() as tx:
        other = tx.sites.add(herald())
    for act in (
        lambda: stage.decide("nothing", APPROVE),
        lambda: withdraw(stage.deps, stage.site, "nothing", "courier"),
        lambda: review(stage.deps, other, "c-1", Judgement(APPROVE, Who.SITE, "herald")),
    ):
        with pytest.raises(NotFound):
            act()


@pytest.mark.parametrize(
    ("overtakes", "status"),
    [
        (lambda stage: stage.submit(submission(body="Something vile.")), Status.PENDING),
        (take_off, Status.WITHDRAWN),
    ],
)
def test_a_revision_or_withdrawal_overtakes_a_waiting_decision(stage, held, overtakes, status):
    stage.decide("c-1", APPROVE, delay=5)
    overtakes(stage)
    assert (later(stage), stage.published(), stage.look("c-1").status) == (0, [], status)


def test_undoing_a_waiting_decision_on_a_pending_comment_leaves_it_pending(stage):
    accepted = stage.accept()
    stage.decide("c-1", APPROVE, delay=5)
    assert stage.undo("c-1").status is Status.PENDING
    assert SCORE in stage.enqueued()
    assert later(stage, 6) == 0
    assert stage.score(accepted).status is Status.APPROVED


def test_undo_after_publication_tells_the_site(stage, held):
    stage.decide("c-1", APPROVE)
    undone = stage.undo("c-1")
    assert (undone.status, stage.published()) == (Status.HELD, [])
    assert stage.told() == ["held", "approved", "restored"]
    assert [seq for seq, _ in stage.feed()] == [1, 2, 3]
    assert stage.labels() == [(APPROVE, False)]


def test_undoing_a_rejection_of_a_published_comment_publishes_it_again(stage):
    approved = stage.score(stage.accept())
    stage.decide("c-1", REJECT, replaces=approved.decision_id)
    assert stage.published() == []
    stage.undo("c-1")
    assert (stage.published(), stage.look("c-1").status) == ([BODY], Status.APPROVED)
    assert json.loads(stage.mail()[-1].payload)["data"]["status"] == "approved"


def test_undoing_an_automatic_decision_asks_a_person(stage):
    stage.score(stage.accept())
    assert stage.undo("c-1").status is Status.HELD


def test_undo_names_the_decision_it_saw(stage):
    stage.accept()
    for prepare, named in (
        (lambda: None, None),
        (lambda: stage.decide("c-1", REJECT), 999),
        (lambda: stage.undo("c-1"), None),
    ):
        prepare()
        with pytest.raises(NothingToUndo):
            stage.undo("c-1", named)
    assert stage.told() == ["rejected", "restored"]


def test_a_withdrawn_comment_is_gone_from_the_page_and_final(stage):
    accepted = stage.accept()
    stage.score(accepted)
    for _ in range(2):
        assert take_off(stage).status is Status.WITHDRAWN
    assert (stage.published(), stage.told()) == ([], ["approved", "withdrawn"])
    assert stage.feed() == [(1, "approve"), (2, "withdraw")]
    for act in (lambda: stage.decide("c-1", APPROVE), lambda: stage.undo("c-1")):
        with pytest.raises(Final):
            act()
    assert len(record_scores(stage.deps, [Scored(accepted, assessed())])) == 0


def test_a_dead_approval_is_not_replayed_after_the_withdrawal(stage):
    stage.score(stage.accept())
    now = stage.clock.now
    with stage.deps.store.write() as tx:
        (one,) = tx.deliveries.lease(now, after(60), 10)
        finish_delivery(tx, one.id, one.attempts, "dead", "gone", None, now)
    take_off(stage)
    with stage.deps.store.write() as tx:
        assert tx.deliveries.replay(None, None, now) == 0
        assert [one.type for one in tx.deliveries.page(None, "waiting", 10)] == ["comment.withdrawn"]
