"""Consequences: what another policy would have made of the past, equal to a recount by hand."""

from dataclasses import replace

from service.domain.comment import Article, Comment, Source
from service.domain.facts import facts_of
from service.domain.policy import Cut, Policy, decide
from service.domain.policy_preview import Past, again, preview_policy
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Assessment, Reason, Verdict
from tests.factories import NOON

APPROVE, HOLD, REJECT, SPAM = Action.APPROVE, Action.HOLD, Action.REJECT, Action.SPAM
STRICT = Policy(cuts={"toxicity": Cut(hold=0.3, reject=0.9)})
LENIENT = replace(STRICT, version=2, cuts={"toxicity": Cut(hold=0.6, reject=0.95)})


def scored(number, toxicity, judged=None, **changes):
    """A comment with that score, and what a person said of it."""
    comment = Comment(
        pk=number,
        site_id=1,
        id=f"c-{number}",
        revision=1,
        status=Status.HELD,
        article=Article("https://courier.example/bridge"),
        author_name="Ada",
        body="The bridge is open.",
        submitted_at=NOON,
        received_at=NOON,
        content_hash="x",
        source=Source.API,
        verdict=Verdict(HOLD, (), dict.fromkeys(LABELS, 0.0) | {"toxicity": toxicity}, model="made-up-1"),
    )
    return Past(replace(comment, **changes), judged)


def test_the_numbers_equal_a_recount():
    past = [
        scored(n, n / 40, judged)
        for n, judged in enumerate([APPROVE, None, REJECT, SPAM, APPROVE, None, REJECT, APPROVE] * 5)
    ]
    found = preview_policy(past, STRICT, LENIENT)
    for outcome, policy in ((found.before, STRICT), (found.after, LENIENT)):
        fresh = [
            decide(Assessment(one.comment.verdict.scores, "made-up-1"), facts_of(one.comment), policy).action
            for one in past
            if one.comment.verdict
        ]
        said = [(action, one.judged) for action, one in zip(fresh, past, strict=True)]
        assert {action: outcome.actions.get(action, 0) for action in Action} == {
            action: fresh.count(action) for action in Action
        }
        assert outcome.held_judged == sum(a is HOLD and j is not None for a, j in said)
        assert outcome.held_fine == sum(a is HOLD and j is APPROVE for a, j in said)
        assert outcome.refused_judged == sum(a in (REJECT, SPAM) and j is not None for a, j in said)
        assert outcome.refused_fine == sum(a in (REJECT, SPAM) and j is APPROVE for a, j in said)
        assert outcome.bad == sum(j in (REJECT, SPAM) for _, j in said)
        assert outcome.passed_bad == sum(a is APPROVE and j in (REJECT, SPAM) for a, j in said)
    assert (found.looked_at, found.judged) == (40, 30)


def test_the_comments_that_would_change_are_named():
    """Exactly those between the two cuts change, with what they were and what they would be."""
    past = [scored(1, 0.2), scored(2, 0.4, APPROVE), scored(3, 0.7), scored(4, 0.92, REJECT)]
    found = preview_policy(past, STRICT, LENIENT)
    assert [(one.comment.pk, one.before, one.after, one.judged) for one in found.changes] == [
        (2, HOLD, APPROVE, APPROVE),
        (4, REJECT, HOLD, REJECT),
    ]


def test_the_same_policy_changes_nothing():
    past = [scored(n, n / 10) for n in range(10)]
    found = preview_policy(past, STRICT, STRICT)
    assert found.changes == ()
    assert found.before == found.after


def test_what_the_classifier_could_not_judge_stays_held():
    verdict = Verdict(HOLD, (Reason("language", "…"),), dict.fromkeys(LABELS, 0.0), model="made-up-1")
    past = [scored(1, 0.0, verdict=verdict)]
    assert preview_policy(past, STRICT, LENIENT).after.actions[HOLD] == 1


def test_what_has_no_score_is_held():
    assert again(scored(1, 0.0, verdict=None).comment, LENIENT) is HOLD
