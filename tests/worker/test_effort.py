"""The two efforts: a flood falls back to the fast one and returns, and who asks for it gets it; over every store."""

from dataclasses import replace

from service.domain.comment import Source
from service.domain.effort import FAST_WANTED
from service.domain.verdict import Effort
from tests.worker.cast import Told, TwoEfforts
from worker.scoring import score_pending

FULL, FAST = Effort.FULL, Effort.FAST


def efforts(stage, *names):
    found = [stage.look(name).verdict for name in names]
    return [verdict.effort if verdict else None for verdict in found]


def one_batch(stage, scorer):
    """Score one batch and no more: nobody looks whether anything is left."""
    asked = len(scorer.asked)
    score_pending(stage.deps, scorer, stopping=lambda: len(scorer.asked) > asked)


def current(stage):
    with stage.deps.store.read() as tx:
        return tx.scoring.effort().effort


def test_comments_are_scored_in_full_while_none_waits_for_long(stage):
    stage.post("One.")
    stage.clock.pass_seconds(60)
    score_pending(stage.deps, TwoEfforts())
    assert efforts(stage, "c-0") == ["full"]
    assert current(stage) is FULL


def test_a_flood_falls_back_to_fast_and_returns_to_full(stage):
    scorer = TwoEfforts()

    def scored_at(age, name):
        stage.post("Text.", id=name)
        stage.clock.pass_seconds(age)
        one_batch(stage, scorer)
        (effort,) = efforts(stage, name)
        return effort

    assert scored_at(59, "a") == "full"
    assert scored_at(61, "b") == "fast"
    assert current(stage) is FAST
    assert scored_at(45, "c") == "fast"
    assert scored_at(29, "d") == "full"
    assert current(stage) is FULL
    assert scored_at(45, "e") == "full"


def test_when_nothing_waits_any_more_the_next_comment_is_scored_in_full(stage):
    """A run that empties the queue ends the flood, so that the next comment is no part of it."""
    stage.post("Old.")
    stage.clock.pass_seconds(61)
    score_pending(stage.deps, TwoEfforts())
    assert efforts(stage, "c-0") == ["fast"]
    assert current(stage) is FULL


def test_the_effort_is_every_workers(stage):
    stage.post("Old.")
    stage.clock.pass_seconds(61)
    one_batch(stage, TwoEfforts())
    stage.post("Younger.", id="young")
    stage.clock.pass_seconds(40)
    one_batch(stage, TwoEfforts())
    assert efforts(stage, "young") == ["fast"]


def test_a_limit_of_zero_is_never_reached(stage):
    deps = replace(stage.deps, fast_after_seconds=0.0)
    stage.post("Old.")
    stage.clock.pass_seconds(9_999)
    score_pending(deps, TwoEfforts())
    assert efforts(stage, "c-0") == ["full"]


def test_neither_an_import_nor_a_text_that_is_tried_again_makes_a_flood(stage):
    """Both may be old while nothing else waits."""
    stage.post("Imported.", id="import", live=False, source=Source.IMPORT)
    stage.post("Left by a dead worker.", id="tried")
    with stage.deps.store.write() as tx:
        tx.scoring.lease_pending(stage.clock.now, stage.clock.now, 1)
    stage.clock.pass_seconds(600)
    stage.post("New.", id="new")
    score_pending(stage.deps, TwoEfforts())
    assert efforts(stage, "import", "tried", "new") == ["full"] * 3


def test_who_asks_for_a_fast_score_gets_one(stage):
    stage.post("Live.", "Live too.")
    stage.post("Old.", id="import", live=False, source=Source.IMPORT, signals=FAST_WANTED)
    scorer = TwoEfforts()
    score_pending(stage.deps, scorer)
    assert efforts(stage, "c-0", "import", "c-1") == ["full", "fast", "full"]
    assert scorer.texts(FAST) == ["Old."]


def test_a_scorer_with_one_effort_goes_on_scoring_in_full(stage):
    stage.post("Old.")
    stage.clock.pass_seconds(61)
    score_pending(stage.deps, Told())
    assert efforts(stage, "c-0") == ["full"]
