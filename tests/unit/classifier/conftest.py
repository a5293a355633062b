"""Fixtures for the classifier: the shipped model, one that is predictable, and small sets of training data."""

import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from classifier import Model
from classifier.labels import LABELS, PUBLIC_LABELS
from classifier.training import data
from classifier.training.samples import Samples, Scored


@pytest.fixture(scope="session")
def model():
    return Model.load()


class NamedModel:
    """Scores a text by the labels that it names: log-odds 2 for those, -2 for the others, a little more if long."""

    version = "named"
    more_if_long = 1e-4
    reader = SimpleNamespace(encoder=SimpleNamespace(max_tokens=256))

    def __init__(self):
        self.asked = []
        self.manifest = {"sha256": "abc", "scikit_learn": "1.9", "numpy": "2.4", "seed": 0, "texts": 1000}

    def log_odds(self, texts, effort="full"):
        self.asked += texts
        named = np.array([[label in text for label in LABELS] for text in texts]).reshape(-1, len(LABELS))
        lengths = np.array([len(text) for text in texts])[:, None]
        return np.where(named, 2.0, -2.0) + lengths * self.more_if_long


@pytest.fixture
def named_model():
    return NamedModel()


@pytest.fixture
def labelled():
    """Make comments with labels given by name, unknown where not given, and score them by log-odds, if any."""

    def makes(sources, log_odds=None, texts=None, categories=None, **labels):
        count = len(sources)
        known = np.full((count, len(LABELS)), np.nan, np.float32)
        for label, values in labels.items():
            known[:, LABELS.index(label)] = values
        texts, languages = list(texts or [""] * count), np.full(count, "en")
        corpus = data.Corpus(texts, np.array(sources), languages, known, np.full_like(known, np.nan))
        found = Samples(corpus, np.array(categories or [""] * count), np.full(count, np.nan))
        return found if log_odds is None else Scored(found, log_odds)

    return makes


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A directory of little training data, of which less is invented than usual."""
    for name in ("INVENTED_SPAM", "INVENTED_IDENTITY", "DISGUISED", "PEOPLED"):
        monkeypatch.setattr(f"classifier.training.train.{name}", 40)
    monkeypatch.setattr("classifier.training.train.WRITTEN_COPIES", 1)
    columns = {
        "text": [f"Kommentar {number} von people" for number in range(300)],
        "source": ["germeval2018", "jigsaw", "told_br"] * 100,
        "lang": ["de", "en", "pt"] * 100,
        **{label: np.arange(300) % 2 * 1.0 for label in PUBLIC_LABELS},
    }
    more = {"text": ["unlabelled"], "source": ["goemotions"], "lang": ["en"]}
    soft = {"file": ["unlabelled"], "row": [0], **{label: [0.5] for label in PUBLIC_LABELS}}
    for name, table in (("train", columns), ("unlabelled", more), ("teacher_logits", soft)):
        parquet.write_table(pa.table(table), tmp_path / f"{name}.parquet")
    (tmp_path / "newsroom").mkdir()
    (tmp_path / "newsroom" / "train.jsonl").write_text(json.dumps({"text": "A remark", "category": "plain"}))
    return tmp_path
