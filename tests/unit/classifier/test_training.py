"""Training: what is learnt, made from others, invented and held back; nothing is written without the data."""

import re
from itertools import pairwise

import numpy as np
import pytest

from classifier.labels import LABELS, columns
from classifier.training import augmentation, data, newsroom, train
from classifier.training.augmentation import Surroundings
from classifier.training.data import LONGEST, Corpus
from classifier.training.invented import grammar, invent
from classifier.training.newsroom import WrittenComment

FILES = ("train.parquet", "unlabelled.parquet", "teacher_logits.parquet", "newsroom/train.jsonl")


@pytest.mark.parametrize("name", FILES)
def test_missing_data_is_named_and_nothing_is_written(small, tmp_path_factory, capsys, name):
    (small / name).unlink()
    out = tmp_path_factory.mktemp("home") / "model"
    assert train.main(small, out, quiet=True) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"cannot train: {small / name} ")
    assert complaint.count("\n") == 1
    assert not out.exists()


def test_the_same_seed_makes_the_same_training_set(small):
    (one, taught, weight), (again, *rest) = train.training_set(small, 7), train.training_set(small, 7)
    assert one.texts == again.texts
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip((taught, weight), rest, strict=True))
    assert train.training_set(small, 8)[0].texts != one.texts


def test_written_comments_count_as_they_are_meant(small):
    corpus, taught, weight = train.training_set(small, 0)
    written = corpus.sources == "newsroom"
    assert (weight[written] == train.WRITTEN_WEIGHT).all()
    (row,) = np.flatnonzero(written & np.isin(corpus.texts, ["A remark", "a remark"]))
    assert taught[row].tolist() == [0] * len(LABELS)


def test_languages_are_measured_on_what_no_head_has_seen(small):
    corpus, _, _ = train.training_set(small, 7)
    held = np.arange(len(corpus)) % train.HELD_BACK == 0
    public = int((~np.isin(corpus.sources, train.MADE)).sum())
    unseen = train.held_back(small, {"seed": 7, "texts": len(corpus), "public": public})
    rows = list(zip(corpus.texts, corpus.sources, held, strict=True))
    wanted = {text for text, source, apart in rows if apart and source in ("germeval2018", "told_br")}
    assert wanted
    assert set(unseen.texts) >= wanted
    assert set(unseen.sources) <= {"germeval2018", "told_br", "goemotions"}
    assert not {text for text, _, apart in rows if not apart} & set(unseen.texts)
    with pytest.raises(data.DataError, match="was not trained from"):
        train.held_back(small, {"seed": 7, "texts": 400, "public": 5})


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            '{"text": "a", "category": "plain"}\n{"text": "b", "category": "nice"}',
            "line 2 has no known category",
        ),
        (
            '{"text": "a", "category": "plain", "action": "burn"}',
            "line 1: action must be one of review, approve",
        ),
        ('{"text": "a", "category": "plain"}\n\n', "line 2 is not JSON"),
        ('{"text": 3, "category": "plain"}', 'line 1 has no "text"'),
        (None, "cannot be read"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_a_bad_line_or_file_of_written_comments_is_named(tmp_path, content, complaint):
    path = tmp_path / "written.jsonl"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(data.DataError) as raised:
        newsroom.read(path)
    assert str(path) in str(raised.value)
    assert complaint in str(raised.value)


def test_category_and_action_say_what_a_comment_teaches():
    def taught(label, *comment):
        return float(WrittenComment("a", *comment).targets()[LABELS.index(label)])

    assert [taught(label, "threat_explicit") for label in ("threat", "refuse", "spam")] == [1, 1, 0]
    assert np.isnan(taught("insult", "threat_explicit"))
    assert WrittenComment("a", "plain").targets().tolist() == [0] * len(LABELS)
    assert taught("refuse", "insult_plain") == 1
    assert taught("refuse", "insult_plain", "approve") < 0.5 < taught("refuse", "insult_plain", "review") < 1


def test_what_calibrates_is_not_learnt():
    calibration = {each.text for each in newsroom.read(newsroom.CALIBRATION)}
    learnt = {each.text for each in newsroom.read_further()}
    assert calibration
    assert learnt
    assert not calibration & learnt


ATTACK = LABELS.index("identity_attack")


def corpus(texts, sources, languages=None):
    count = len(texts)
    labels = np.linspace(0, 1, count * len(LABELS), dtype=np.float32).reshape(count, -1)
    return Corpus(texts, np.array(sources), np.array(languages or ["en"] * count), labels, labels * 2)


def test_disguised_copies_keep_their_labels_and_are_bounded():
    texts = [f"Comment number {number} about several people" for number in range(40)]
    given = corpus([*texts, "Ein Kommentar"], ["jigsaw"] * 41, ["en"] * 40 + ["de"])
    copies = augmentation.disguised(given, 100, 0)
    assert given.texts == [*texts, "Ein Kommentar"]
    assert sorted(copies.labels[:, 0].tolist()) == given.labels[:40, 0].tolist()
    assert np.array_equal(copies.teacher, copies.labels * 2)
    assert sum(copy in texts for copy in copies.texts) < 10
    assert set(copies.sources) == {"disguised"}
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


def test_a_slip_changes_one_letter_of_a_word_and_hurry_capitals_and_signs():
    text = "the longer words of this remark are sometimes written carelessly by us " * 5
    slipped = augmentation.misspelt(text, np.random.default_rng(0))
    assert slipped != text
    for word, wrong in zip(text.split(" "), slipped.split(" "), strict=True):
        assert word == wrong or (len(word) >= 4 and abs(len(word) - len(wrong)) <= 1)
    text = "I don't know, really! Is THIS it?"
    for seed in range(20):
        hasty = augmentation.hurried(text, np.random.default_rng(seed))
        assert [each for each in hasty if each.isalpha()] == [each for each in text.lower() if each.isalpha()]
        assert len(hasty) <= len(text)


def test_harmless_surroundings_are_short_settled_and_plain():
    texts = ["a calm remark that is long enough", "an insult that is long enough too"]
    texts += ["this one is not settled yet, or so", "short"]
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
    for _ in range(2):  # from the front, then from behind
        while left and right and left[0] == right[0]:
            left, right = left[1:], right[1:]
        left, right = left[::-1], right[::-1]
    return " ".join(left), " ".join(right)


def test_pairs_differ_in_the_word_that_decides_and_name_every_group():
    about_groups = invent(0, 4000, 1)
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


def test_every_template_is_filled_and_spam_stands_beside_innocent_comments():
    made = invent(300, 300, 2)
    assert [text for text in made.texts if not text or re.search(r"[{}|]|<\w+>", text)] == []
    taught = made.labels[made.sources == "invented_spam", SPAM]
    assert ((taught > 0.9) | (taught < 0.1)).all()
    assert 0.2 < (taught < 0.1).mean() < 0.4


def test_phrases_of_the_data_are_used(tmp_path):
    (tmp_path / "wordpress_comment_blocklist.txt").write_text("zebra loans now\nx\nno{brace here\n")
    assert any("zebra loans now" in text for text in invent(200, 0, 0, tmp_path).texts)
