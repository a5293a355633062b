"""Training: what is learnt and what is held back, the same for the same seed, and nothing written without the data."""

import numpy as np
import pytest

from classifier.labels import LABELS
from classifier.training import data, newsroom, train
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
