"""What leads a verdict, what is severe, and an order that spares whoever reads it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.severity import Leading, is_at_risk, is_severe, leading, paced
from service.domain.verdict import Reason
from tests.factories import verdict


def test_the_gravest_ground_with_a_label_leads():
    told = verdict(
        reasons=(Reason("links", "said"), Reason("score", "said", "threat")),
        scores={"toxicity": 0.9, "threat": 0.25},
    )
    assert leading(told) == Leading("threat", 0.25, 0.5)


def test_without_a_ground_the_highest_score_leads_and_without_scores_nothing():
    assert leading(verdict(reasons=(), scores={"spam": 0.5, "insult": 0.1})) == Leading("spam", 0.5, 1.0)
    assert leading(verdict(reasons=(), scores={})) == Leading(None, 0.0, 1.0)


def test_a_rule_leads_under_a_label_that_the_model_does_not_know():
    told = verdict(reasons=(Reason("personal_data", "said", "personal_info"),), scores={"insult": 0.3})
    assert leading(told) == Leading("personal_info", 0.0, 1.0)


def test_self_harm_leads_as_a_ground_alone():
    scores = {"self_harm": 0.2, "insult": 0.1}
    by_links = verdict(reasons=(Reason("links", "said"),), scores=scores)
    assert (leading(by_links).label, is_at_risk(by_links)) == ("insult", False)
    at_risk = verdict(reasons=(Reason("at_risk", "said", "self_harm"),), scores=scores)
    assert (leading(at_risk).label, is_at_risk(at_risk)) == ("self_harm", True)
    assert not is_at_risk(None)


def test_the_words_of_somebody_at_risk_are_not_blurred():
    grounds = (Reason("at_risk", "said", "self_harm"), Reason("score", "said", "threat"))
    assert not is_severe(verdict(reasons=grounds, scores={"self_harm": 0.8, "threat": 0.9}))


@pytest.mark.parametrize(
    ("scores", "severe"),
    [({"threat": 0.5}, True), ({"sexual": 0.5}, True), ({"insult": 0.9}, False), ({"obscene": 0.49}, False)],
)
def test_some_labels_are_severe(scores, severe):
    assert is_severe(verdict(scores=scores)) is severe
    assert not is_severe(None)


@pytest.mark.parametrize(("label", "severe"), [("threat", True), ("insult", False)])
def test_what_was_held_for_a_severe_label_is_severe(label, severe):
    told = verdict(reasons=(Reason("score", "said", label),), scores={"threat": 0.2, "insult": 0.2})
    assert is_severe(told) is severe


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 4), st.integers(0, 3))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_pacing_loses_nothing_and_keeps_the_cap_while_it_can(severe, cap, run):
    order = paced(severe, cap, run)
    assert sorted(order) == list(range(len(severe)))
    for kind in (True, False):
        places = [place for place in order if severe[place] is kind]
        assert places == sorted(places)
    length, left = run, severe.count(False)
    for place in order:
        length = length + 1 if severe[place] else 0
        left -= not severe[place]
        assert length <= max(cap, run + 1) or left == 0
    assert paced(severe, 0, run) == list(range(len(severe)))
