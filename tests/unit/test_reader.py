"""The classifier behind the scorer's port: mapping, spans for those who need them, and a model that is not there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest

from classifier.labels import LABELS
from classifier.model import Score
from classifier.text import Signals
from service.domain import verdict
from service.scoring import Reading
from service.scoring.scorer import ModelScorer, NoModel


@dataclass(frozen=True)
class FakeSpan:
    begin: int
    end: int
    label: str
    weight: float


@dataclass(frozen=True)
class FakeExplanation:
    spans: tuple[FakeSpan, ...]


@dataclass
class FakeModel:
    """A model whose toxicity is the number that the text spells."""

    version: str = "2026.11-abcdef01"
    explained: list[tuple[str, str | None]] = field(default_factory=list)
    signals: list[Signals] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def assess(self, texts, signals, explained, effort="full"):
        self.signals += signals
        self.asked.append(effort)
        return [
            (score, self._explained(text) if explained and explained(number, score) else None)
            for number, (text, score) in enumerate(zip(texts, self._scores(texts, effort), strict=True))
        ]

    def _scores(self, texts, effort):
        return [
            Score(
                dict.fromkeys(LABELS, 0.0) | {"toxicity": float(text)},
                "en",
                True,
                None,
                None,
                0.0,
                self.version,
                effort,
            )
            for text in texts
        ]

    def _explained(self, text):
        self.explained.append((text, "toxicity"))
        return FakeExplanation((FakeSpan(0, 2, "toxicity", 1.23456),))


def scorer_of(model, **options):
    return ModelScorer(load=lambda: model, **options)


def test_scores_and_signals_are_passed_on():
    """Each reading keeps its place; name and website go to the model, and nothing else of the author."""
    model = FakeModel()
    assessed = scorer_of(model).score([Reading("0.1", "Ada"), Reading("0.9", "Bo", "https://bo.example")])
    assert [one.scores["toxicity"] for one in assessed] == [0.1, 0.9]
    assert [(one.author_name, one.website) for one in model.signals] == [
        ("Ada", None),
        ("Bo", "https://bo.example"),
    ]
    assert {one.model for one in assessed} == {"2026.11-abcdef01"}


def test_only_doubtful_texts_are_explained():
    model = FakeModel()
    assessed = scorer_of(model, explain_from=0.5).score([Reading("0.1"), Reading("0.9")])
    assert [one.spans != () for one in assessed] == [False, True]
    assert model.explained == [("0.9", "toxicity")]
    scorer_of(model).score([Reading("0.9")], explain=False)
    assert len(model.explained) == 1


def test_the_caller_says_which_texts_are_explained():
    model = FakeModel()
    readings = [Reading("0.1"), Reading("0.9"), Reading("0.2")]
    assessed = scorer_of(model).score(
        readings, lambda number, scores: number > 0 and scores["toxicity"] < 0.5
    )
    assert [one.spans != () for one in assessed] == [False, False, True]


def test_the_model_is_asked_for_the_effort_that_is_wanted():
    """Full unless something else is asked for; the assessment says which it was."""
    model = FakeModel()
    scorer = scorer_of(model)
    (full,) = scorer.score([Reading("0.1")])
    (fast,) = scorer.score([Reading("0.1")], effort=verdict.Effort.FAST)
    assert (full.effort, fast.effort) == (verdict.Effort.FULL, verdict.Effort.FAST)
    assert model.asked == ["full", "fast"]


@pytest.mark.parametrize("wrong", ["nan", "inf", "-0.5", "1.5"])
def test_what_is_no_probability_is_refused(wrong):
    """NaN passes no cut and would be approved, so it counts as a failed try."""
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
    assert math.isclose(scorer.score([Reading("0.1")])[0].scores["toxicity"], 0.1)
