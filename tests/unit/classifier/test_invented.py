"""Invented texts: the same for the same seed, in pairs that differ in the one word that decides, about every group."""

import re
from itertools import pairwise

import numpy as np
import pytest

from classifier.labels import columns
from classifier.training.invented import grammar, invent

ABUSE = columns("toxicity insult identity_attack")
SPAM = columns("spam")


def choices(section):
    """What a section of the grammar lets the words of a pair be."""
    return {word for line in grammar(section) for word in line.split("{", 1)[1].rstrip("}").split("|")}


def difference(one, other):
    """What is left of two texts without the words that both begin and end with; `an` counts as `a`."""
    left, right = (
        [re.sub("^an$", "a", word) for word in re.findall(r"[\w'-]+", text.lower())] for text in (one, other)
    )
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return " ".join(left), " ".join(right)


@pytest.fixture(scope="module")
def about_groups():
    """Sentences about groups of people, enough to name every group."""
    return invent(0, 4000, 1)


def test_a_pair_differs_in_one_word_and_has_opposite_targets(about_groups):
    kind, cruel = choices("pair_kind"), choices("pair_cruel")
    assert not kind & cruel
    pairs = 0
    for at, (first, second) in enumerate(pairwise(about_groups.texts)):
        good, bad = difference(first, second)
        if good in kind and bad in cruel:
            pairs += 1
            assert (about_groups.labels[at, ABUSE] < 0.1).all(), first
            assert (about_groups.labels[at + 1, ABUSE] > 0.7).all(), second
    assert pairs * 2 > len(about_groups) * 0.6


def test_every_group_is_named(about_groups):
    together = "\n".join(about_groups.texts).lower()
    groups = {*grammar("terms"), *grammar("abused")}
    assert {group for group in groups if not re.search(rf"\b{group}\b", together)} == set()


def test_the_same_seed_invents_the_same():
    one, again, other = invent(20, 20, 3), invent(20, 20, 3), invent(20, 20, 4)
    assert one.texts == again.texts != other.texts
    assert np.array_equal(one.labels, again.labels, equal_nan=True)


@pytest.mark.parametrize(("spam", "identity"), [(7, 0), (0, 7), (30, 51), (1, 1)])
def test_as_many_are_invented_as_asked_for(spam, identity):
    made = invent(spam, identity, 0)
    assert len(made) == len(made.labels) == len(made.languages) == spam + identity
    assert made.sources.tolist() == ["invented_spam"] * spam + ["invented_identity"] * identity
    assert np.isnan(made.teacher).all()


def test_every_template_is_filled():
    made = invent(300, 300, 2)
    assert [text for text in made.texts if not text or re.search(r"[{}|]|<\w+>", text)] == []


def test_spam_stands_beside_innocent_comments_with_its_words():
    taught = invent(300, 0, 2).labels[:, SPAM]
    assert ((taught > 0.9) | (taught < 0.1)).all()
    assert 0.2 < (taught < 0.1).mean() < 0.4


def test_phrases_of_the_data_are_used(tmp_path):
    (tmp_path / "wordpress_comment_blocklist.txt").write_text("zebra loans now\nx\nno{brace here\n")
    assert any("zebra loans now" in text for text in invent(200, 0, 0, tmp_path).texts)
