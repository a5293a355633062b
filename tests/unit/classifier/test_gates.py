"""Promotion gates: refuse a model that is truly worse, name the gate, and let noise pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from classifier.invented import invent

from classifier import Model, artifact, data, evaluate, gates, metrics, report, train


@pytest.mark.parametrize(
    ("low", "high", "passed"), [(0.01, 0.03, False), (-0.01, 0.03, True), (-0.03, -0.01, True)]
)
def test_a_gate_closes_only_when_the_interval_of_the_loss_excludes_nought(
    low: float, high: float, passed: bool
) -> None:
    """A gain passes, noise passes, a certain loss does not."""
    gate = gates.Gate("pooled news AUC", (low + high) / 2, low, high)
    assert gate.passed is passed
    assert ("REFUSED" in str(gate)) is not passed


def _corpus() -> data.Corpus:
    corpus = invent(400, 5)
    corpus = corpus.take(np.flatnonzero(~np.isnan(corpus.labels[:, 0])))
    corpus.sources = np.where(np.arange(len(corpus)) % 2 == 0, "c3_news", "jigsaw")
    return corpus


def test_a_model_passes_every_gate_against_itself() -> None:
    """Nothing is lost by replacing a model with itself."""
    model = Model.load()
    found = gates.judge(model, model, _corpus())
    assert {gate.name for gate in found} == {"pooled news AUC", "calibration", "evasion"}
    assert all(gate.passed and gate.loss == 0 for gate in found)


def test_a_model_that_guesses_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate whose scores say nothing loses the news gate, by name."""
    model, other = Model.load(), Model(Model.load().network, Model.load().manifest)
    rng = np.random.default_rng(0)

    def scored(which: Model, texts: list[str]) -> evaluate.Doubles:
        return rng.random((len(texts), 7)) if which is other else evaluate.probabilities(which, texts)

    monkeypatch.setattr(gates, "probabilities", scored)
    refused = [gate.name for gate in gates.judge(model, other, _corpus()) if not gate.passed]
    assert "pooled news AUC" in refused


def test_pairs_tell_a_small_loss_that_two_intervals_would_hide() -> None:
    """Both models are drawn with the same texts: a loss of a hundredth is certain, though each figure alone is not."""
    rng = np.random.default_rng(3)
    truth = rng.random(4000) < 0.2
    before = truth + rng.normal(0, 1, 4000)
    after = before + rng.normal(0, 0.35, 4000)
    gate = gates._news([np.arange(4000)], truth, before, after)
    alone = metrics.auc(truth, before)
    assert 0 < gate.low < gate.loss < gate.high < 0.05
    assert gate.high - gate.low < (alone.high - alone.low) / 1.5
    assert not gate.passed


def test_training_keeps_the_old_model_where_a_gate_refuses_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, the gate's name, the old model in its place and the candidate beside it; `force` promotes it.

    What the gates said stays with the model, also where the same one is trained again.
    """
    arrays, facts = artifact.read()
    worse = {
        **arrays,
        "weights": np.roll(arrays["weights"], 1, axis=0),
        "vectors": np.zeros_like(arrays["vectors"]),
    }
    facts = {name: facts[name] for name in ("released", "labels", "seed", "texts", "numpy")}
    out = tmp_path / "model"
    artifact.write(out, arrays, facts)
    monkeypatch.setattr(train, "train", lambda *_: (worse, facts))
    monkeypatch.setattr(data, "labelled", lambda _: _corpus())
    assert train.main(tmp_path, out, quiet=True) == 3
    assert "refused by: pooled news AUC" in capsys.readouterr().err
    assert Model.load(out).version == Model.load().version != Model.load(tmp_path / "model-refused").version
    assert train.main(tmp_path, out, quiet=True, force=True) == 0
    assert Model.load(out).version != Model.load().version
    promotion = Model.load(out).manifest["promotion"]
    assert promotion["over"] == Model.load().version
    assert promotion["gates"][0]["loss"] > 0
    assert train.main(tmp_path, out, quiet=True) == 0
    assert "the same model again" in capsys.readouterr().out
    assert Model.load(out).manifest["promotion"] == promotion
    assert "| pooled news AUC | +" in report._gates(promotion)


def test_the_bootstrap_interval_holds_the_figure() -> None:
    """The interval surrounds the estimate and narrows with more texts."""
    rng = np.random.default_rng(1)
    widths = []
    for size in (200, 5000):
        truth = rng.random(size) < 0.3
        estimate = metrics.auc(truth, rng.normal(0, 1, size) + truth, rounds=100)
        assert estimate.low < estimate.value < estimate.high
        widths.append(estimate.high - estimate.low)
    assert widths[1] < widths[0] / 2
