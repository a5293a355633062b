"""The terms of a policy: as sites write them, faults with their fix, and back again."""

import pytest

from service.domain.errors import Invalid
from service.domain.policy import SHIPPED_CUTS, Cut, Policy
from service.domain.policy_terms import change, from_terms, known_terms, to_terms
from service.domain.word_list import ENTRY_LIMIT, LIST_LIMIT, WordList

SET = [
    ("moderation", "post", "post"),
    ("link_limit", "0", 0),
    ("link_limit", "never", None),
    ("link_limit", None, None),
    ("link_limit", 5, 5),
    ("hold_first_time", "true", True),
    ("hold_first_time", "off", False),
    ("hold_first_time", True, True),
    ("hold_threats", "no", False),
    ("hold_personal_data", "off", False),
    ("min_fill_seconds", "1.5", 1.5),
    ("hold_words", "mayor, town hall ,,mayor", WordList(("mayor", "town hall"))),
    ("hold_words", "mayor\ntown hall\r\nferry", WordList(("mayor", "town hall", "ferry"))),
    ("reject_words", ["a", "b"], WordList(("a", "b"))),
    ("spam_words", "", WordList()),
    ("close_after_days", "14", 14),
    ("close_after_days", "never", None),
    ("outage", "hold_links", "hold_links"),
    ("outage_after_seconds", "60", 60),
]


@pytest.mark.parametrize(("term", "value", "kept"), SET)
def test_a_term_is_read_as_sites_write_it(term, value, kept):
    changed = change(Policy(), {term: value}, version=2)
    assert getattr(changed, term) == kept
    assert changed.version == 2


@pytest.mark.parametrize(
    ("term", "value", "cut"),
    [
        ("threat.hold", "0.5", Cut(hold=0.5)),
        ("threat.reject", 0.9, Cut(hold=SHIPPED_CUTS["threat"].hold, reject=0.9)),
        ("threat.hold", "0", Cut(hold=0.0)),
        ("threat.approve", "0.05", Cut(approve=0.05, hold=SHIPPED_CUTS["threat"].hold)),
    ],
)
def test_a_cut_is_set_alone(term, value, cut):
    changed = change(Policy(), {term: value}, version=2)
    assert changed.cuts["threat"] == cut
    assert changed.cuts["toxicity"] == SHIPPED_CUTS["toxicity"]


def test_a_label_without_cuts_leaves_the_new_policy_and_not_the_old():
    before = Policy()
    assert "threat" not in change(before, {"threat.hold": "never"}, version=2).cuts
    assert before == Policy()


FAULTY = [
    ("colour", "no policy term", ["red"]),
    ("toxicity", "no policy term", ["0.5"]),
    ("toxicity.ban", "no policy term", ["0.5"]),
    ("toxicity.hold.hold", "no policy term", ["0.5"]),
    ("sarcasm.hold", "no policy term", ["0.5"]),
    ("toxicity.hold", "between 0 and 1", ["1.1", "-0.1", "nan", "inf", "half", True, [0.5]]),
    ("toxicity.reject", "must not be below toxicity.hold", ["0.1"]),
    ("toxicity.approve", "must not be above toxicity.hold", ["0.8"]),
    ("spam.hold", "must not be below spam.hold", ["0.99"]),
    ("self_harm.reject", "a person decides", [0.9]),
    ("self_harm.spam", "a person decides", [0.9]),
    ("moderation", "one of pre, post", ["none", ["pre"]]),
    ("outage", "one of hold, publish, hold_links", ["ignore"]),
    ("link_limit", "whole number", ["-1", "1.5", "1001", "1e400"]),
    ("hold_first_time", "true or false", ["perhaps"]),
    ("min_fill_seconds", "seconds", ["3601"]),
    ("close_after_days", "whole number", ["36501"]),
    ("outage_after_seconds", "whole number", ["0"]),
    ("hold_words", "list of words", [5, [5]]),
    ("hold_words", "at least one letter", ["***"]),
    ("hold_words", "at most 100", ["a" * (ENTRY_LIMIT + 1)]),
    ("hold_words", "at most 5000", [[f"w{n}" for n in range(LIST_LIMIT + 1)]]),
]


@pytest.mark.parametrize(("term", "fix", "values"), FAULTY)
def test_a_faulty_term_is_named_with_its_fix(term, fix, values):
    for value in values:
        with pytest.raises(Invalid) as refused:
            change(Policy(), {term: value}, version=2)
        assert any(fix in fault.message for fault in refused.value.faults)
        assert all(fault.field.split(".")[0] == term.split(".")[0] for fault in refused.value.faults)


def test_every_faulty_term_is_named_at_once():
    with pytest.raises(Invalid) as refused:
        change(Policy(), {"moderation": "x", "colour": 1, "spam.hold": 2}, version=2)
    assert {fault.field for fault in refused.value.faults} == {"moderation", "colour", "spam.hold"}


def test_a_policy_survives_its_terms():
    words = WordList(("town hall", "x*"))
    cuts = {"toxicity": Cut(approve=0.3, hold=0.6, reject=0.9), "spam": Cut(hold=0.7, spam=0.95)}
    own = Policy(7, "post", cuts, hold_words=words, close_after_days=14, link_limit=None)
    for policy in (Policy(), Policy(cuts={}), own):
        assert from_terms(to_terms(policy), policy.version) == policy


def test_the_known_terms_are_told():
    told = " ".join(known_terms())
    assert all(term in told for term in to_terms(Policy(cuts={})))
