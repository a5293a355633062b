"""The classifier behind the scorer: mapping, spans for those who need them, and batches of whoever asks at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from classifier.labels import LABELS
from classifier.model import Score
from classifier.text import Signals
from service.domain import verdict
from service.domain.verdict import Assessment, Effort
from service.scoring import Reading
from service.scoring.batching import SHORT, BatchingScorer
from service.scoring.scorer import ModelScorer, NoModel
from tests.processes import until


@dataclass
class FakeModel:
    version: str = "2026.11-abcdef01"
    explained: list[str] = field(default_factory=list)
    signals: list[Signals] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def assess(self, texts, signals, explained, effort="full"):
        self.signals += signals
        self.asked.append(effort)
        for number, text in enumerate(texts):
            scores = dict.fromkeys(LABELS, 0.0) | {"toxicity": float(text)}
            score = Score(scores, "en", True, None, None, 0.0, self.version, effort)
            explains = explained and explained(number, score)
            yield score, self._explained(text) if explains else None

    def _explained(self, text):
        self.explained.append(text)
        return SimpleNamespace(spans=(SimpleNamespace(begin=0, end=2, label="toxicity", weight=1.23456),))


def scorer_of(model, **options):
    return ModelScorer(load=lambda: model, **options)


def test_scores_and_signals_are_passed_on_in_their_places():
    model = FakeModel()
    assessed = scorer_of(model).score([Reading("0.1", "Ada"), Reading("0.9", "Bo", "https://bo.example")])
    assert [one.scores["toxicity"] for one in assessed] == [0.1, 0.9]
    assert model.signals == [Signals("Ada", None), Signals("Bo", "https://bo.example")]
    assert {one.model for one in assessed} == {"2026.11-abcdef01"}


def test_doubtful_texts_are_explained_or_those_that_the_caller_says():
    model = FakeModel()
    scorer, readings = scorer_of(model, explain_from=0.5), [Reading("0.1"), Reading("0.9"), Reading("0.2")]
    for explain, texts in (
        (True, ["0.9"]),
        (False, []),
        (lambda number, scores: number > 0 and scores["toxicity"] < 0.5, ["0.2"]),
    ):
        model.explained.clear()
        assessed = scorer.score(readings, explain)
        assert model.explained == texts
        assert [one.spans != () for one in assessed] == [reading.text in texts for reading in readings]


def test_the_model_is_asked_for_the_effort_that_is_wanted():
    model = FakeModel()
    scorer = scorer_of(model)
    (full,) = scorer.score([Reading("0.1")])
    (fast,) = scorer.score([Reading("0.1")], effort=verdict.Effort.FAST)
    assert (full.effort, fast.effort) == (verdict.Effort.FULL, verdict.Effort.FAST)
    assert model.asked == ["full", "fast"]


@pytest.mark.parametrize("wrong", ["nan", "inf", "-0.5", "1.5"])
def test_what_is_no_probability_and_would_pass_every_cut_is_refused(wrong):
    with pytest.raises(ValueError, match="no probability"):
        scorer_of(FakeModel()).score([Reading(wrong)])


def test_the_model_is_loaded_once_and_late():
    loads = []

    def load():
        loads.append(1)
        return FakeModel()

    scorer = ModelScorer(load=load)
    assert (scorer.score([]), loads, scorer.version) == ([], [], "")
    scorer.score([Reading("0.1")])
    scorer.score([Reading("0.2")])
    assert (loads, scorer.version) == ([1], "2026.11-abcdef01")


def test_a_missing_model_is_asked_for_again_after_a_while(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("service.scoring.scorer.time.monotonic", lambda: clock[0])
    tries = []

    def load():
        tries.append(True)
        if len(tries) < 2:
            raise OSError("model.bin is missing")
        return FakeModel()

    scorer = ModelScorer(load=load)
    for _ in range(3):
        with pytest.raises(NoModel):
            scorer.score([Reading("0.1")])
    assert len(tries) == 1
    clock[0] += 11
    assert scorer.score([Reading("0.1")])[0].scores["toxicity"] == 0.1


class Counting:
    """A scorer that counts its batches, can be held up, and cannot read the word poison."""

    version = "made-up-1"

    def __init__(self):
        self.batches = []
        self.open = threading.Event()
        self.open.set()

    def score(self, readings, explain=True, effort=Effort.FULL):
        self.open.wait(5)
        self.batches.append(len(readings))
        if any("poison" in one.text for one in readings):
            raise ValueError("poison")
        return [Assessment({"toxicity": len(one.text) / 1e6}, self.version) for one in readings]

    def warm(self):
        """Nothing to load."""


@pytest.fixture
def inner():
    return Counting()


@pytest.fixture
def scorer(inner):
    return BatchingScorer(inner)


def value(scorer, text):
    (one,) = scorer.score([Reading(text)])
    return one.scores["toxicity"]


def test_what_waits_is_read_in_one_batch_and_a_failure_spoils_no_other(inner, scorer):
    inner.open.clear()
    with ThreadPoolExecutor(21) as threads:
        good = [threads.submit(value, scorer, "x" * n) for n in range(1, 21)]
        until(lambda: len(scorer._waiting) >= 19)
        inner.open.set()
        assert [one.result(5) for one in good] == [n / 1e6 for n in range(1, 21)]
        assert (sum(inner.batches), len(inner.batches) <= 3) == (20, True)
        inner.open.clear()
        good = [threads.submit(value, scorer, "x" * n) for n in range(1, 7)]
        bad = threads.submit(value, scorer, "poison")
        inner.open.set()
        assert [one.result(5) for one in good] == [n / 1e6 for n in range(1, 7)]
        with pytest.raises(ValueError, match="poison"):
            bad.result(5)


def test_long_texts_and_explanations_go_alone(inner, scorer):
    assert len(scorer.score([Reading("x" * (SHORT + 1))])) == 1
    assert len(scorer.score([Reading("a"), Reading("b")])) == 2
    assert len(scorer.score([Reading("a")], explain=True)) == 1
    assert scorer.score([]) == []
    assert len(scorer.score([Reading("a")], effort=Effort.FAST)) == 1
    assert inner.batches == [1, 2, 1, 0, 1]
    assert scorer.version == "made-up-1"
