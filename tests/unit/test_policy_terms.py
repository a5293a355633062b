"""The terms of a policy: as sites write them, faults with their fix, and back again."""

import pytest

from service.domain.errors import Invalid
from service.domain.policy import SHIPPED_CUTS, Cut, Policy
from service.domain.policy_terms import change, from_terms, known_terms, to_terms
from service.domain.word_list import ENTRY_LIMIT, LIST_LIMIT, WordList

SET = [
    ("moderation", "post", "moderation", "post"),
    ("link_limit", "0", "link_limit", 0),
    ("link_limit", "never", "link_limit", None),
    ("link_limit", None, "link_limit", None),
    ("link_limit", 5, "link_limit", 5),
    ("hold_first_time", "true", "hold_first_time", True),
    ("hold_first_time", "off", "hold_first_time", False),
    ("hold_first_time", True, "hold_first_time", True),
    ("hold_threats", "no", "hold_threats", False),
    ("hold_personal_data", "off", "hold_personal_data", False),
    ("min_fill_seconds", "1.5", "min_fill_seconds", 1.5),
    ("hold_words", "mayor, town hall ,,mayor", "hold_words", WordList(("mayor", "town hall"))),
    ("reject_words", ["a", "b"], "reject_words", WordList(("a", "b"))),
    ("spam_words", "", "spam_words", WordList()),
    ("close_after_days", "14", "close_after_days", 14),
    ("close_after_days", "never", "close_after_days", None),
    ("outage", "hold_links", "outage", "hold_links"),
    ("outage_after_seconds", "60", "outage_after_seconds", 60),
]


@pytest.mark.parametrize(("term", "value", "field", "kept"), SET)
def test_a_term_is_read_as_sites_write_it(term, value, field, kept):
    changed = change(Policy(), {term: value}, version=2)
    assert getattr(changed, field) == kept
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
    ("colour", "red", "no policy term"),
    ("toxicity", "0.5", "no policy term"),
    ("toxicity.ban", "0.5", "no policy term"),
    ("toxicity.hold.hold", "0.5", "no policy term"),
    ("sarcasm.hold", "0.5", "no policy term"),
    ("toxicity.hold", "1.1", "between 0 and 1"),
    ("toxicity.hold", "-0.1", "between 0 and 1"),
    ("toxicity.hold", "nan", "between 0 and 1"),
    ("toxicity.hold", "inf", "between 0 and 1"),
    ("toxicity.hold", "half", "between 0 and 1"),
    ("toxicity.hold", True, "between 0 and 1"),
    ("toxicity.hold", [0.5], "between 0 and 1"),
    ("toxicity.reject", "0.1", "must not be below toxicity.hold"),
    ("toxicity.approve", "0.8", "must not be above toxicity.hold"),
    ("spam.hold", "0.99", "must not be below spam.hold"),
    ("self_harm.reject", 0.9, "a person decides"),
    ("self_harm.spam", 0.9, "a person decides"),
    ("moderation", "none", "one of pre, post"),
    ("moderation", ["pre"], "one of pre, post"),
    ("outage", "ignore", "one of hold, publish, hold_links"),
    ("link_limit", "-1", "whole number"),
    ("link_limit", "1.5", "whole number"),
    ("link_limit", "1001", "whole number"),
    ("link_limit", "1e400", "whole number"),
    ("hold_first_time", "perhaps", "true or false"),
    ("min_fill_seconds", "3601", "seconds"),
    ("close_after_days", "36501", "whole number"),
    ("outage_after_seconds", "0", "whole number"),
    ("hold_words", 5, "list of words"),
    ("hold_words", [5], "list of words"),
    ("hold_words", "***", "at least one letter"),
    ("hold_words", "a" * (ENTRY_LIMIT + 1), "at most 100"),
    ("hold_words", [f"w{n}" for n in range(LIST_LIMIT + 1)], "at most 5000"),
]


@pytest.mark.parametrize(
    ("term", "value", "fix"), FAULTY, ids=[f"{row[0]}-{n}" for n, row in enumerate(FAULTY)]
)
def test_a_faulty_term_is_named_with_its_fix(term, value, fix):
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
