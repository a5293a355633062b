"""Training texts made from others: the labels stay true, and no copy grows without bound."""

import numpy as np
import pytest

from classifier.labels import LABELS
from classifier.training import augmentation
from classifier.training.augmentation import Surroundings
from classifier.training.data import LONGEST, Corpus
from classifier.training.newsroom import WrittenComment

ATTACK = LABELS.index("identity_attack")


def corpus(texts, sources, languages=None):
    count = len(texts)
    labels = np.linspace(0, 1, count * len(LABELS), dtype=np.float32).reshape(count, -1)
    return Corpus(texts, np.array(sources), np.array(languages or ["en"] * count), labels, labels * 2)


def test_disguised_copies_keep_their_labels():
    texts = [f"Comment number {number} about several people" for number in range(40)]
    given = corpus([*texts, "Ein Kommentar"], ["jigsaw"] * 41, ["en"] * 40 + ["de"])
    copies = augmentation.disguised(given, 100, 0)
    assert given.texts == [*texts, "Ein Kommentar"]
    assert sorted(copies.labels[:, 0].tolist()) == given.labels[:40, 0].tolist()
    assert np.array_equal(copies.teacher, copies.labels * 2)
    assert sum(copy in texts for copy in copies.texts) < 10
    assert set(copies.sources) == {"disguised"}


def test_a_disguised_copy_is_bounded():
    copies = augmentation.disguised(corpus(["a word " * 2000] * 14, ["jigsaw"] * 14), 14, 0)
    assert max(map(len, copies.texts)) <= 6 * LONGEST // 2


def test_a_group_is_named_and_labels_stay():
    texts = ["These people are here", "These people are fools", "No one", "people " * 200, "people"]
    given = corpus(texts, ["jigsaw", "goemotions", "jigsaw", "jigsaw", "stormfront"])
    given.labels[:2, 0] = given.teacher[:2, 0] = (0.0, 1.0)
    copies = augmentation.peopled(given, 10, 0)
    order = np.argsort(copies.labels[:, 0])
    assert [copies.texts[row].startswith("These ") for row in order] == [True, True]
    assert all(len(text.split()) > 4 for text in copies.texts)
    others = np.arange(len(LABELS)) != ATTACK
    assert np.array_equal(copies.labels[order][:, others], given.labels[:2, others])
    assert np.isfinite(copies.labels[order[0], ATTACK])
    assert np.isnan(copies.labels[order[1], ATTACK])


def test_a_slip_changes_one_letter_of_a_word():
    text = "the longer words of this remark are sometimes written carelessly by us " * 5
    slipped = augmentation.misspelt(text, np.random.default_rng(0))
    pairs = list(zip(text.split(" "), slipped.split(" "), strict=True))
    assert slipped != text
    assert all(abs(len(word) - len(wrong)) <= 1 for word, wrong in pairs)
    assert all(word == wrong for word, wrong in pairs if len(word) < 4)


def test_in_a_hurry_there_are_no_capitals():
    text = "I don't know, really! Is THIS it?"
    for seed in range(20):
        hasty = augmentation.hurried(text, np.random.default_rng(seed))
        assert [each for each in hasty if each.isalpha()] == [each for each in text.lower() if each.isalpha()]
        assert len(hasty) <= len(text)


def test_harmless_surroundings_are_short_settled_and_plain():
    texts = [
        "a calm remark that is long enough",
        "an insult that is long enough too",
        "this one is not settled yet, or so",
        "short",
    ]
    targets = np.zeros((4, len(LABELS)), np.float32)
    targets[1, 0], targets[2, -1] = 0.9, np.nan
    written = [WrittenComment("fine", "plain"), WrittenComment("a threat", "threat_explicit")]
    around = Surroundings.among(texts, targets, written)
    assert (around.public, around.written) == (texts[:1], ["fine"])


@pytest.mark.parametrize("category", ["hate", "short"])
def test_a_varied_comment_stays_itself(category):
    around = Surroundings(["PUBLIC"], ["WRITTEN"])
    comment = WrittenComment("You Awful people there", category)
    rng = np.random.default_rng(0)
    forms = [augmentation.varied(comment, around, rng) for _ in range(200)]
    assert max(map(len, forms)) <= len(comment.text) + 4 + len(" WRITTEN")
    beside = [form for form in forms if "PUBLIC" in form or "WRITTEN" in form]
    assert all(comment.text in form for form in beside)
    assert bool(beside) == (category != "short")
    assert 0.3 < np.mean([form == comment.text for form in forms]) < 0.8
