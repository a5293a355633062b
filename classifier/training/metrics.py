"""The figures a reader of scores can be held to: AUC, average precision, calibration error, gaps; with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Estimate:
    """A figure and the 95 % interval of its bootstrap."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


class Ranking:
    """Scores sorted once, so that a bootstrap resample costs one pass over its counts."""

    def __init__(self, truth: NDArray[Any], scores: NDArray[Any]) -> None:
        order = np.argsort(scores, kind="stable")
        self.order = order
        self.positive = np.asarray(truth, bool)[order]
        ranked = np.asarray(scores)[order]
        self.ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)

    def auc(self, counts: Counts | None = None) -> float:
        """Area under the ROC curve, ties counted half; `counts` says how often each text was drawn."""
        drawn = np.ones(len(self.positive)) if counts is None else counts[self.order].astype(np.float64)
        good = np.cumsum(drawn * ~self.positive)[self.ends]
        bad = np.diff(np.cumsum(drawn * self.positive)[self.ends], prepend=0)
        below = np.concatenate(([0], good[:-1]))
        total = good[-1] * bad.sum()
        return float((bad * (below + good) / 2).sum() / total) if total else float("nan")

    def average_precision(self, counts: Counts | None = None) -> float:
        """Average precision, the step-wise area under precision over recall."""
        drawn = np.ones(len(self.positive)) if counts is None else counts[self.order].astype(np.float64)
        starts = np.concatenate(([0], self.ends[:-1] + 1))
        seen = np.cumsum(drawn[::-1])[::-1][starts]
        caught = np.cumsum((drawn * self.positive)[::-1])[::-1][starts]
        gained = caught - np.append(caught[1:], 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(seen > 0, caught / np.maximum(seen, 1e-300), 0)
        return float((gained * precision).sum() / caught[0]) if caught[0] else float("nan")


def calibration_error(truth: NDArray[Any], chances: Doubles, bins: int = 15) -> float:
    """Expected calibration error over `bins` bins of equal width."""
    which = np.minimum((chances * bins).astype(int), bins - 1)
    gap = np.bincount(which, weights=chances - np.asarray(truth, np.float64), minlength=bins)
    return float(np.abs(gap).sum() / max(len(chances), 1))


def bootstrap(
    figure: Callable[[Counts], float], size: int, rounds: int = 200, seed: int = 0
) -> tuple[float, float]:
    """Returns the 95 % interval of a figure over resamples of `size` texts."""
    rng = np.random.default_rng(seed)
    drawn = [figure(np.bincount(rng.integers(0, size, size), minlength=size)) for _ in range(rounds)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def auc(truth: NDArray[Any], scores: NDArray[Any], rounds: int = 200) -> Estimate:
    """AUC with its interval."""
    ranking = Ranking(truth, scores)
    return Estimate(ranking.auc(), *bootstrap(ranking.auc, len(scores), rounds))


def average_precision(truth: NDArray[Any], scores: NDArray[Any], rounds: int = 200) -> Estimate:
    """Average precision with its interval."""
    ranking = Ranking(truth, scores)
    return Estimate(ranking.average_precision(), *bootstrap(ranking.average_precision, len(scores), rounds))


def rate_at(truth: NDArray[Any], scores: NDArray[Any], caught: float = 0.8) -> float:
    """Share of the benign held at the cut that catches `caught` of the toxic."""
    bad = np.sort(np.asarray(scores)[np.asarray(truth, bool)])
    cut = bad[int(np.floor(len(bad) * (1 - caught)))]
    return float((np.asarray(scores)[~np.asarray(truth, bool)] >= cut).mean())


def terms_in(texts: list[str], terms: tuple[str, ...]) -> NDArray[np.bool_]:
    """Says which texts name which term, as a word: (terms, texts)."""
    plain = [f" {text.lower().strip(' .!?')} " for text in texts]
    return np.array([[f" {term} " in text for text in plain] for term in terms], bool)


def term_rates(
    truth: NDArray[Any], scores: Doubles, named: NDArray[np.bool_], together: float = 0.05
) -> Doubles:
    """Share of each term's benign texts above the cut that `together` of all benign texts pass; NaN for rare terms."""
    benign = ~np.asarray(truth, bool)
    above = scores > np.quantile(scores[benign], 1 - together)
    counts = (named & benign).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates: Doubles = np.where(
            counts >= 20, (named & benign & above).sum(axis=1) / np.maximum(counts, 1), np.nan
        )
    return rates


def worst_rate(truth: NDArray[Any], scores: Doubles, named: NDArray[np.bool_]) -> float:
    """The highest of `term_rates`."""
    rates = term_rates(truth, scores, named)
    return float(np.nanmax(rates)) if not np.isnan(rates).all() else float("nan")


def worst_term_rate(
    texts: list[str], truth: NDArray[Any], scores: Doubles, terms: tuple[str, ...]
) -> tuple[str, float]:
    """The identity term whose benign texts suffer most, and its rate."""
    rates = term_rates(truth, scores, terms_in(texts, terms))
    if np.isnan(rates).all():
        return "", float("nan")
    worst = int(np.nanargmax(rates))
    return terms[worst], float(rates[worst])


TERMS = (
    "lesbian gay bisexual transgender trans queer lgbt lgbtq homosexual straight heterosexual male female nonbinary "
    "african african american black white european"
    " hispanic latino latina latinx mexican canadian american asian indian "
    "middle eastern chinese japanese christian muslim jewish buddhist catholic protestant sikh taoist old older young "
    "younger teenage millenial middle aged elderly blind deaf paralyzed woman women man men immigrant refugee"
)
IDENTITY_TERMS = tuple(dict.fromkeys([*TERMS.split(), "african american", "middle eastern", "middle aged"]))
