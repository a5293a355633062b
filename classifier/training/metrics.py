"""The figures a classifier is judged by: AUC, average precision, calibration error, gaps; each with an interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]
Figures = Callable[[Counts], Sequence[float]]
"""Computes figures from how often each text was drawn."""

ROUNDS = 200


@dataclass(frozen=True)
class Estimate:
    """A figure and the 95 % interval of its bootstrap."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    @classmethod
    def of(cls, value: float, draws: Doubles) -> Estimate:
        """Take the interval from the figure's values over resamples."""
        low, high = np.nanpercentile(draws, [2.5, 97.5])
        return cls(value, float(low), float(high))

    def rounded(self) -> list[float]:
        """Return value, low and high, rounded for JSON."""
        return [round(each, 4) for each in (self.value, self.low, self.high)]


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


def resampled(figures: Figures, size: int, rounds: int = ROUNDS, seed: int = 0) -> Doubles:
    """Return the figures over resamples of `size` texts, all on the same draws: (rounds, figures)."""
    rng = np.random.default_rng(seed)
    return np.array(
        [figures(np.bincount(rng.integers(0, size, size), minlength=size)) for _ in range(rounds)], np.float64
    )


def estimates(figures: Figures, size: int, rounds: int = ROUNDS, seed: int = 0) -> list[Estimate]:
    """Return each figure with its interval."""
    values, draws = figures(np.ones(size, np.int64)), resampled(figures, size, rounds, seed)
    return [Estimate.of(value, draws[:, column]) for column, value in enumerate(values)]


def auc(truth: NDArray[Any], scores: NDArray[Any], rounds: int = ROUNDS) -> Estimate:
    """AUC with its interval."""
    ranking = Ranking(truth, scores)
    return estimates(lambda counts: [ranking.auc(counts)], len(scores), rounds)[0]


def average_precision(truth: NDArray[Any], scores: NDArray[Any], rounds: int = ROUNDS) -> Estimate:
    """Average precision with its interval."""
    ranking = Ranking(truth, scores)
    return estimates(lambda counts: [ranking.average_precision(counts)], len(scores), rounds)[0]


def compared(
    truth: NDArray[Any], ours: NDArray[Any], theirs: NDArray[Any], rounds: int = ROUNDS
) -> list[Estimate]:
    """Return two AUCs and their difference (ours less theirs), by paired bootstrap."""
    one, other = Ranking(truth, ours), Ranking(truth, theirs)

    def figures(counts: Counts) -> list[float]:
        first, second = one.auc(counts), other.auc(counts)
        return [first, second, first - second]

    return estimates(figures, len(ours), rounds)


def cut_at(benign: Doubles, held: float) -> float:
    """Return the score that a share `held` of benign texts lies above."""
    return float(np.quantile(benign, 1 - held)) if len(benign) else float("nan")


def caught_at(
    truth: NDArray[Any], scores: Doubles, held: float = 0.10, counts: Counts | None = None
) -> float:
    """Share of the positive texts that score above the cut which a share `held` of the others pass."""
    drawn = np.ones(len(scores), np.int64) if counts is None else counts
    repeated, positive = np.repeat(scores, drawn), np.repeat(np.asarray(truth, bool), drawn)
    if not positive.any() or positive.all():
        return float("nan")
    return float((repeated[positive] > cut_at(repeated[~positive], held)).mean())


def terms_in(texts: list[str], terms: tuple[str, ...]) -> NDArray[np.bool_]:
    """Say which texts name which term, as a word: (terms, texts)."""
    plain = [f" {text.lower().strip(' .!?')} " for text in texts]
    return np.array([[f" {term} " in text for text in plain] for term in terms], bool)


def term_rates(
    truth: NDArray[Any], scores: Doubles, named: NDArray[np.bool_], of_all: float = 0.05
) -> Doubles:
    """Share of each term's benign texts above the cut that `of_all` benign texts pass; NaN for rare terms."""
    benign = ~np.asarray(truth, bool)
    above = scores > cut_at(scores[benign], of_all)
    counts = (named & benign).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates: Doubles = np.where(
            counts >= 20, (named & benign & above).sum(axis=1) / np.maximum(counts, 1), np.nan
        )
    return rates


TERMS = (
    "lesbian gay bisexual transgender trans queer lgbt lgbtq homosexual straight heterosexual male female nonbinary "
    "african african american black white european"
    " hispanic latino latina latinx mexican canadian american asian indian "
    "middle eastern chinese japanese christian muslim jewish buddhist catholic protestant sikh taoist old older young "
    "younger teenage millenial middle aged elderly blind deaf paralyzed woman women man men immigrant refugee"
)
IDENTITY_TERMS = tuple(dict.fromkeys([*TERMS.split(), "african american", "middle eastern", "middle aged"]))
