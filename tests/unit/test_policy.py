"""The policy: every branch of `decide` as a table."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.author_status import AuthorStatus
from service.domain.facts import Facts
from service.domain.policy import SHIPPED_CUTS, Cut, Policy, decide
from service.domain.severity import is_at_risk
from service.domain.verdict import LABELS, Action, Assessment, Effort, Span
from service.domain.word_list import WordList
from tests.factories import NOON
from tests.stage import assessed

CUTS = Policy(
    version=7,
    cuts={
        "toxicity": Cut(approve=0.3, hold=0.6, reject=0.9),
        "threat": Cut(hold=0.5),
        "spam": Cut(hold=0.7, spam=0.95),
        "self_harm": Cut(hold=0.3),
    },
)
SHIPPED = {"cuts": SHIPPED_CUTS}
POST = {"moderation": "post"}
MAYOR, CASINO = WordList(("mayor",)), WordList(("casino",))
OLD_ARTICLE = {"submitted_at": NOON, "article_published_at": NOON - timedelta(days=5)}
NEW_ARTICLE = {"submitted_at": NOON, "article_published_at": NOON}
BANNED, WATCHED, TRUSTED = ({"author_status": one} for one in ("banned", "watched", "trusted"))
LATE = {"late": True}
RIFLE = "I will bring my rifle to the next council meeting."
ADDRESS = "The referee lives at 14 Osterby Drive."
PILLS = "Cheap pills! Call ⟦phone⟧."

CASES = {
    # scores (None: there are none), what else is known, the policy's changes, what leads the verdict
    "nothing scores": ({}, {}, {}, "approve clear"),
    "below approve": ({"toxicity": 0.29}, {}, {}, "approve clear"),
    "exactly approve": ({"toxicity": 0.3}, {}, {}, "approve clear"),
    "above approve, pre": ({"toxicity": 0.31}, {}, {}, "hold doubtful"),
    "above approve, post": ({"toxicity": 0.31}, {}, POST, "approve post_moderation"),
    "just below hold, pre": ({"toxicity": 0.599}, {}, {}, "hold doubtful"),
    "exactly hold": ({"toxicity": 0.6}, {}, {}, "hold score"),
    "exactly hold, post": ({"toxicity": 0.6}, {}, POST, "hold score"),
    "exactly reject": ({"toxicity": 0.9}, {}, {}, "reject score"),
    "certain": ({"toxicity": 1.0}, {}, POST, "reject score"),
    "hold alone has no refusal": ({"threat": 1.0}, {}, {}, "hold score"),
    "spam held": ({"spam": 0.8}, {}, {}, "hold score"),
    "spam": ({"spam": 0.95}, {}, {}, "spam score"),
    "spam weighs more than reject": ({"spam": 0.95, "toxicity": 0.99}, {}, {}, "spam score"),
    "reject weighs more than hold": ({"spam": 0.8, "toxicity": 0.91}, {}, {}, "reject score"),
    "a person sees a threat that is rejected": ({"threat": 0.5, "toxicity": 0.91}, {}, {}, "hold score"),
    "a person sees a threat that is spam": ({"threat": 0.5, "spam": 0.99}, {}, {}, "hold score"),
    "less than its cut is no threat": ({"threat": 0.49, "spam": 0.99}, {}, {}, "spam score"),
    "a label without a cut says nothing": ({"insult": 1.0}, {}, {}, "approve clear"),
    # circumstances
    "as many links as allowed": ({}, {"links": 2}, {}, "approve clear"),
    "one link too many": ({}, {"links": 3}, {}, "hold links"),
    "no link limit": ({}, {"links": 99}, {"link_limit": None}, "approve clear"),
    "no link allowed": ({}, {"links": 1}, {"link_limit": 0}, "hold links"),
    "unknown author, not asked for": ({}, {"known_author": False}, {}, "approve clear"),
    "unknown author": ({}, {"known_author": False}, {"hold_first_time": True}, "hold first_time"),
    "known author": ({}, {"known_author": True}, {"hold_first_time": True}, "approve clear"),
    "honeypot": ({}, {"honeypot": True}, {}, "hold honeypot"),
    "filled in no time": ({}, {"fill_seconds": 0.4}, {}, "hold filled_fast"),
    "filled in just time": ({}, {"fill_seconds": 2.0}, {}, "approve clear"),
    "fill time unknown": ({}, {"fill_seconds": None}, {}, "approve clear"),
    "closed": ({}, OLD_ARTICLE, {"close_after_days": 5}, "reject closed"),
    "open to the last second": (
        {},
        OLD_ARTICLE | {"submitted_at": NOON - timedelta(seconds=1)},
        {"close_after_days": 5},
        "approve clear",
    ),
    "article's date unknown": ({}, {"submitted_at": NOON}, {"close_after_days": 5}, "approve clear"),
    "comment's date unknown": ({}, {"article_published_at": NOON}, {"close_after_days": 0}, "approve clear"),
    "never closes": ({}, OLD_ARTICLE, {}, "approve clear"),
    "closed at once": ({}, NEW_ARTICLE, {"close_after_days": 0}, "reject closed"),
    "hold word": ({}, {"body": "about the mayor"}, {"hold_words": MAYOR}, "hold word"),
    "reject word": ({}, {"body": "about the mayor"}, {"reject_words": MAYOR}, "reject word"),
    "spam word": ({}, {"body": "about the mayor"}, {"spam_words": MAYOR}, "spam word"),
    "word in the name": ({}, {"author_name": "Best Casino"}, {"spam_words": CASINO}, "spam word"),
    "word in the website": ({}, {"website": "https://casino.example"}, {"spam_words": CASINO}, "spam word"),
    "two grounds": (
        {},
        {"links": 3, "honeypot": True, "body": "mayor"},
        {"reject_words": MAYOR},
        "reject word",
    ),
    # no score
    "no score": (None, {}, {}, "hold unscored"),
    "no score, shipped": (None, {}, SHIPPED, "hold unscored"),
    "no score is not late": (None, {}, {"outage": "publish"}, "hold unscored"),
    "late, hold": (None, LATE, {}, "hold unscored"),
    "late, publish": (None, LATE, {"outage": "publish"}, "approve outage_published"),
    "late, publish, links": (None, LATE | {"links": 1}, {"outage": "publish"}, "approve outage_published"),
    "late, no links": (None, LATE, {"outage": "hold_links"}, "approve outage_published"),
    "late, links": (None, LATE | {"links": 1}, {"outage": "hold_links"}, "hold unscored"),
    "late, website": (
        None,
        LATE | {"website": "https://a.example"},
        {"outage": "hold_links"},
        "hold unscored",
    ),
    "late, a rule": (None, LATE | {"body": ADDRESS}, {"outage": "publish"}, "hold personal_data"),
    "exhausted": (None, {"exhausted": True, "attempts": 4}, {}, "hold unscorable"),
    "exhausted, late": (None, LATE | {"exhausted": True}, {"outage": "publish"}, "hold unscorable"),
    "too many links beat an outage": (None, LATE | {"links": 3}, {"outage": "publish"}, "hold links"),
    # the author's status
    "banned": ({}, BANNED, SHIPPED, "reject banned"),
    "banned, spam": ({"spam": 0.99}, BANNED, SHIPPED, "spam score"),
    "banned, threat": ({"threat": 0.9}, BANNED, SHIPPED, "reject banned"),
    "watched": ({}, WATCHED, SHIPPED, "hold watched"),
    "watched, spam": ({"spam": 0.99}, WATCHED, SHIPPED, "spam score"),
    "not trusted, insult": ({"insult": 0.6}, {}, SHIPPED, "hold score"),
    "trusted, insult": ({"insult": 0.6}, TRUSTED, SHIPPED, "approve trusted"),
    "trusted": ({}, TRUSTED, SHIPPED, "approve clear"),
    "trusted, word": ({}, TRUSTED | {"body": "the mayor"}, {"hold_words": MAYOR}, "hold word"),
    "trusted, spam": ({"spam": 0.99}, TRUSTED, SHIPPED, "spam score"),
    "trusted, no score": (None, TRUSTED, SHIPPED, "hold unscored"),
    "trusted, rifle": ({}, TRUSTED | {"body": RIFLE}, {}, "hold phrase"),
    "trusted, address": ({}, TRUSTED | {"body": ADDRESS}, {}, "hold personal_data"),
    # the shipped policy
    "shipped, fine": ({"toxicity": 0.05}, {}, SHIPPED, "approve clear"),
    "shipped, toxic": ({"toxicity": 0.7}, {}, SHIPPED, "hold score"),
    "shipped, spam": ({"spam": 0.99}, {}, SHIPPED, "spam score"),
    "violence in spam": ({"spam": 1.0}, {"body": f"Great blog! {RIFLE}"}, SHIPPED, "hold phrase"),
    "address in spam": ({"spam": 1.0}, {"body": f"Cheap pills! {ADDRESS}"}, SHIPPED, "hold personal_data"),
    "number in spam": ({"spam": 1.0}, {"body": PILLS}, SHIPPED, "spam score"),
    "number": ({}, {"body": PILLS}, SHIPPED, "hold personal_data"),
    "threat, spam word": (
        {"threat": 0.9},
        {"body": "Casino."},
        SHIPPED | {"spam_words": CASINO},
        "spam word",
    ),
    "threat, own limit": (
        {"threat": 0.9},
        {},
        {"cuts": {"threat": Cut(hold=0.1, reject=0.9)}},
        "reject score",
    ),
    # a writer at risk: a person looks, whatever else speaks against it
    "at risk": ({"self_harm": 0.4}, {}, {}, "hold at_risk"),
    "at risk, toxic": ({"self_harm": 0.4, "toxicity": 0.95, "threat": 0.9}, {}, {}, "hold at_risk"),
    "at risk, spam": ({"self_harm": 0.4, "spam": 0.99}, {}, {}, "hold at_risk"),
    "at risk, word": ({"self_harm": 0.4}, {"body": "the mayor"}, {"reject_words": MAYOR}, "hold at_risk"),
    "at risk, closed": ({"self_harm": 0.4}, NEW_ARTICLE, {"close_after_days": 0}, "hold at_risk"),
    "at risk, banned": ({"self_harm": 0.4}, BANNED, {}, "hold at_risk"),
    "at risk, trusted": ({"self_harm": 0.4}, TRUSTED, {}, "hold at_risk"),
    "not at risk": ({"self_harm": 0.29}, {"links": 9}, {}, "hold links"),
    # rules
    "rifle": ({}, {"body": RIFLE}, {}, "hold phrase"),
    "address": ({}, {"body": ADDRESS}, {}, "hold personal_data"),
    "rifle, no rules": ({}, {"body": RIFLE}, {"hold_threats": False}, "approve clear"),
    "address, no rules": ({}, {"body": ADDRESS}, {"hold_personal_data": False}, "approve clear"),
}


def facts(body="A quiet sentence.", author_status=None, **known):
    return Facts(body=body, author_status=author_status and AuthorStatus(author_status), **known)


@pytest.mark.parametrize(("scores", "known", "terms", "leads"), CASES.values(), ids=CASES)
def test_every_ground_leads_where_it_should(scores, known, terms, leads):
    found = None if scores is None else assessed(**scores)
    verdict = decide(found, facts(**known), replace(CUTS, **terms))
    assert f"{verdict.action} {verdict.reasons[0].code}" == leads
    assert is_at_risk(verdict) is (leads == "hold at_risk")


@pytest.mark.parametrize(
    ("known", "scores", "labels"),
    [
        ({}, {}, LABELS),
        (
            TRUSTED,
            {},
            ("threat", "severe_toxicity", "identity_attack", "self_harm", "sexual", "personal_info"),
        ),
        ({}, {"spam": 1.0}, ("threat", "sexual", "personal_info")),
    ],
    ids=["every label", "grave labels of a trusted author", "labels for a person in spam"],
)
def test_the_shipped_policy_holds(known, scores, labels):
    for label in labels:
        verdict = decide(assessed(**{label: 0.9} | scores), facts(**known), Policy())
        assert (label, verdict.action) == (label, Action.HOLD)
        assert {label, *scores} <= {reason.label for reason in verdict.reasons}


def test_the_shipped_policy_refuses_nothing_but_spam():
    everything = dict.fromkeys(set(LABELS) - {"spam"}, 1.0)
    assert decide(assessed(**everything), facts(), Policy()).action is Action.HOLD


def test_a_verdict_carries_what_it_was_drawn_from():
    said = assessed(toxicity=0.95, spam=0.8)
    said = replace(
        said, spans=(Span(0, 1, "toxicity", 2.0),), reads_as="x", language="en", effort=Effort.FAST
    )
    verdict = decide(said, facts(links=5), CUTS)
    assert verdict.scores["toxicity"] == 0.95
    assert (verdict.spans, verdict.reads_as, verdict.language) == (said.spans, "x", "en")
    assert (verdict.model, verdict.policy, verdict.effort) == ("made-up-1", 7, Effort.FAST)
    told = [(reason.code, reason.label) for reason in verdict.reasons]
    assert told == [("score", "toxicity"), ("links", None), ("score", "spam")]
    unscored = decide(None, facts(), CUTS)
    assert (unscored.scores, unscored.model, unscored.effort) == ({}, None, None)


def test_a_label_that_the_model_does_not_give_is_no_ground():
    verdict = decide(Assessment({"toxicity": 0.05}, "made-up-1"), facts(), Policy())
    assert (verdict.action, dict(verdict.scores)) == (Action.APPROVE, {"toxicity": 0.05})


@pytest.mark.parametrize("doubt", ["language", "few_known_features", "new kind", None])
def test_a_classifier_in_doubt_is_believed_only_where_it_refuses(doubt):
    unsure = replace(assessed(toxicity=0.01), confident=False, doubt=doubt)
    verdict = decide(unsure, facts(), CUTS)
    assert (verdict.action, verdict.reasons[0].code) == (Action.HOLD, doubt or "doubt")
    spam = replace(assessed(spam=0.99), confident=False, doubt=doubt)
    assert decide(spam, facts(), CUTS).action is Action.SPAM


@pytest.mark.parametrize(
    ("body", "code", "label"),
    [
        (RIFLE, "phrase", "threat"),
        (ADDRESS, "personal_data", "personal_info"),
    ],
)
def test_a_rule_marks_what_it_found(body, code, label):
    verdict = decide(assessed(), facts(body), Policy())
    assert verdict.reasons[0].label == label
    assert {(span.label, span.rule) for span in verdict.spans} == {(label, code)}
    assert all(0 <= span.begin < span.end <= len(body) for span in verdict.spans)


def test_violence_and_words_are_found_behind_a_disguise():
    verdict = decide(replace(assessed(), reads_as="i will kill you"), facts("1 w1ll k1ll u!!"), Policy())
    assert (verdict.reasons[0].code, verdict.spans) == ("phrase", ())
    read = replace(assessed(), reads_as="visit the casino")
    assert decide(read, facts("v1s1t the c4s1n0"), replace(CUTS, spam_words=CASINO)).action is Action.SPAM
