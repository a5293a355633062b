"""With which effort is scored, and what of it is worth a full score: rules without a store."""

import pytest

from service.domain.effort import deserves_full, next_effort
from service.domain.policy import Cut, Policy
from service.domain.verdict import Action, Effort, Verdict

FULL, FAST = Effort.FULL, Effort.FAST
APPROVE, HOLD, REJECT, SPAM = Action.APPROVE, Action.HOLD, Action.REJECT, Action.SPAM
POLICY = Policy(cuts={"toxicity": Cut(approve=0.1, hold=0.5, reject=0.97), "spam": Cut(spam=0.95)})


@pytest.mark.parametrize(
    ("current", "oldest", "limit", "wanted"),
    [
        (FULL, 0.0, 60.0, FULL),
        (FULL, 60.0, 60.0, FULL),
        (FULL, 60.1, 60.0, FAST),
        (FAST, 60.1, 60.0, FAST),
        (FAST, 59.0, 60.0, FAST),
        (FAST, 30.0, 60.0, FAST),
        (FAST, 29.9, 60.0, FULL),
        (FULL, 45.0, 60.0, FULL),
        (FULL, 1e6, 0.0, FULL),
        (FAST, 1e6, 0.0, FULL),
    ],
)
def test_the_effort_follows_the_oldest_comment_and_does_not_swing(current, oldest, limit, wanted):
    assert next_effort(current, oldest, limit) is wanted


@pytest.mark.parametrize(
    ("effort", "action", "scores", "wanted"),
    [
        (FAST, HOLD, {}, True),
        (FAST, HOLD, {"toxicity": 0.0}, True),
        (FAST, APPROVE, {"toxicity": 0.01}, False),
        (FAST, APPROVE, {"toxicity": 0.05}, True),
        (FAST, APPROVE, {"toxicity": 0.09, "insult": 0.9}, True),
        (FAST, APPROVE, {"insult": 0.9}, False),
        (FAST, APPROVE, {"spam": 0.5}, False),
        (FAST, APPROVE, {"spam": 0.9}, True),
        (FAST, SPAM, {"spam": 0.97}, True),
        (FAST, SPAM, {"spam": 0.9999}, False),
        (FAST, REJECT, {"toxicity": 1.0}, False),
        (FAST, REJECT, {"toxicity": 0.98}, True),
        (FULL, HOLD, {"toxicity": 0.5}, False),
        (None, HOLD, {"toxicity": 0.5}, False),
    ],
)
def test_a_fast_score_that_holds_or_is_near_a_limit_deserves_a_full_one(effort, action, scores, wanted):
    assert deserves_full(Verdict(action, (), scores, effort=effort), POLICY) is wanted


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_limits_at_the_ends_have_their_odds(at):
    policy = Policy(cuts={"toxicity": Cut(hold=at)})
    for score in (at, 0.5):
        assert deserves_full(Verdict(APPROVE, (), {"toxicity": score}, effort=FAST), policy) is (score == at)
