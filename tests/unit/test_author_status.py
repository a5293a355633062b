"""The effect of an author's status on a verdict."""

import pytest

from service.domain.author_status import AuthorStatus
from service.domain.facts import Facts
from service.domain.policy import Policy, decide
from service.domain.verdict import LABELS, Action, Assessment
from service.domain.word_list import WordList


def judged(author_status, policy=None, body="a text", **scores):
    """The verdict on an author's text with these scores."""
    assessment = Assessment(dict.fromkeys(LABELS, 0.01) | scores, "made-up-1", language="en")
    return decide(assessment, Facts(body=body, author_status=author_status), policy or Policy())


def test_a_banned_author_is_refused_whatever_they_write():
    told = judged(AuthorStatus.BANNED)
    assert (told.action, told.reasons[0].code) == (Action.REJECT, "banned")
    assert judged(AuthorStatus.BANNED, spam=0.99).action is Action.SPAM


def test_a_watched_author_waits_for_a_person():
    """What would be approved is held; what would be refused is refused."""
    told = judged(AuthorStatus.WATCHED)
    assert (told.action, told.reasons[0].code) == (Action.HOLD, "watched")
    assert judged(AuthorStatus.WATCHED, spam=0.99).action is Action.SPAM


def test_a_trusted_author_is_not_held_for_doubt():
    """A score that would only hold is lifted, and the verdict says why."""
    assert judged(None, insult=0.6).action is Action.HOLD
    told = judged(AuthorStatus.TRUSTED, insult=0.6)
    assert (told.action, told.reasons[0].code) == (Action.APPROVE, "trusted")
    assert judged(AuthorStatus.TRUSTED).reasons[0].code == "clear"


@pytest.mark.parametrize(
    "label", ["threat", "severe_toxicity", "identity_attack", "self_harm", "sexual", "personal_info"]
)
def test_trust_does_not_reach_what_is_grave(label):
    assert judged(AuthorStatus.TRUSTED, **{label: 0.6}).action is Action.HOLD


def test_trust_reaches_neither_word_lists_nor_refusals():
    words = Policy(hold_words=WordList(("ferry",)))
    assert judged(AuthorStatus.TRUSTED, words, body="the ferry").action is Action.HOLD
    assert judged(AuthorStatus.TRUSTED, spam=0.99).action is Action.SPAM
    assert decide(None, Facts(body="x", author_status=AuthorStatus.TRUSTED), Policy()).action is Action.HOLD
