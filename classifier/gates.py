"""Promotion gates: a new model takes the old one's place only where no figure that matters got truly worse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier import metrics
from classifier.data import Corpus
from classifier.disguise import DISGUISES, disguise
from classifier.evaluate import NEWS, probabilities
from classifier.model import Model

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]

_EVASIVE = 600
_ROUNDS = 200


@dataclass(frozen=True)
class Gate:
    """One gate: the loss from the old model to the new (positive is worse), its 95 % interval, and the verdict."""

    name: str
    loss: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        """A loss whose interval excludes zero closes the gate."""
        return not self.low > 0

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "REFUSED"
        return f"{self.name}: loss {self.loss:+.4f} [{self.low:+.4f}, {self.high:+.4f}] {verdict}"


def judge(old: Model, new: Model, corpus: Corpus) -> list[Gate]:
    """Compares two models on the same texts by paired bootstrap, one gate for each figure that must not fall."""
    before, after = (probabilities(model, corpus.texts)[:, 0] for model in (old, new))
    truth = corpus.labels[:, 0] >= 0.5
    gates = []
    news = [np.flatnonzero(corpus.sources == source) for source in NEWS if (corpus.sources == source).any()]
    if news:
        gates.append(_news(news, truth, before, after))
    wiki = np.flatnonzero(corpus.sources == "jigsaw")
    if len(wiki):
        gates.append(_calibration(corpus.labels[wiki, 0], before[wiki], after[wiki]))
        gates.append(_evasion(old, new, corpus, wiki, truth))
    templates = np.flatnonzero(corpus.sources == "identity_templates")
    if len(templates):
        gates.append(
            _identity(
                [corpus.texts[row] for row in templates],
                truth[templates],
                before[templates],
                after[templates],
            )
        )
    return gates


def _paired(name: str, loss: Callable[[Counts], float], size: int) -> Gate:
    """Bootstraps a loss that is a function of how often each text was drawn."""
    low, high = metrics.bootstrap(loss, size, _ROUNDS)
    return Gate(name, float(loss(np.ones(size, np.int64))), low, high)


def _news(news: list[NDArray[np.int64]], truth: NDArray[np.bool_], before: Doubles, after: Doubles) -> Gate:
    """Pooled news AUC: the mean over sources, each resampled within itself."""
    pairs = [
        (metrics.Ranking(truth[rows], before[rows]), metrics.Ranking(truth[rows], after[rows]))
        for rows in news
    ]
    ends = np.cumsum([len(rows) for rows in news])

    def loss(counts: Counts) -> float:
        parts = np.split(counts, ends[:-1])
        return float(
            np.mean([old.auc(part) - new.auc(part) for (old, new), part in zip(pairs, parts, strict=True)])
        )

    return _paired("pooled news AUC", loss, int(ends[-1]))


def _calibration(labels: NDArray[np.float32], before: Doubles, after: Doubles) -> Gate:
    """Calibration error of toxicity on Wikipedia comments."""

    def loss(counts: Counts) -> float:
        drawn = np.repeat(np.arange(len(counts)), counts)
        return metrics.calibration_error(labels[drawn], after[drawn]) - metrics.calibration_error(
            labels[drawn], before[drawn]
        )

    return _paired("calibration", loss, len(labels))


def _identity(texts: list[str], truth: NDArray[np.bool_], before: Doubles, after: Doubles) -> Gate:
    """The worst identity term's share of benign sentences above the common cut."""
    terms = metrics.terms_in(texts, metrics.IDENTITY_TERMS)

    def loss(counts: Counts) -> float:
        drawn = np.repeat(np.arange(len(counts)), counts)
        worst = [metrics.worst_rate(truth[drawn], each[drawn], terms[:, drawn]) for each in (before, after)]
        return worst[1] - worst[0]

    return _paired("worst identity term", loss, len(texts))


def _evasion(
    old: Model, new: Model, corpus: Corpus, rows: NDArray[np.int64], truth: NDArray[np.bool_]
) -> Gate:
    """The worst loss of AUC over all disguises, both classes disguised."""
    rng = np.random.default_rng(0)
    toxic, benign = rows[truth[rows]], rows[~truth[rows]]
    chosen = np.concatenate(
        [rng.choice(each, min(_EVASIVE, len(each)), replace=False) for each in (toxic, benign)]
    )
    texts = [corpus.texts[row][:1000] for row in chosen.tolist()]
    sets = [texts] + [disguise(texts, name, 1) for name in DISGUISES]
    ranked = [
        [metrics.Ranking(truth[chosen], probabilities(model, each)[:, 0]) for each in sets]
        for model in (old, new)
    ]

    def worst(rankings: list[metrics.Ranking], counts: Counts) -> float:
        plain, *others = (ranking.auc(counts) for ranking in rankings)
        return max(plain - other for other in others)

    return _paired("evasion", lambda counts: worst(ranked[1], counts) - worst(ranked[0], counts), len(chosen))
