"""The model card: every figure beside its target, what got worse named, and no figure for what was not kept apart."""

from types import SimpleNamespace

import numpy as np
import pytest

from classifier.labels import LABELS
from classifier.training import benchmark, data, report, robustness, train
from classifier.training.goals import Goal
from classifier.training.samples import Samples

MANIFEST = {"sha256": "abc", "scikit_learn": "1.9", "numpy": "2.4", "seed": 0, "texts": 1000}
SPEED = {
    "full_at_300": 250.0,
    "fast_at_400": 9_000.0,
    "explained_p50": 5.0,
    "memory": 380.0,
    "cold_start": 2.0,
    "artifacts": 34.7,
}


@pytest.mark.parametrize(
    ("lower", "value", "reached", "worse"),
    [
        (False, 0.80, "beyond", False),
        (False, 0.77, "yes", False),
        (False, 0.75, "**no**", True),
        (True, 0.60, "beyond", False),
        (True, 0.77, "**no**", True),
    ],
)
def test_a_goal_says_whether_it_was_reached(lower, value, reached, worse):
    goal = Goal("key", "what", 0.76, 0.77 if not lower else 0.70, 0.79 if not lower else 0.65, lower=lower)
    assert (goal.reached(value), goal.worse(value)) == (reached, worse)


class NamedModel:
    """Scores a text by the labels that it names."""

    version = "named"
    reader = SimpleNamespace(encoder=SimpleNamespace(max_tokens=256))
    manifest = MANIFEST

    def log_odds(self, texts, effort="full"):
        named = np.array([[label in text for label in LABELS] for text in texts]).reshape(-1, len(LABELS))
        return np.where(named, 2.0, -2.0)


def comments():
    """Jigsaw comments that name their toxicity, and newsroom comments of which one in ten is misjudged."""
    texts = [
        *(["toxicity"] * 20 + ["kind"] * 40),
        *(["a remark"] * 36 + ["refuse remark"] * 4),
        *(["refuse"] * 20),
    ]
    count = len(texts)
    labels = np.full((count, len(LABELS)), np.nan, np.float32)
    labels[:60, 0] = np.arange(60) < 20
    corpus = data.Corpus(
        texts,
        np.repeat(["jigsaw", "newsroom"], 60),
        np.full(count, "en"),
        labels,
        np.full_like(labels, np.nan),
    )
    categories = np.array([""] * 60 + ["plain"] * 40 + ["threat_veiled"] * 20)
    return Samples(corpus, categories, np.full(count, np.nan))


def test_the_card_is_written_in_one_run(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "brief", lambda model: SPEED)
    monkeypatch.setattr(robustness, "span_agreement", lambda model, path: {"ours": 0.5, "word_list": 0.4})
    monkeypatch.setattr(robustness, "naughty", lambda model, path: (3, 3))
    monkeypatch.setattr(robustness, "odd", lambda model: [("empty", 0, 0.1, True)])
    monkeypatch.setattr(report, "_examples", lambda model: "")
    monkeypatch.setattr(report, "evaluate", lambda scored, score: measured(scored, score))
    report.write(NamedModel(), comments(), tmp_path / "no data", tmp_path, quiet=True)
    page = (tmp_path / "README.md").read_text()
    assert (
        "| newsroom: AUC, harmful above harmless | 0.580 | at least 0.955 | at least 0.975 | 0.950 | **no** |"
        in page
    )
    assert "| YouTube, spam: AUC | 0.987 | at least 0.987 | at least 0.990 |  | not measured |" in page
    assert "- memory of a process that scores, MB: 380, before 202" in page
    assert "Not known: " in page
    assert "{" not in page
    assert all((tmp_path / name).stat().st_size for name in ("limits.md", "newsroom.png", "calibration.png"))


def measured(scored, score):
    from classifier.training.evaluate import evaluate

    return evaluate(scored, score, compare=False, rounds=20)


def test_languages_are_measured_on_what_no_head_has_seen(small):
    corpus, _, _ = train.training_set(small, 7)
    held = np.arange(len(corpus)) % train.HELD_BACK == 0
    public = int((~np.isin(corpus.sources, train.MADE)).sum())
    unseen = train.held_back(small, {"seed": 7, "texts": len(corpus), "public": public})
    wanted = {
        text
        for text, source, apart in zip(corpus.texts, corpus.sources, held, strict=True)
        if apart and source in ("germeval2018", "told_br")
    }
    assert wanted
    assert set(unseen.texts) >= wanted
    assert set(unseen.sources) <= {"germeval2018", "told_br", "goemotions"}
    learnt = {text for text, apart in zip(corpus.texts, held, strict=True) if not apart}
    assert not learnt & set(unseen.texts)


def test_other_data_than_the_model_was_trained_from_tells_nothing(small):
    with pytest.raises(data.DataError, match="was not trained from"):
        train.held_back(small, {"seed": 7, "texts": 400, "public": 5})
