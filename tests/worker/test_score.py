"""Scoring: batches, poison, lost races, expired leases, and what happens without a model; over every store."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from service.domain.comment import Source
from service.domain.verdict import Effort, Span
from service.messaging.tasks import DELIVER, SCORE
from service.scoring.scorer import NoModel
from service.usecases import withdraw
from tests.worker.cast import Told, raises
from worker import scoring
from worker.scoring import Limits, Pace, score_pending


def test_everything_pending_is_decided_in_batches(stage):
    stage.post(*(f"Text {n}." for n in range(25)))
    scorer = Told()
    assert score_pending(stage.deps, scorer, Limits(batch=10)) == 25
    assert scorer.batches == [10, 10, 5]
    assert set(stage.statuses(25)) == {"approved"}
    assert len(stage.feed()) == 25


def test_a_full_batch_calls_other_workers(stage):
    """Who finds a full batch enqueues another run, so that others join; a short batch needs nobody."""
    stage.post(*(f"Text {n}." for n in range(15)))
    stage.enqueued()
    score_pending(stage.deps, Told(), Limits(batch=10))
    assert [name for name in stage.enqueued() if name == SCORE] == [SCORE]


def test_what_a_dead_worker_left_does_not_wait_behind_what_comes_in(stage):
    left = stage.post(*(f"Text {n}." for n in range(30)))
    with stage.deps.store.write() as tx:
        tx.scoring.lease_pending(stage.clock.now, stage.clock.now, 30)
    stage.clock.pass_seconds(60)
    said = []

    def stream(text):
        said.append(text)
        if text == "New." and len(set(said)) < 31:
            stage.post("New.", id=f"new-{len(said)}")
        return {}

    stage.post("New.", id="new-0")
    score_pending(stage.deps, Told(stream), Limits(gather=0.3, seconds=20.0))
    last = max(place for place, text in enumerate(said) if text != "New.")
    assert set(stage.statuses(len(left))) == {"approved"}
    assert said[:last].count("New.") < 10  # one for each of theirs would take thirty


def test_a_small_batch_that_took_long_is_followed_by_a_longer_pause():
    assert [Limits().gathering(spent) for spent in (0.001, 0.025, 5.0)] == [0.05, 0.125, 0.15]


def test_nothing_pending_is_quiet(stage):
    scorer = Told()
    assert score_pending(stage.deps, scorer) == 0
    assert (scorer.batches, stage.enqueued()) == ([], [])


def test_a_poison_comment_holds_up_nobody(stage):
    stage.post("Fine.", "poison", "Good.")
    assert score_pending(stage.deps, Told()) == 2
    assert stage.statuses(3) == ["approved", "pending", "approved"]
    assert stage.look("c-1").attempts == 1


def test_a_poison_comment_is_tried_three_times_and_then_held(stage):
    stage.post("poison")
    stage.enqueued()
    scorer = Told()
    for pause in (1, 2):
        assert score_pending(stage.deps, scorer) == 0
        assert (SCORE, float(pause)) in stage.dispatcher.enqueued
        stage.clock.pass_seconds(pause - 0.1)
        assert score_pending(stage.deps, scorer) == 0  # nobody tries before
        stage.clock.pass_seconds(0.1)
    assert score_pending(stage.deps, scorer) == 1
    held = stage.look()
    assert (held.status, held.verdict.reasons[0].code) == ("held", "unscorable")
    assert scorer.batches == [1, 1, 1]


def test_a_comment_that_killed_its_worker_three_times_is_held_unread(stage):
    stage.post("Deadly.")
    for retried in (False, True, True):
        with stage.deps.store.write() as tx:
            assert tx.scoring.lease_pending(stage.clock.now, stage.clock.now, 1, retried=retried)
    scorer = Told()
    assert score_pending(stage.deps, scorer) == 1
    assert (str(stage.look().status), scorer.batches) == ("held", [])


def test_what_was_tried_before_is_in_no_hand_together_with_a_fresh_batch(stage):
    stage.post("Old.")
    with stage.deps.store.write() as tx:
        tx.scoring.lease_pending(stage.clock.now, stage.clock.now, 1)
    stage.post("New.", id="new")
    seen = []
    watching = Told(lambda text: seen.append((text, stage.look("c-0").attempts)) or {})
    assert score_pending(stage.deps, watching) == 2
    assert seen == [("New.", 1), ("Old.", 2)]


def test_batches_grow_shorter_where_they_take_long():
    pace = Pace()
    assert pace.batch(128) == 128
    for _ in range(6):
        pace.took(pace.batch(128), 0.01 * pace.batch(128))  # ten milliseconds each
    assert 16 <= pace.batch(128) <= 24
    pace.took(3, 5.0)  # too few to judge by
    assert 16 <= pace.batch(128) <= 24
    for _ in range(9):
        pace.took(pace.batch(128), 0.0005 * pace.batch(128))
    assert pace.batch(128) == 128
    for _ in range(9):
        pace.took(pace.batch(128), 60.0)
    assert (pace.batch(128), pace.batch(4)) == (16, 4)


def test_a_comment_whose_worker_died_is_tried_alone(stage):
    stage.post("One.", "Two.", "Three.")
    with stage.deps.store.write() as tx:
        tx.scoring.lease_pending(stage.clock.now, stage.clock.now, 10)  # a worker that is gone
    scorer = Told()
    assert score_pending(stage.deps, scorer) == 3
    assert scorer.batches == [1, 1, 1]


def test_a_lease_that_runs_is_respected(stage):
    stage.post("One.")
    stage.clock.pass_seconds(60)
    with stage.deps.store.write() as tx:
        tx.scoring.lease_pending(stage.clock.now, stage.clock.now.replace(hour=23), 10)
    assert score_pending(stage.deps, Told()) == 0
    assert stage.statuses(1) == ["pending"]


def test_who_acts_while_a_comment_is_read_wins(stage):
    def slow(text):
        if stage.look("c-1").status == "pending":
            withdraw(stage.deps, stage.site, "c-1", "courier")
        return {}

    stage.post("One.", "Two.")
    assert score_pending(stage.deps, Told(slow)) == 1
    assert stage.statuses(2) == ["approved", "withdrawn"]


def test_without_a_model_comments_are_held_until_it_is_back(stage):
    stage.post("One.", "Two.")
    assert score_pending(stage.deps, Told(raises(NoModel()))) == 2
    held = stage.look()
    assert (held.status, held.verdict.reasons[0].code) == ("held", "unscored")
    stage.post("Three.", id="c-3")
    assert score_pending(stage.deps, Told()) == 1
    assert stage.look("c-3").status == "approved"


def test_a_worker_that_is_stopping_takes_nothing(stage):
    stage.post("One.")
    answers = iter([False, True])
    assert score_pending(stage.deps, Told(), stopping=lambda: next(answers)) == 0
    assert stage.look().attempts == 0
    assert score_pending(stage.deps, Told(), stopping=lambda: True) == 0
    assert score_pending(stage.deps, Told()) == 1


def test_a_run_out_of_time_enqueues_the_rest(stage):
    stage.post("One.")
    stage.enqueued()
    assert score_pending(stage.deps, Told(), Limits(seconds=0)) == 0
    assert stage.enqueued() == [SCORE]


def test_live_comments_go_before_a_backfill(stage):
    stage.post(*(f"Old {n}." for n in range(5)), live=False, source=Source.IMPORT)
    stage.post("New.", id="live")
    seen = []
    score_pending(stage.deps, Told(lambda text: seen.append(text) or {}), Limits(batch=2))
    assert seen[0] == "New."


def test_a_store_that_fails_at_settling_gets_the_leases_back(stage, monkeypatch):
    stage.post("One.", "Two.")
    with monkeypatch.context() as patched:
        patched.setattr("worker.scoring.record_scores", raises(ConnectionResetError()))
        with pytest.raises(ConnectionResetError):
            score_pending(stage.deps, Told())
    assert [stage.look(f"c-{n}").attempts for n in range(2)] == [0, 0]
    scorer = Told()
    assert score_pending(stage.deps, scorer) == 2
    assert scorer.batches == [2]


@pytest.mark.parametrize("at", ["by_id", "record_scores"])
def test_a_store_that_is_back_in_a_moment_gets_the_leases_back(stage, monkeypatch, at):
    stage.post("One.", "Two.")
    store, away = stage.deps.store, [3]
    real = store.write

    def fails(*_):
        monkeypatch.setattr(store, "write", write)
        raise ConnectionResetError

    @contextmanager
    def write():
        if away[0]:
            away[0] -= 1
            raise ConnectionRefusedError
        with real() as tx:
            yield tx

    monkeypatch.setattr("worker.scoring.GIVE_BACK_PAUSES", (0.001,) * 8)
    with monkeypatch.context() as patched:
        with store.read() as tx:
            patched.setattr(scoring if at == "record_scores" else type(tx.sites), at, fails)
        with pytest.raises(ConnectionResetError):
            score_pending(stage.deps, Told())
    assert away == [0]
    assert [stage.look(f"c-{n}").attempts for n in range(2)] == [0, 0]
    assert score_pending(stage.deps, Told()) == 2


def test_delivery_is_enqueued_once_a_batch(stage):
    stage.post("One.", "Two.")
    stage.enqueued()
    score_pending(stage.deps, Told())
    assert stage.enqueued() == [DELIVER]


def test_only_what_the_site_will_not_approve_is_explained(stage):
    class Explaining(Told):
        def score(self, readings, explain=True, effort=Effort.FULL):
            assert callable(explain)
            span = Span(0, 3, "toxicity", 1.0)
            assessed = Told(lambda text: {"toxicity": 0.7 if "bad" in text else 0.1}).score(readings)
            return [
                replace(one, spans=(span,) if explain(number, one.scores) else ())
                for number, one in enumerate(assessed)
            ]

    stage.post("Good.", "Very bad.", "Fine.")
    score_pending(stage.deps, Explaining())
    spans = [one.verdict.spans if (one := stage.look(f"c-{n}")).verdict else None for n in range(3)]
    assert spans == [(), (Span(0, 3, "toxicity", 1.0),), ()]


def test_what_cannot_be_explained_is_decided_all_the_same(stage):
    """A fault of the explanation costs the spans and nothing else."""

    class Mute(Told):
        def score(self, readings, explain=True, effort=Effort.FULL):
            if explain:
                raise RuntimeError
            return Told(lambda text: {"toxicity": 0.7}).score(readings)

    stage.post("Bad.")
    assert score_pending(stage.deps, Mute()) == 1
    assert stage.look().status == "held"
