"""What the workers count: each verdict once, and as expired only leases that ran out or whose holder died."""

from service.domain.effort import FAST_WANTED
from tests.factories import after
from tests.worker.cast import Told, TwoEfforts
from worker.metrics import meters
from worker.scoring import Limits, score_pending


def counted(counter, *labels):
    return float(counter.labels(*labels)._value.get())


def expired():
    return counted(meters().leases_expired, "score")


def test_a_verdict_that_came_too_late_is_not_counted(stage):
    stage.post("One.")
    settled, ran_out = counted(meters().settled, "scored"), expired()

    def hangs(text):
        stage.clock.pass_seconds(stage.deps.lease_seconds)
        assert score_pending(stage.deps, Told(), Limits(seconds=0.1)) == 1
        return {}

    assert score_pending(stage.deps, Told(hangs), Limits(seconds=0.1)) == 0
    assert counted(meters().settled, "scored") == settled + 1
    assert expired() == ran_out + 1


def test_leases_of_the_dead_are_counted_by_who_takes_over(stage):
    posted = stage.post("One.", "Two.")
    with stage.deps.store.write() as tx:
        tx.scoring.lease_pending(stage.clock(), after(30), 1)
    ran_out = expired()
    stage.clock.pass_seconds(30)
    assert score_pending(stage.deps, Told(), Limits(seconds=0.1)) == len(posted)
    assert expired() == ran_out + 1


def test_scores_are_counted_by_effort_and_second_verdicts_by_outcome(stage):
    scorer = TwoEfforts(fast=lambda _: {"toxicity": 0.7})
    stage.post("One.", signals=FAST_WANTED)
    scored = {effort: counted(meters().scored, scorer.version, effort) for effort in ("full", "fast")}
    settled, approved = counted(meters().settled, "scored"), counted(meters().rescored, "approved")
    assert score_pending(stage.deps, scorer) == 1
    for effort, before in scored.items():
        assert counted(meters().scored, scorer.version, effort) == before + 1
    assert counted(meters().settled, "scored") == settled + 1
    assert counted(meters().rescored, "approved") == approved + 1
