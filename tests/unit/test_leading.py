"""What leads a verdict, what is severe, and an order that spares whoever reads it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.severity import Leading, is_at_risk, is_severe, leading, paced
from service.domain.verdict import Reason
from tests.factories import verdict

LINKS, THREAT, INSULT = (
    Reason("links", "said"),
    Reason("score", "said", "threat"),
    Reason("score", "", "insult"),
)
AT_RISK, PRIVATE = Reason("at_risk", "said", "self_harm"), Reason("personal_data", "said", "personal_info")


@pytest.mark.parametrize(
    ("reasons", "scores", "leads"),
    [
        ([LINKS, THREAT], {"toxicity": 0.9, "threat": 0.25}, Leading("threat", 0.25, 0.5)),
        ([], {"spam": 0.5, "insult": 0.1}, Leading("spam", 0.5, 1.0)),
        ([], {}, Leading(None, 0.0, 1.0)),
        ([PRIVATE], {"insult": 0.3}, Leading("personal_info", 0.0, 1.0)),
    ],
    ids=["the gravest ground with a label", "the highest score", "nothing", "a label that only rules give"],
)
def test_what_leads_a_verdict(reasons, scores, leads):
    assert leading(verdict(reasons=tuple(reasons), scores=scores)) == leads


def test_self_harm_leads_as_a_ground_alone():
    scores = {"self_harm": 0.2, "insult": 0.1}
    for reason, leads in ((LINKS, "insult"), (AT_RISK, "self_harm")):
        told = verdict(reasons=(reason,), scores=scores)
        assert (leading(told).label, is_at_risk(told)) == (leads, reason is AT_RISK)
    assert not is_at_risk(None)


@pytest.mark.parametrize(
    ("reasons", "scores", "severe"),
    [
        ([], {"threat": 0.5}, True),
        ([], {"sexual": 0.5}, True),
        ([], {"insult": 0.9}, False),
        ([], {"obscene": 0.49}, False),
        ([THREAT], {"threat": 0.2, "insult": 0.2}, True),
        ([INSULT], {"threat": 0.2, "insult": 0.2}, False),
        ([AT_RISK, THREAT], {"self_harm": 0.8, "threat": 0.9}, False),
    ],
)
def test_severe_is_a_label_or_ground_but_not_the_words_of_somebody_at_risk(reasons, scores, severe):
    assert is_severe(verdict(reasons=tuple(reasons), scores=scores)) is severe
    assert not is_severe(None)


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
