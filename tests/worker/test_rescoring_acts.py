"""Comments that are scored again while somebody acts: who acts has won."""

from dataclasses import replace

import pytest

from service.domain.desk import Wanted
from service.domain.policy import Policy
from service.domain.verdict import Action, Assessment, Who
from service.usecases import Judgement, appeal, claim_held, report, review, undo, withdraw
from service.usecases.bulk import decide_cluster
from service.usecases.record_scores import Scored, record_scores
from tests.worker.cast import TwoEfforts
from tests.worker.flood import COPY, FAST, FULL, HOLDS, NARROW, scored_fast
from worker.score import score_pending


def moderator(stage):
    with stage.deps.store.write() as tx:
        return tx.moderators.get("Mo") or tx.moderators.add("Mo", "moderator", stage.clock.now)


def approves(stage, name):
    """Let a moderator approve it, to take effect later."""
    review(stage.deps, stage.site, name, Judgement(Action.APPROVE, Who.MODERATOR, "Mo"), delay=5)


def thinks_better_of_it(stage, name):
    """Let a moderator approve it and take that back: it stands as it did, and a person has looked."""
    approves(stage, name)
    undo(stage.deps, stage.site, name, Who.MODERATOR, "Mo")


def decides_as_the_site(stage, name):
    review(stage.deps, stage.site, name, Judgement(Action.REJECT, Who.SITE, "courier"))


def takes_it_off(stage, name):
    withdraw(stage.deps, stage.site, name, "courier")


def writes_anew(stage, name):
    """Let the reader send other words under the same id, which nothing can be said of yet."""
    stage.post("poison: other words", id=name)


def takes_it_in_hand(stage, name):
    assert name in [one.comment.id for one in claim_held(stage.deps, moderator(stage).id, Wanted(), 9)]


def is_reported(stage, name):
    report(stage.deps, stage.site, name, "a reader", None)


ACTS = [
    approves,
    thinks_better_of_it,
    decides_as_the_site,
    takes_it_off,
    writes_anew,
    takes_it_in_hand,
    is_reported,
]


def as_it_stands(stage, name):
    one = stage.look(name)
    return one.revision, one.status, one.decision_id, one.published_revision, one.verdict


@pytest.mark.parametrize("act", ACTS)
def test_who_acted_before_it_is_scored_again_has_won(flood, act):
    flood.came(held=HOLDS)
    act(flood.stage, "held")
    after = as_it_stands(flood.stage, "held")
    for _ in range(2):
        flood.over()
    assert as_it_stands(flood.stage, "held") == after
    assert not flood.stage.look("held").rescore


@pytest.mark.parametrize("act", ACTS)
def test_who_acts_while_it_is_scored_again_has_won(flood, act):
    flood.came(held=HOLDS, other=HOLDS)
    after = []

    def acts(text):
        if not after:
            act(flood.stage, "held")
            after.append(as_it_stands(flood.stage, "held"))
        return {}

    flood.scorer.full = acts
    score_pending(flood.stage.deps, flood.scorer)
    assert [as_it_stands(flood.stage, "held")] == after
    if act is not takes_it_in_hand:  # which takes the whole page
        assert flood.states("other") == ["approved full"]


def test_a_new_text_is_scored_by_itself(flood):
    flood.came(held=HOLDS)
    flood.stage.post("new words", id="held")
    flood.over()
    found = flood.stage.look("held")
    assert (found.revision, flood.states("held")) == (2, ["approved full"])
    assert flood.scorer.texts(FULL) == ["new words"]


def test_a_new_text_scored_fast_meanwhile_is_not_judged_by_the_old_one(flood):
    flood.came(held=HOLDS)
    other = TwoEfforts(fast=lambda _: HOLDS)

    def edited(text):
        if text == "held":
            flood.stage.post("new words", id="held")
            flood.stage.clock.pass_seconds(61)
            score_pending(flood.stage.deps, other, stopping=lambda: bool(other.asked))
        return {}

    flood.scorer.full = edited
    score_pending(flood.stage.deps, flood.scorer)
    assert other.texts(FAST) == ["new words"]
    assert flood.scorer.texts(FULL) == ["held", "new words"]
    assert flood.states("held") == ["approved full"]


def test_copies_of_what_a_moderator_has_in_hand_are_not_moved(flood):
    flood.stage.post("one", "two", "three")
    flood.stage.clock.pass_seconds(61)
    flood.scorer.fast = lambda _: HOLDS

    def alike(texts):
        return [None if text == "three" else COPY for text in texts]

    asked = flood.scorer.asked
    score_pending(flood.stage.deps, flood.scorer, stopping=lambda: bool(asked), signer=alike)
    mo, now = moderator(flood.stage), flood.stage.clock.now
    with flood.stage.deps.store.write() as tx:
        tx.queue.claim(mo.id, [flood.stage.look("c-0").pk], now, now.replace(hour=23))
    flood.over()
    assert flood.stage.statuses(3) == ["held", "held", "approved"]


def test_an_appeal_is_a_persons_to_answer(flood):
    flood.came(refused={"spam": 0.99})
    appeal(flood.stage.deps, flood.stage.site, "refused", "It is no insult.")
    after = as_it_stands(flood.stage, "refused")
    flood.over()
    assert as_it_stands(flood.stage, "refused") == after


def test_what_a_decision_on_its_copies_decided_is_not_scored_again(flood):
    """A person decided it with them, though a fast score alone would have passed it narrowly."""
    stage = flood.stage
    (first,) = stage.post("copy", id="first")
    record_scores(stage.deps, [Scored(first, Assessment({"spam": 0.7}, "told-2"), signature=COPY)])
    with stage.deps.store.read() as tx:
        cluster = tx.clusters.of_comments([first.pk])[first.pk]
    decide_cluster(stage.deps, stage.site, cluster, Judgement(Action.SPAM, Who.MODERATOR, "Mo"))
    (second,) = stage.post("copy", id="second")
    record_scores(stage.deps, [replace(scored_fast(second, **NARROW), signature=COPY)])
    assert flood.states("second") == ["spam fast"]
    assert not stage.look("second").rescore


def test_a_policy_that_changed_since_moves_nothing(flood):
    flood.came(narrow=NARROW)
    with flood.stage.deps.store.write() as tx:
        stricter = Policy(
            version=2, link_limit=0, cuts={"toxicity": replace(Policy().cuts["toxicity"], hold=0.1)}
        )
        tx.sites.save(replace(flood.stage.site, policy=stricter))
    flood.over(narrow=NARROW)
    assert flood.states("narrow") == ["approved fast"]
    assert not flood.stage.look("narrow").rescore
