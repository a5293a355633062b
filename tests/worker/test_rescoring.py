"""What was decided on a fast score is scored again in full, once, and whoever acted meanwhile has won; all stores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from service.domain.comment import Source
from service.domain.desk_records import Wanted
from service.domain.duplicates import Signature
from service.domain.effort import FAST_WANTED
from service.domain.policy import Policy
from service.domain.verdict import LABELS, Action, Assessment, Effort, Who
from service.messaging.tasks import SCORE
from service.scoring.scorer import NoModel
from service.usecases import Judgement, appeal, claim_held, report, review, withdraw
from service.usecases.bulk import decide_cluster
from service.usecases.record_scores import Scored, record_scores
from tests.stage import Stage
from tests.worker.cast import Told, TwoEfforts, raises
from worker.maintenance import Maintenance
from worker.scoring import RESCORE_BATCH, Limits, score_pending

FULL, FAST = Effort.FULL, Effort.FAST
HOLDS, REFUSES = {"toxicity": 0.7}, {"spam": 0.99}
COPY = Signature(bytes(range(64)), (1, 2, 3))
NARROW = {"toxicity": 0.6}
"""Below the limit of 0.70, and near it."""


@dataclass
class Flood(Stage):
    """Comments that a flood had decided on fast scores, by text; what they are in full is said afterwards."""

    scorer: Told = field(default_factory=TwoEfforts)

    def came(self, **fast):
        """Let comments with these ids and fast scores come and be decided in a flood; each text is its id."""
        for name in fast:
            self.post(name, id=name)
        self.clock.pass_seconds(61)
        self.scorer.fast = lambda text: fast[text]
        score_pending(self.deps, self.scorer, Limits(), lambda: bool(self.scorer.asked))  # a pace of its own
        self.enqueued()

    def ends(self, **full):
        """Let the flood be over: nothing waits, and the full effort says this of those that are not clear to it."""
        self.scorer.full = lambda text: full.get(text, {})
        score_pending(self.deps, self.scorer)

    def states(self, *names):
        """Return where the comments stand, and on which effort."""
        found = [self.look(name) for name in names]
        return [f"{one.status} {one.verdict.effort if one.verdict else None}" for one in found]

    def decided(self, name):
        """Return what was decided of a comment, oldest first, and by whom."""
        with self.deps.store.read() as tx:
            found = tx.decisions.of_comment(self.look(name).pk)
        return [f"{one.who_kind} {one.action}" for one in found]


@pytest.fixture
def flood(store):
    return Flood.over(store)


# -- what is scored again ----------------------------------------------------------------------------------------------


def test_what_a_flood_held_or_passed_narrowly_is_scored_again_in_full(flood):
    flood.came(clear={}, held=HOLDS, worse=HOLDS, narrow=NARROW, missed=NARROW)
    flood.ends(worse=HOLDS, missed=HOLDS)
    assert flood.scorer.texts(FULL) == ["held", "worse", "narrow", "missed"]
    assert flood.states("clear", "held", "worse", "narrow", "missed") == [
        "approved fast",
        "approved full",
        "held full",
        "approved full",
        "held full",
    ]
    assert flood.decided("held") == ["machine hold", "machine approve"]
    assert flood.decided("worse") == ["machine hold"]
    assert flood.decided("missed") == ["machine approve", "machine hold"]


def test_the_site_and_readers_learn_what_became_of_it(flood):
    flood.came(held=HOLDS, missed=NARROW, same=HOLDS)
    flood.ends(missed=HOLDS, same=HOLDS)
    with flood.deps.store.read() as tx:
        feed = [
            (about.id, str(one.action), one.replaces is not None)
            for one, about in tx.decisions.feed(flood.site.id, 0, 99)
        ]
        shown = [one.id for one in tx.comments.published(flood.site.id, flood.look("held").article.url)]
    assert feed == [
        ("held", "hold", False),
        ("missed", "approve", False),
        ("same", "hold", False),
        ("held", "approve", True),
        ("missed", "hold", True),
    ]
    assert sorted(flood.told()) == ["approved"] * 2 + ["held"] * 3
    assert len({one.webhook_id for one in flood.mail()}) == 5
    assert shown == ["held"]


def test_each_is_scored_again_once(flood):
    flood.came(held=HOLDS, narrow=NARROW)
    for _ in range(3):
        flood.ends(held=HOLDS, narrow=NARROW)
    assert flood.scorer.texts(FULL) == ["held", "narrow"]


def test_what_was_published_is_held_at_most(flood):
    flood.came(narrow=NARROW)
    flood.ends(narrow=REFUSES)
    found = flood.look("narrow")
    assert (found.status, found.published_revision) == ("held", None)
    assert [one.code for one in found.verdict.reasons] == ["rescored", "score"]


def test_what_was_refused_narrowly_may_be_held_or_published(flood):
    flood.came(one={"toxicity": 0.975}, two={"spam": 0.951}, sure={"spam": 0.999})
    flood.ends(one=HOLDS)
    assert flood.states("one", "two", "sure") == ["held full", "approved full", "spam fast"]


def test_an_import_that_was_scored_fast_is_scored_again_where_it_matters(flood):
    flood.post("old", id="old", live=False, source=Source.IMPORT, signals=FAST_WANTED)
    flood.scorer.fast = lambda _: HOLDS
    flood.ends()
    assert flood.states("old") == ["approved full"]
    assert [effort for effort, _ in flood.scorer.asked] == [FAST, FULL]


def test_what_is_scored_in_full_is_not_scored_again(flood):
    flood.post("held", id="held")
    flood.ends(held=HOLDS)
    flood.ends(held=HOLDS)
    assert flood.scorer.texts(FULL) == ["held"]


def test_copies_that_come_to_be_held_are_one_cluster(flood):
    flood.came(one=NARROW, two=NARROW)
    flood.scorer.full = lambda _: HOLDS
    score_pending(flood.deps, flood.scorer, signer=lambda texts: [COPY] * len(texts))
    with flood.deps.store.read() as tx:
        clusters = tx.clusters.of_comments([flood.look(name).pk for name in ("one", "two")])
        queued = tx.queue.page(Wanted(), 1, flood.clock.now, 9)
    assert len({one.id for one in clusters.values()}) == 1
    assert [one.comment.id for one in queued] == ["one"]


# -- who acts has won --------------------------------------------------------------------------------------------------


def moderator(stage):
    with stage.deps.store.write() as tx:
        return tx.moderators.get("Mo") or tx.moderators.add("Mo", "moderator", stage.clock.now)


def approves(stage, name):
    stage.decide(name, Action.APPROVE, delay=5)


def thinks_better_of_it(stage, name):
    """Let a moderator approve it and take that back: it stands as it did, and a person has looked."""
    approves(stage, name)
    stage.undo(name)


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
    act(flood, "held")
    after = as_it_stands(flood, "held")
    for _ in range(2):
        flood.ends()
    assert as_it_stands(flood, "held") == after
    assert not flood.look("held").rescore


@pytest.mark.parametrize("act", ACTS)
def test_who_acts_while_it_is_scored_again_has_won(flood, act):
    flood.came(held=HOLDS, other=HOLDS)
    after = []

    def acts(text):
        if not after:
            act(flood, "held")
            after.append(as_it_stands(flood, "held"))
        return {}

    flood.scorer.full = acts
    score_pending(flood.deps, flood.scorer)
    assert [as_it_stands(flood, "held")] == after
    if act is not takes_it_in_hand:  # which takes the whole page
        assert flood.states("other") == ["approved full"]


def test_a_new_text_is_scored_by_itself(flood):
    flood.came(held=HOLDS)
    flood.post("new words", id="held")
    flood.ends()
    found = flood.look("held")
    assert (found.revision, flood.states("held")) == (2, ["approved full"])
    assert flood.scorer.texts(FULL) == ["new words"]


def test_a_new_text_scored_fast_meanwhile_is_not_judged_by_the_old_one(flood):
    flood.came(held=HOLDS)
    other = TwoEfforts(fast=lambda _: HOLDS)

    def edited(text):
        if text == "held":
            flood.post("new words", id="held")
            flood.clock.pass_seconds(61)
            score_pending(flood.deps, other, stopping=lambda: bool(other.asked))
        return {}

    flood.scorer.full = edited
    score_pending(flood.deps, flood.scorer)
    assert other.texts(FAST) == ["new words"]
    assert flood.scorer.texts(FULL) == ["held", "new words"]
    assert flood.states("held") == ["approved full"]


def test_copies_of_what_a_moderator_has_in_hand_are_not_moved(flood):
    flood.post("one", "two", "three")
    flood.clock.pass_seconds(61)
    flood.scorer.fast = lambda _: HOLDS

    def alike(texts):
        return [None if text == "three" else COPY for text in texts]

    asked = flood.scorer.asked
    score_pending(flood.deps, flood.scorer, stopping=lambda: bool(asked), signer=alike)
    mo, now = moderator(flood), flood.clock.now
    with flood.deps.store.write() as tx:
        tx.queue.claim(mo.id, [flood.look("c-0").pk], now, now.replace(hour=23))
    flood.ends()
    assert flood.statuses(3) == ["held", "held", "approved"]


def test_an_appeal_is_a_persons_to_answer(flood):
    flood.came(refused={"spam": 0.99})
    appeal(flood.deps, flood.site, "refused", "It is no insult.")
    after = as_it_stands(flood, "refused")
    flood.ends()
    assert as_it_stands(flood, "refused") == after


def test_what_a_decision_on_its_copies_decided_is_not_scored_again(flood):
    """A person decided it with them, though a fast score alone would have passed it narrowly."""
    (first,) = flood.post("copy", id="first")
    record_scores(flood.deps, [Scored(first, Assessment({"spam": 0.7}, "told-2"), signature=COPY)])
    with flood.deps.store.read() as tx:
        cluster = tx.clusters.of_comments([first.pk])[first.pk]
    decide_cluster(flood.deps, flood.site, cluster, Judgement(Action.SPAM, Who.MODERATOR, "Mo"))
    (second,) = flood.post("copy", id="second")
    record_scores(flood.deps, [replace(scored_fast(second, **NARROW), signature=COPY)])
    assert flood.states("second") == ["spam fast"]
    assert not flood.look("second").rescore


def test_a_policy_that_changed_since_moves_nothing(flood):
    flood.came(narrow=NARROW)
    cuts = {"toxicity": replace(Policy().cuts["toxicity"], hold=0.1)}
    with flood.deps.store.write() as tx:
        tx.sites.save(replace(flood.site, policy=Policy(version=2, link_limit=0, cuts=cuts)))
    flood.ends(narrow=NARROW)
    assert flood.states("narrow") == ["approved fast"]
    assert not flood.look("narrow").rescore


# -- fresh comments first, and nothing is lost -------------------------------------------------------------------------


def test_nothing_is_scored_again_while_comments_wait_for_their_first_score(flood):
    flood.came(**{f"held-{n}": HOLDS for n in range(2 * RESCORE_BATCH)})
    read = []

    class Arriving(TwoEfforts):
        def score(self, readings, explain=True, effort=FULL):
            if explain:
                read.append([one.text for one in readings])
                if len(read) < 4:
                    flood.post("fresh", id=f"fresh-{len(read)}")
            return super().score(readings, explain, effort)

    score_pending(flood.deps, Arriving(), Limits(gather=0.0))
    kinds = [batch[0].partition("-")[0] for batch in read]
    assert kinds[:5] == ["held", "fresh", "fresh", "fresh", "held"]
    again = [len(batch) for batch, kind in zip(read, kinds, strict=True) if kind == "held"]
    assert max(again) <= RESCORE_BATCH
    assert sum(again) == 2 * RESCORE_BATCH


def test_in_a_flood_nothing_is_scored_again(flood):
    flood.came(held=HOLDS)
    flood.post("late", id="late")
    flood.clock.pass_seconds(61)
    flood.scorer.fast = lambda _: {}
    asked = []

    def stopping():  # asked before and after each lease, and before anything is scored again
        asked.append(True)
        return len(asked) > 3

    score_pending(flood.deps, flood.scorer, stopping=stopping)
    assert flood.scorer.asked[-1] == (FAST, ["late"])
    assert flood.states("held") == ["held fast"]


def test_a_maintenance_run_finds_what_is_to_be_scored_again(flood):
    flood.came(held=HOLDS)
    maintenance = Maintenance(flood.deps)
    assert maintenance.run().to_rescore == 1
    assert SCORE in flood.enqueued()
    flood.ends()
    flood.enqueued()
    assert maintenance.run().to_rescore == 0
    assert SCORE not in flood.enqueued()


def test_a_run_out_of_time_leaves_the_rest_for_the_next(flood):
    flood.came(**{f"held{n}": HOLDS for n in range(RESCORE_BATCH + 1)})
    asked = len(flood.scorer.asked)
    score_pending(flood.deps, flood.scorer, stopping=lambda: len(flood.scorer.asked) > asked)
    assert len(flood.scorer.texts(FULL)) == RESCORE_BATCH
    assert SCORE in flood.enqueued()
    flood.ends()
    assert len(flood.scorer.texts(FULL)) == RESCORE_BATCH + 1


def test_without_a_model_what_is_to_be_scored_again_waits(flood):
    flood.came(held=HOLDS)
    for _ in range(5):
        score_pending(flood.deps, TwoEfforts(raises(NoModel())))
    assert flood.states("held") == ["held fast"]
    flood.ends()
    assert flood.states("held") == ["approved full"]


def test_a_text_that_cannot_be_read_in_full_stays_as_it_was_decided(flood):
    flood.came(poison=HOLDS, held=HOLDS)
    for pause in (0, 1, 2, 3):
        flood.clock.pass_seconds(pause)
        flood.ends()
    assert flood.states("poison", "held") == ["held fast", "approved full"]
    tried = [texts for effort, texts in flood.scorer.asked if effort is FULL and "poison" in texts]
    assert [len(texts) for texts in tried] == [2, 1, 1, 1]  # with the other one, and then thrice alone
    assert not flood.look("poison").rescore
    assert flood.decided("poison") == ["machine hold"]


def test_what_a_dead_worker_had_in_hand_is_scored_again_by_another(flood):
    class Died(BaseException):
        """The process is gone: nothing after it runs."""

    flood.came(one=HOLDS, two=HOLDS)
    flood.scorer.full = raises(Died())
    with pytest.raises(Died):
        score_pending(flood.deps, flood.scorer)
    flood.ends()
    assert flood.states("one", "two") == ["held fast"] * 2  # leased to the dead one
    flood.clock.pass_seconds(flood.deps.lease_seconds)
    flood.ends()
    assert flood.states("one", "two") == ["approved full"] * 2


def test_a_store_that_fails_gets_the_leases_back(flood, monkeypatch):
    flood.came(one=HOLDS, two=HOLDS)
    with monkeypatch.context() as patched:
        patched.setattr("worker.scoring.rescore", raises(ConnectionResetError()))
        with pytest.raises(ConnectionResetError):
            flood.ends()
    assert [flood.look(name).attempts for name in ("one", "two")] == [0, 0]
    flood.ends()
    assert flood.states("one", "two") == ["approved full"] * 2
    assert flood.scorer.asked[-1] == (FULL, ["one", "two"])


def scored_fast(comment, **scores):
    return Scored(comment, Assessment(dict.fromkeys(LABELS, 0.0) | scores, "told-2", effort=FAST))


def test_settling_marks_what_matters_and_nothing_else(stage):
    comments = stage.post("One.", "Two.", "Three.")
    scores = ({"toxicity": 0.7}, NARROW, {"toxicity": 0.01})
    record_scores(stage.deps, [scored_fast(one, **told) for one, told in zip(comments, scores, strict=True)])
    assert [stage.look(f"c-{n}").rescore for n in range(3)] == [True, True, False]
