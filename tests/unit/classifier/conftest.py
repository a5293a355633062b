"""Fixtures for the classifier: the shipped model, loaded once, and a directory of little training data."""

import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from classifier import Model
from classifier.labels import PUBLIC_LABELS


@pytest.fixture(scope="session")
def model():
    return Model.load()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A directory of little training data, of which less is invented than usual."""
    for name in ("INVENTED_SPAM", "INVENTED_IDENTITY", "DISGUISED", "PEOPLED"):
        monkeypatch.setattr(f"classifier.training.train.{name}", 40)
    monkeypatch.setattr("classifier.training.train.WRITTEN_COPIES", 1)
    texts = [f"Kommentar {number} von people" for number in range(300)]
    columns = {
        "text": texts,
        "source": ["germeval2018", "jigsaw", "told_br"] * 100,
        "lang": ["de", "en", "pt"] * 100,
    }
    for label in PUBLIC_LABELS:
        columns[label] = np.arange(300) % 2 * 1.0
    parquet.write_table(pa.table(columns), tmp_path / "train.parquet")
    more = {"text": ["unlabelled"], "source": ["goemotions"], "lang": ["en"]}
    parquet.write_table(pa.table(more), tmp_path / "unlabelled.parquet")
    soft = {"file": ["unlabelled"], "row": [0], **{label: [0.5] for label in PUBLIC_LABELS}}
    parquet.write_table(pa.table(soft), tmp_path / "teacher_logits.parquet")
    (tmp_path / "newsroom").mkdir()
    (tmp_path / "newsroom" / "train.jsonl").write_text(json.dumps({"text": "A remark", "category": "plain"}))
    return tmp_path
