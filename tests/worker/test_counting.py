"""What the workers count: each verdict once, and as expired only leases that ran out or whose holder died."""

from service.domain.effort import FAST_WANTED
from service.messaging.tasks import SCORE
from tests.worker.cast import Told, TwoEfforts
from worker.journal import Journal
from worker.meters import meters
from worker.score import Bounds, score_pending
from worker.sweep import Sweep


def counted(counter, *labels):
    """Return what was counted so far under these labels."""
    return float(counter.labels(*labels)._value.get())


def expired():
    return counted(meters().leases_expired, "score")


def test_a_verdict_that_came_too_late_is_not_counted(stage):
    stage.post("One.")
    settled, ran_out = counted(meters().settled, "scored"), expired()

    def hangs(text):
        stage.clock.pass_seconds(stage.deps.lease_seconds)
        assert score_pending(stage.deps, Told(), Bounds(seconds=0.1)) == 1
        return {}

    assert score_pending(stage.deps, Told(says=hangs), Bounds(seconds=0.1)) == 0
    assert counted(meters().settled, "scored") == settled + 1
    assert expired() == ran_out + 1


def test_a_text_that_is_tried_again_is_no_lease_that_expired(stage):
    stage.post("poison")
    ran_out = expired()
    for _ in range(4):
        score_pending(stage.deps, Told(), Bounds(seconds=0.1))
        stage.clock.pass_seconds(5)
    assert stage.statuses(1) == ["held"]
    assert expired() == ran_out


def test_leases_of_the_dead_are_counted_where_they_are_buried(stage, tmp_path):
    posted = stage.post("One.", "Two.")
    until = leased_until(stage, [one.pk for one in posted[:1]])
    journal = Journal(tmp_path)
    journal.note(SCORE, until, [one.pk for one in posted])
    journal.close()
    ran_out = expired()
    Sweep(stage.deps, journal=Journal(tmp_path)).release_dead()
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


def leased_until(stage, pks):
    """Lease as many comments as are named, and say until when."""
    now = stage.clock()
    until = now.replace(second=now.second + 30)
    with stage.deps.store.write() as tx:
        assert [one.pk for one in tx.scoring.lease_pending(now, until, len(pks))] == list(pks)
    return until
