"""The policy: every branch of `decide` as a table, and every term that a site can set."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.author_status import AuthorStatus
from service.domain.errors import Invalid
from service.domain.facts import Facts
from service.domain.policy import Cut, Policy, decide
from service.domain.policy_terms import change
from service.domain.severity import is_at_risk
from service.domain.verdict import LABELS, Action, Assessment, Effort, Span
from service.domain.word_list import WordList

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BARE = Policy(version=7, cuts={})
CUTS = replace(
    BARE,
    cuts={
        "toxicity": Cut(approve=0.3, hold=0.6, reject=0.9),
        "threat": Cut(hold=0.5),
        "spam": Cut(hold=0.7, spam=0.95),
    },
)


def assessed(**scores):
    """An assessment with these scores; labels not named score nothing."""
    return Assessment(scores=dict.fromkeys(LABELS, 0.0) | scores, model="made-up-1", language="en")


def facts(body="A quiet sentence.", **known):
    """What is known of a comment that nothing speaks against."""
    return Facts(body=body, **known)


SCORES = [
    ("nothing scores", {}, "pre", Action.APPROVE, "clear"),
    ("below approve", {"toxicity": 0.29}, "pre", Action.APPROVE, "clear"),
    ("exactly approve", {"toxicity": 0.3}, "pre", Action.APPROVE, "clear"),
    ("above approve, pre", {"toxicity": 0.31}, "pre", Action.HOLD, "doubtful"),
    ("above approve, post", {"toxicity": 0.31}, "post", Action.APPROVE, "post_moderation"),
    ("just below hold, pre", {"toxicity": 0.599}, "pre", Action.HOLD, "doubtful"),
    ("exactly hold", {"toxicity": 0.6}, "pre", Action.HOLD, "score"),
    ("exactly hold, post", {"toxicity": 0.6}, "post", Action.HOLD, "score"),
    ("exactly reject", {"toxicity": 0.9}, "pre", Action.REJECT, "score"),
    ("certain", {"toxicity": 1.0}, "post", Action.REJECT, "score"),
    ("hold alone has no refusal", {"threat": 1.0}, "pre", Action.HOLD, "score"),
    ("spam held", {"spam": 0.8}, "pre", Action.HOLD, "score"),
    ("spam", {"spam": 0.95}, "pre", Action.SPAM, "score"),
    ("spam weighs more than reject", {"spam": 0.95, "toxicity": 0.99}, "pre", Action.SPAM, "score"),
    ("reject weighs more than hold", {"spam": 0.8, "toxicity": 0.91}, "pre", Action.REJECT, "score"),
    (
        "a person sees a threat that is rejected besides",
        {"threat": 0.5, "toxicity": 0.91},
        "pre",
        Action.HOLD,
        "score",
    ),
    (
        "a person sees a threat that is spam besides",
        {"threat": 0.5, "spam": 0.99},
        "pre",
        Action.HOLD,
        "score",
    ),
    ("less than its cut is no threat", {"threat": 0.49, "spam": 0.99}, "pre", Action.SPAM, "score"),
    ("a label without a cut says nothing", {"insult": 1.0}, "pre", Action.APPROVE, "clear"),
]


@pytest.mark.parametrize(
    ("scores", "moderation", "action", "code"), [row[1:] for row in SCORES], ids=[row[0] for row in SCORES]
)
def test_scores_meet_their_cuts(scores, moderation, action, code):
    verdict = decide(assessed(**scores), facts(), replace(CUTS, moderation=moderation))
    assert (verdict.action, verdict.reasons[0].code) == (action, code)


def test_a_verdict_says_how_the_text_was_scored():
    fast = replace(assessed(), effort=Effort.FAST)
    efforts = [decide(one, facts(), BARE).effort for one in (fast, assessed(), None)]
    assert efforts == [Effort.FAST, Effort.FULL, None]


CIRCUMSTANCES = [
    ("as many links as allowed", {"links": 2}, {}, Action.APPROVE, "clear"),
    ("one link too many", {"links": 3}, {}, Action.HOLD, "links"),
    ("no link limit", {"links": 99}, {"link_limit": None}, Action.APPROVE, "clear"),
    ("no link allowed", {"links": 1}, {"link_limit": 0}, Action.HOLD, "links"),
    ("unknown author, not asked for", {"known_author": False}, {}, Action.APPROVE, "clear"),
    ("unknown author", {"known_author": False}, {"hold_first_time": True}, Action.HOLD, "first_time"),
    ("known author", {"known_author": True}, {"hold_first_time": True}, Action.APPROVE, "clear"),
    ("honeypot", {"honeypot": True}, {}, Action.HOLD, "honeypot"),
    ("filled in no time", {"fill_seconds": 0.4}, {}, Action.HOLD, "filled_fast"),
    ("filled in just time", {"fill_seconds": 2.0}, {}, Action.APPROVE, "clear"),
    ("fill time unknown", {"fill_seconds": None}, {}, Action.APPROVE, "clear"),
    (
        "closed",
        {"submitted_at": NOON, "article_published_at": NOON - timedelta(days=5)},
        {"close_after_days": 5},
        Action.REJECT,
        "closed",
    ),
    (
        "open to the last second",
        {"submitted_at": NOON - timedelta(seconds=1), "article_published_at": NOON - timedelta(days=5)},
        {"close_after_days": 5},
        Action.APPROVE,
        "clear",
    ),
    ("article's date unknown", {"submitted_at": NOON}, {"close_after_days": 5}, Action.APPROVE, "clear"),
    (
        "comment's date unknown",
        {"article_published_at": NOON},
        {"close_after_days": 0},
        Action.APPROVE,
        "clear",
    ),
    (
        "never closes",
        {"submitted_at": NOON, "article_published_at": NOON - timedelta(days=9999)},
        {},
        Action.APPROVE,
        "clear",
    ),
    (
        "closed at once",
        {"submitted_at": NOON, "article_published_at": NOON},
        {"close_after_days": 0},
        Action.REJECT,
        "closed",
    ),
    ("hold word", {"body": "about the mayor"}, {"hold_words": WordList(("mayor",))}, Action.HOLD, "word"),
    (
        "reject word",
        {"body": "about the mayor"},
        {"reject_words": WordList(("mayor",))},
        Action.REJECT,
        "word",
    ),
    ("spam word", {"body": "about the mayor"}, {"spam_words": WordList(("mayor",))}, Action.SPAM, "word"),
    (
        "word in the name",
        {"author_name": "Best Casino"},
        {"spam_words": WordList(("casino",))},
        Action.SPAM,
        "word",
    ),
    (
        "word in the website",
        {"website": "https://casino.example"},
        {"spam_words": WordList(("casino",))},
        Action.SPAM,
        "word",
    ),
    (
        "two grounds",
        {"links": 3, "honeypot": True, "body": "mayor"},
        {"reject_words": WordList(("mayor",))},
        Action.REJECT,
        "word",
    ),
]


@pytest.mark.parametrize(
    ("known", "terms", "action", "code"),
    [row[1:] for row in CIRCUMSTANCES],
    ids=[row[0] for row in CIRCUMSTANCES],
)
def test_circumstances_speak_for_themselves(known, terms, action, code):
    verdict = decide(assessed(), facts(**known), replace(BARE, **terms))
    assert (verdict.action, verdict.reasons[0].code) == (action, code)


UNSCORED = [
    ("no score", {}, "hold", Action.HOLD, "unscored"),
    ("no score is not late", {}, "publish", Action.HOLD, "unscored"),
    ("late, hold", {"late": True}, "hold", Action.HOLD, "unscored"),
    ("late, publish", {"late": True}, "publish", Action.APPROVE, "outage_published"),
    ("late, publish, links", {"late": True, "links": 1}, "publish", Action.APPROVE, "outage_published"),
    ("late, no links", {"late": True}, "hold_links", Action.APPROVE, "outage_published"),
    ("late, links", {"late": True, "links": 1}, "hold_links", Action.HOLD, "unscored"),
    ("late, website", {"late": True, "website": "https://a.example"}, "hold_links", Action.HOLD, "unscored"),
    ("exhausted", {"exhausted": True, "attempts": 4}, "hold", Action.HOLD, "unscorable"),
    ("exhausted beats an outage", {"exhausted": True, "late": True}, "publish", Action.HOLD, "unscorable"),
    ("too many links beat an outage", {"late": True, "links": 3}, "publish", Action.HOLD, "links"),
]


@pytest.mark.parametrize(
    ("known", "outage", "action", "code"), [row[1:] for row in UNSCORED], ids=[row[0] for row in UNSCORED]
)
def test_without_a_score_a_person_looks(known, outage, action, code):
    verdict = decide(None, facts(**known), replace(CUTS, outage=outage))
    assert (verdict.action, verdict.reasons[0].code) == (action, code)
    assert (verdict.scores, verdict.model) == ({}, None)


@pytest.mark.parametrize(
    ("doubt", "code"),
    [
        ("language", "language"),
        ("few_known_features", "few_known_features"),
        ("new kind", "new kind"),
        (None, "doubt"),
    ],
)
def test_a_doubting_classifier_is_not_believed(doubt, code):
    unsure = replace(assessed(toxicity=0.01), confident=False, doubt=doubt)
    verdict = decide(unsure, facts(), CUTS)
    assert (verdict.action, verdict.reasons[0].code) == (Action.HOLD, code)


def test_a_doubting_classifier_may_still_refuse():
    unsure = replace(assessed(spam=0.99), confident=False, doubt="language")
    assert decide(unsure, facts(), CUTS).action is Action.SPAM


def test_words_are_found_in_the_plain_reading_of_a_disguise():
    disguised = replace(assessed(), reads_as="visit the casino")
    policy = replace(BARE, spam_words=WordList(("casino",)))
    assert decide(disguised, facts(body="v1s1t the c4s1n0"), policy).action is Action.SPAM


@pytest.mark.parametrize("where", ["body", "author_name"])
def test_flags_are_no_letters_in_a_reading_either(where):
    read = replace(assessed(), reads_as="well played iceland isis")
    policy = replace(BARE, reject_words=WordList(("isis",)))
    played = {"body": "well played Iceland!", "author_name": "Ada"}
    assert decide(read, facts(**played | {where: "Iceland 🇮🇸🇮🇸"}), policy).action is Action.APPROVE
    assert decide(read, facts(**played | {where: "Iceland 🇮🇸 isis"}), policy).action is Action.REJECT


@pytest.mark.parametrize("text", ["play at the c@sino 🇺🇸", "🇺🇸🇮🇸 c@sino", "c@sino, 🇮🇸!"])
def test_a_flag_hides_no_disguised_word(text):
    read = replace(assessed(), reads_as="us play at the casino us is")
    policy = Policy(spam_words=WordList(("casino",)))
    assert decide(read, facts(body=text), policy).action is Action.SPAM


@pytest.mark.parametrize("name", ["Bob🇺🇸", "Bob", "🇺🇸Bob"])
@pytest.mark.parametrize(
    ("flagged", "reading"),
    [("Bob🇺🇸", "bobus"), ("É\u200d🇮🇸", "eis"), ("🇺🇸fan", "usfan"), ("i🇸🇮🇸", "isis"), ("🇺🇸", "us")],
)
def test_a_flag_at_a_word_hides_no_other_disguised_word(name, flagged, reading):
    policy = replace(BARE, spam_words=WordList(("casino", "bobus", "usfan", "isis")))
    played = facts(author_name=name, body=f"{flagged} plays at the c@sino")
    read = replace(assessed(), reads_as=f"{reading} plays at the casino")
    assert decide(read, played, policy).action is Action.SPAM
    assert decide(replace(read, reads_as=f"{reading} plays"), played, policy).action is Action.APPROVE


def test_a_word_that_flags_spell_too_is_still_found():
    read = replace(assessed(), reads_as="casino at the casino")
    policy = Policy(spam_words=WordList(("casino",)))
    assert decide(read, facts(body="🇨🇦🇸🇮🇳🇴 at the c@sino"), policy).action is Action.SPAM


def test_a_verdict_carries_what_it_was_drawn_from():
    said = replace(assessed(toxicity=0.95, spam=0.8), spans=(Span(0, 1, "toxicity", 2.0),), reads_as="x")
    verdict = decide(said, facts(links=5), CUTS)
    assert verdict.scores["toxicity"] == 0.95
    assert (verdict.spans, verdict.reads_as, verdict.language) == (said.spans, "x", "en")
    assert (verdict.model, verdict.policy) == ("made-up-1", 7)
    assert [reason.code for reason in verdict.reasons] == ["score", "links", "score"]
    assert [reason.label for reason in verdict.reasons] == ["toxicity", None, "spam"]


def test_the_shipped_policy_approves_the_clear_and_refuses_nothing_but_spam():
    policy = Policy()
    assert decide(assessed(toxicity=0.05), facts(), policy).action is Action.APPROVE
    assert decide(assessed(toxicity=0.7), facts(), policy).action is Action.HOLD
    assert (
        decide(assessed(**dict.fromkeys(set(LABELS) - {"spam"}, 1.0)), facts(), policy).action is Action.HOLD
    )
    assert decide(assessed(spam=0.99), facts(), policy).action is Action.SPAM
    assert decide(None, facts(), policy).action is Action.HOLD


@pytest.mark.parametrize("label", LABELS)
def test_the_shipped_policy_looks_at_every_label(label):
    assert decide(assessed(**{label: 0.9}), facts(), Policy()).action is Action.HOLD


def test_a_model_that_knows_only_some_labels_is_believed():
    """A label that a model does not give is no ground, neither for holding nor for anything else."""
    said = Assessment(scores={"toxicity": 0.05}, model="made-up-1", language="en")
    verdict = decide(said, facts(), Policy())
    assert (verdict.action, dict(verdict.scores)) == (Action.APPROVE, {"toxicity": 0.05})


# -- writers at risk ---------------------------------------------------------------------------------------------------

AT_RISK = replace(CUTS, cuts={**CUTS.cuts, "self_harm": Cut(hold=0.3)})


@pytest.mark.parametrize(
    ("scores", "known", "terms"),
    [
        ({}, {}, {}),
        ({"toxicity": 0.95, "threat": 0.9}, {}, {}),
        ({"spam": 0.99}, {}, {}),
        ({}, {"body": "about the mayor"}, {"reject_words": WordList(("mayor",))}),
        ({}, {"submitted_at": NOON, "article_published_at": NOON}, {"close_after_days": 0}),
        ({}, {"author_status": AuthorStatus.BANNED}, {}),
        ({}, {"author_status": AuthorStatus.TRUSTED}, {}),
    ],
)
def test_a_person_looks_at_what_somebody_at_risk_wrote(scores, known, terms):
    """Whatever else speaks against it, it is held, and that ground leads."""
    verdict = decide(assessed(self_harm=0.4, **scores), facts(**known), replace(AT_RISK, **terms))
    assert (verdict.action, verdict.reasons[0].code, verdict.reasons[0].label) == (
        Action.HOLD,
        "at_risk",
        "self_harm",
    )
    assert is_at_risk(verdict)


@pytest.mark.parametrize("label", ["threat", "sexual", "personal_info"])
def test_the_shipped_policy_refuses_no_threat_as_spam(label):
    verdict = decide(assessed(**{label: 0.9, "spam": 1.0}), facts(), Policy())
    assert verdict.action is Action.HOLD
    assert {reason.label for reason in verdict.reasons} == {label, "spam"}


def test_words_of_violence_in_spam_wait_for_a_person():
    body = "Great blog! I know where you live and I am coming with my rifle."
    assert decide(assessed(spam=1.0), facts(body), Policy()).action is Action.HOLD
    assert decide(assessed(spam=1.0), facts("Great blog!"), Policy()).action is Action.SPAM


def test_the_number_of_whoever_sends_spam_is_not_private():
    number, address = "Cheap pills! Call ⟦phone⟧.", "Cheap pills! He lives at 14 Osterby Drive."
    assert decide(assessed(spam=1.0), facts(number), Policy()).action is Action.SPAM
    assert decide(assessed(), facts(number), Policy()).action is Action.HOLD
    assert decide(assessed(spam=1.0), facts(address), Policy()).action is Action.HOLD


def test_what_the_site_refuses_by_itself_stays_refused():
    policy = replace(Policy(), spam_words=WordList(("casino",)))
    assert decide(assessed(threat=0.9), facts("A casino."), policy).action is Action.SPAM
    strict = replace(Policy(), cuts={"threat": Cut(hold=0.1, reject=0.9)})
    assert decide(assessed(threat=0.9), facts(), strict).action is Action.REJECT
    banned = facts(author_status=AuthorStatus.BANNED)
    assert decide(assessed(threat=0.9), banned, Policy()).action is Action.REJECT


def test_a_low_score_puts_nobody_at_risk():
    verdict = decide(assessed(self_harm=0.29), facts(links=9), AT_RISK)
    assert [reason.code for reason in verdict.reasons] == ["links"]
    assert not is_at_risk(verdict)


def test_the_policy_of_a_site_cannot_refuse_somebody_at_risk():
    """The terms that would are named as faulty."""
    for term in ("self_harm.reject", "self_harm.spam"):
        with pytest.raises(Invalid) as refused:
            change(Policy(), {term: 0.9}, version=2)
        assert [fault.field for fault in refused.value.faults] == [term]


# -- rules -------------------------------------------------------------------------------------------------------------

BY_RULE = [
    ("I will bring my rifle to the next council meeting.", "phrase", "threat"),
    ("The referee lives at 14 Osterby Drive.", "personal_data", "personal_info"),
]


@pytest.mark.parametrize(("body", "code", "label"), BY_RULE)
def test_a_rule_holds_and_marks_what_it_found(body, code, label):
    verdict = decide(assessed(), facts(body), Policy())
    assert (verdict.action, verdict.reasons[0].code, verdict.reasons[0].label) == (Action.HOLD, code, label)
    assert {(span.label, span.rule) for span in verdict.spans} == {(label, code)}
    assert all(0 <= span.begin < span.end <= len(body) for span in verdict.spans)


@pytest.mark.parametrize(("body", "code", "label"), BY_RULE)
def test_a_site_can_do_without_the_rules(body, code, label):
    policy = change(Policy(), {"hold_threats": "no", "hold_personal_data": "no"}, version=2)
    assert decide(assessed(), facts(body), policy).action is Action.APPROVE


@pytest.mark.parametrize(("body", "code", "label"), BY_RULE)
def test_trust_does_not_lift_what_a_rule_found(body, code, label):
    assert decide(assessed(), facts(body, author_status=AuthorStatus.TRUSTED), Policy()).action is Action.HOLD


def test_violence_is_found_behind_a_disguise():
    disguised = replace(assessed(), reads_as="i will kill you")
    verdict = decide(disguised, facts("1 w1ll k1ll u!!"), Policy())
    assert (verdict.reasons[0].code, verdict.spans) == ("phrase", ())


def test_a_rule_holds_also_where_there_is_no_score():
    policy = replace(Policy(), outage="publish")
    assert decide(None, facts(BY_RULE[1][0], late=True), policy).action is Action.HOLD


# -- terms -------------------------------------------------------------------------------------------------------------
