"""The contest of learners: the same texts and the same n-grams for each, so that the choice rests on figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier

from classifier import data, metrics, prepare
from classifier.counting import NgramCounter
from classifier.evaluate import NEWS
from classifier.learner import NgramNetwork
from classifier.reread import Lexicon

Doubles = NDArray[np.float64]
TEXTS = 5_000
_WIKIPEDIA = 1000
_SOURCES = ("jigsaw", "toxic_spans_civil")
_TRUST = 0.25


def contest(directory: Path, dev: data.Corpus, seed: int = 0) -> list[tuple[str, str, float, float]]:
    """Trains every learner on the same 5,000 texts: (learner, labels, mean news AUC, Wikipedia AUC), ours last."""
    rng = np.random.default_rng(seed)
    corpus = data.training(directory)
    told = (
        np.isin(corpus.sources, _SOURCES) & ~np.isnan(corpus.labels[:, 0]) & ~np.isnan(corpus.teacher[:, 0])
    )
    corpus = corpus.take(rng.permutation(np.flatnonzero(told))[:TEXTS])
    lexicon = Lexicon.from_arrays(*prepare.lexicon_of(corpus))
    counter = NgramCounter(lexicon)
    judged = [
        np.flatnonzero((dev.sources == source) & ~np.isnan(dev.labels[:, 0])) for source in (*NEWS, "jigsaw")
    ]
    judged[-1] = rng.permutation(judged[-1])[:_WIKIPEDIA]
    tests = [dev.take(rows) for rows in judged]
    counted, asked = counter.transform(corpus.texts), [counter.transform(test.texts) for test in tests]
    truth = corpus.labels[:, 0] >= 0.5
    found = []
    for name, labels, learn in _LEARNERS:
        score = learn(counted, truth, corpus.teacher[:, 0])
        found.append((name, labels, *_judged(tests, [score(each) for each in asked])))
    bags = prepare.bags_of(corpus.texts, lexicon)
    learner = NgramNetwork(epochs=4, batch=64, random_state=seed).fit(
        bags, prepare.soft_targets(corpus, _TRUST)
    )
    odds = [learner.decision_function(prepare.bags_of(test.texts, lexicon))[:, 0] for test in tests]
    found.append(("n-grams and sliding units (ours)", "soft and hard", *_judged(tests, odds)))
    return found


def _judged(tests: list[data.Corpus], odds: list[Doubles]) -> tuple[float, float]:
    """Mean AUC over the news sources, and the AUC on Wikipedia comments."""
    *news, wikipedia = (
        metrics.Ranking(test.labels[:, 0] >= 0.5, each).auc() for test, each in zip(tests, odds, strict=True)
    )
    return float(np.mean(news)), wikipedia


Learn = Callable[
    [sparse.csr_array, NDArray[np.bool_], NDArray[np.float32]], Callable[[sparse.csr_array], Doubles]
]


def _logistic(counted: sparse.csr_array, truth: NDArray[np.bool_], _soft: Any) -> Callable[[Any], Doubles]:
    fitted: Any = LogisticRegression(C=10, max_iter=60, tol=1e-3).fit(counted, truth)
    return lambda asked: np.asarray(fitted.decision_function(asked))


def _naive(counted: sparse.csr_array, truth: NDArray[np.bool_], _soft: Any) -> Callable[[Any], Doubles]:
    """Weighs each column by the log of its odds (Wang and Manning 2012) before the regression."""
    rates = [np.asarray(counted[rows].sum(axis=0)).ravel() + 0.1 for rows in (truth, ~truth)]
    weights = sparse.diags_array(np.log((rates[0] / rates[0].sum()) / (rates[1] / rates[1].sum())))
    fitted: Any = LogisticRegression(C=1, max_iter=60, tol=1e-3).fit(counted @ weights, truth)
    return lambda asked: np.asarray(fitted.decision_function(asked @ weights))


def _sgd(counted: sparse.csr_array, truth: NDArray[np.bool_], _soft: Any) -> Callable[[Any], Doubles]:
    fitted: Any = SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=8, tol=None, random_state=0).fit(
        counted, truth
    )
    return lambda asked: np.asarray(fitted.decision_function(asked))


def _ridge(counted: sparse.csr_array, _truth: Any, soft: NDArray[np.float32]) -> Callable[[Any], Doubles]:
    fitted: Any = Ridge(alpha=1.0, solver="sparse_cg", max_iter=60, tol=1e-3).fit(counted, soft)
    return lambda asked: np.asarray(fitted.predict(asked))


_LEARNERS: tuple[tuple[str, str, Learn], ...] = (
    ("logistic regression", "hard", _logistic),
    ("logistic regression, NB-weighted", "hard", _naive),
    ("SGD, logistic loss", "hard", _sgd),
    ("ridge on the teacher's log-odds", "soft", _ridge),
)
