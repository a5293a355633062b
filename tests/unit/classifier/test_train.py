"""Training: nothing is written without the data, and the same seed makes the same training set."""

import numpy as np
import pytest

from classifier.labels import LABELS
from classifier.training import train

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
