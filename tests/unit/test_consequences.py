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
REFUSALS = (REJECT, SPAM)
STRICT = Policy(cuts={"toxicity": Cut(hold=0.3, reject=0.9)})
LENIENT = replace(STRICT, version=2, cuts={"toxicity": Cut(hold=0.6, reject=0.95)})


def scored(number, toxicity, judged=None, **changes):
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
    judgements = [APPROVE, None, REJECT, SPAM, APPROVE, None, REJECT, APPROVE] * 5
    past = [scored(n, n / 40, judged) for n, judged in enumerate(judgements)]
    found = preview_policy(past, STRICT, LENIENT)
    for outcome, policy in ((found.before, STRICT), (found.after, LENIENT)):
        fresh = [
            decide(Assessment(one.comment.verdict.scores, "made-up-1"), facts_of(one.comment), policy).action
            for one in past
        ]
        said = list(zip(fresh, judgements, strict=True))
        assert {action: outcome.actions.get(action, 0) for action in Action} == {
            action: fresh.count(action) for action in Action
        }
        assert outcome.held_judged == sum(a is HOLD and j is not None for a, j in said)
        assert outcome.held_fine == sum(a is HOLD and j is APPROVE for a, j in said)
        assert outcome.refused_judged == sum(a in REFUSALS and j is not None for a, j in said)
        assert outcome.refused_fine == sum(a in REFUSALS and j is APPROVE for a, j in said)
        assert outcome.bad == sum(j in REFUSALS for _, j in said)
        assert outcome.passed_bad == sum(a is APPROVE and j in REFUSALS for a, j in said)
    assert (found.looked_at, found.judged) == (40, 30)


def test_exactly_the_comments_between_two_cuts_would_change():
    past = [scored(1, 0.2), scored(2, 0.4, APPROVE), scored(3, 0.7), scored(4, 0.92, REJECT)]
    found = preview_policy(past, STRICT, LENIENT)
    changes = [(one.comment.pk, one.before, one.after, one.judged) for one in found.changes]
    assert changes == [(2, HOLD, APPROVE, APPROVE), (4, REJECT, HOLD, REJECT)]
    same = preview_policy(past, STRICT, STRICT)
    assert (same.changes, same.before) == ((), same.after)


def test_what_was_not_judged_or_has_no_score_stays_held():
    doubt = Verdict(HOLD, (Reason("language", "…"),), dict.fromkeys(LABELS, 0.0), model="made-up-1")
    assert preview_policy([scored(1, 0.0, verdict=doubt)], STRICT, LENIENT).after.actions[HOLD] == 1
    assert again(scored(1, 0.0, verdict=None).comment, LENIENT) is HOLD
