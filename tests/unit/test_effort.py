"""With which effort is scored, and what of it is worth a full score: rules without a store."""

import pytest

from service.domain.effort import deserves_full, next_effort
from service.domain.policy import Cut, Policy
from service.domain.verdict import Action, Effort, Verdict

FULL, FAST = Effort.FULL, Effort.FAST


@pytest.mark.parametrize(
    ("current", "oldest", "wanted"),
    [
        (FULL, 0.0, FULL),
        (FULL, 60.0, FULL),
        (FULL, 60.1, FAST),
        (FAST, 60.1, FAST),
        (FAST, 59.0, FAST),
        (FAST, 30.0, FAST),
        (FAST, 29.9, FULL),
        (FULL, 45.0, FULL),
    ],
)
def test_the_effort_follows_the_oldest_comment_and_does_not_swing(current, oldest, wanted):
    assert next_effort(current, oldest, 60.0) is wanted


def test_a_limit_of_zero_means_always_full():
    assert next_effort(FULL, 1e6, 0.0) is FULL
    assert next_effort(FAST, 1e6, 0.0) is FULL


POLICY = Policy(cuts={"toxicity": Cut(approve=0.1, hold=0.5, reject=0.97), "spam": Cut(spam=0.95)})


@pytest.mark.parametrize(
    ("action", "scores", "wanted"),
    [
        (Action.HOLD, {}, True),
        (Action.HOLD, {"toxicity": 0.0}, True),
        (Action.APPROVE, {"toxicity": 0.01}, False),
        (Action.APPROVE, {"toxicity": 0.05}, True),
        (Action.APPROVE, {"toxicity": 0.09, "insult": 0.9}, True),
        (Action.APPROVE, {"insult": 0.9}, False),
        (Action.APPROVE, {"spam": 0.5}, False),
        (Action.APPROVE, {"spam": 0.9}, True),
        (Action.SPAM, {"spam": 0.97}, True),
        (Action.SPAM, {"spam": 0.9999}, False),
        (Action.REJECT, {"toxicity": 1.0}, False),
        (Action.REJECT, {"toxicity": 0.98}, True),
    ],
)
def test_what_is_held_or_near_a_limit_deserves_a_full_score(action, scores, wanted):
    assert deserves_full(Verdict(action, (), scores, effort=FAST), POLICY) is wanted


def test_what_has_a_full_score_or_none_deserves_no_other():
    """A second reading would say the same; without a score there was no fast one."""
    for effort in (FULL, None):
        assert not deserves_full(Verdict(Action.HOLD, (), {"toxicity": 0.5}, effort=effort), POLICY)


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_limits_at_the_ends_have_their_odds(at):
    policy = Policy(cuts={"toxicity": Cut(hold=at)})
    assert deserves_full(Verdict(Action.APPROVE, (), {"toxicity": at}, effort=FAST), policy)
    assert not deserves_full(Verdict(Action.APPROVE, (), {"toxicity": 0.5}, effort=FAST), policy)
