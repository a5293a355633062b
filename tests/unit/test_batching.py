"""Batch scoring: everyone gets their own text's answer, and one that fails spoils no other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.domain.verdict import Assessment, Effort
from service.scoring import Reading
from service.scoring.batching import SHORT, BatchingScorer
from tests.processes import until


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


def test_what_waits_is_read_in_one_batch_and_a_text_that_fails_spoils_no_other(inner, scorer):
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
