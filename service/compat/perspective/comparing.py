"""How a site's old scores compare to ours: rank correlation, and for each threshold the one that holds as many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import rankdata

from service.compat.perspective.scale import Knots, mapped

CUTS: Final = (0.5, 0.6, 0.7, 0.8, 0.9)
HELD_BACK_CUTS: Final = (0.5, 0.7, 0.8, 0.9)
KNOTS: Final = 64
"""Knots of one fitted map: finer steps only follow the noise of a few thousand comments."""
LEAST_PAIRS: Final = 20
DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One threshold: who is held by it there, our threshold that holds as many, and how often the two agree.

    `unchanged_share` is what the old number holds on our scale, `mapped_share` what it holds on the mapped one.
    """

    theirs: float
    held: int
    ours: float | None
    agree: float
    differ: int
    unchanged_share: float
    mapped_share: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One attribute over all texts that have both scores."""

    attribute: str
    texts: int
    rank_correlation: float
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class HeldShare:
    """The share that a threshold holds on the half that the map did not see: theirs, ours as it is, ours mapped."""

    cut: float
    theirs: float
    plain: float
    mapped: float


def fitted(ours: Sequence[float], theirs: Sequence[float], knots: int = KNOTS) -> list[list[float]]:
    """Return the knots that map our quantiles to theirs. Raises ValueError for less than 20 pairs.

    Both columns rise; the steps are finer at the high end, where the thresholds are.
    """
    if len(ours) != len(theirs) or len(ours) < LEAST_PAIRS:
        raise ValueError(f"give at least {LEAST_PAIRS} comments with both scores")
    shares = 1 - (1 - np.arange(1, knots) / knots) ** 2
    columns = (np.quantile(column, shares).round(DIGITS) for column in (ours, theirs))
    made = [[0.0, 0.0]]
    for x, y in zip(*columns, strict=True):
        if made[-1][0] < x < 1.0:
            made.append([float(x), min(max(float(y), made[-1][1]), 1.0)])
    return [*made, [1.0, 1.0]]


def compare(
    attribute: str, theirs: Sequence[float], ours: Sequence[float], knots: Knots | None = None
) -> Comparison:
    """Compare two columns of scores of the same texts; `knots` is the map whose shares are shown beside."""
    rows = tuple(_row(cut, theirs, ours, knots) for cut in CUTS)
    return Comparison(attribute, len(theirs), rank_correlation(theirs, ours), rows)


def _row(cut: float, theirs: Sequence[float], ours: Sequence[float], knots: Knots | None) -> Row:
    held = sum(value >= cut for value in theirs)
    own = same_share_cut(ours, held)
    differ = sum(
        (there >= cut) != (own is not None and here >= own) for there, here in zip(theirs, ours, strict=True)
    )
    count = len(theirs)
    return Row(
        theirs=cut,
        held=held,
        ours=own,
        agree=1 - differ / count,
        differ=differ,
        unchanged_share=sum(value >= cut for value in ours) / count,
        mapped_share=None if knots is None else sum(mapped(knots, value) >= cut for value in ours) / count,
    )


def same_share_cut(ours: Sequence[float], held: int) -> float | None:
    """Return our threshold that holds `held` texts, half-way between the last held and the next; None for none."""
    if held == 0:
        return None
    ordered = sorted(ours, reverse=True)
    if held >= len(ordered):
        return ordered[-1]
    return (ordered[held - 1] + ordered[held]) / 2 if ordered[held - 1] > ordered[held] else ordered[held - 1]


def differing(cut: float, theirs: Sequence[float], ours: Sequence[float], most: int) -> list[int]:
    """Return the places of the texts that one side holds at `cut` and the other does not at its own, furthest first."""
    own = same_share_cut(ours, sum(value >= cut for value in theirs))
    if own is None:
        return []
    there, here = rankdata(theirs), rankdata(ours)
    places = [n for n, (a, b) in enumerate(zip(theirs, ours, strict=True)) if (a >= cut) != (b >= own)]
    return sorted(places, key=lambda n: -abs(there[n] - here[n]))[:most]


def held_back(theirs: Sequence[float], ours: Sequence[float]) -> tuple[HeldShare, ...]:
    """Fit on every other text by their score, and return the shares that thresholds hold on the rest.

    So both halves have the same scores on their side, and what differs is the map's own error.
    """
    order = sorted(range(len(theirs)), key=lambda n: (theirs[n], ours[n]))
    fit, rest = order[::2], order[1::2]
    knots = fitted([ours[n] for n in fit], [theirs[n] for n in fit])
    return tuple(
        HeldShare(
            cut,
            sum(theirs[n] >= cut for n in rest) / len(rest),
            sum(ours[n] >= cut for n in rest) / len(rest),
            sum(mapped(knots, ours[n]) >= cut for n in rest) / len(rest),
        )
        for cut in HELD_BACK_CUTS
    )


def rank_correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Return Spearman's rank correlation; equal values share their mean rank, and a column of one value gives 0."""
    a, b = (rankdata(column) for column in (left, right))
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) and np.ptp(b) else 0.0


def fit(columns: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> dict[str, list[list[float]]]:
    """Fit a map for each attribute that has enough texts with both scores: (theirs, ours)."""
    return {
        attribute: fitted(ours, theirs)
        for attribute, (theirs, ours) in columns.items()
        if len(theirs) >= LEAST_TEXTS
    }


LEAST_TEXTS: Final = 200
"""Texts below which a map of an attribute would follow chance more than the scores."""
