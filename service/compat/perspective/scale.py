"""The monotone map from our calibrated probabilities to values like Perspective's, so that an old threshold holds on.

It maps quantiles: the share of comments above a value is the share that Perspective put above the mapped one. A mapped
value is no probability.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

Knots = Sequence[Sequence[float]]
Scale = Mapping[str, Knots]

SHIPPED: Final = "scale.json"
KNOTS: Final = 64
"""Knots of one fitted map: finer steps only follow the noise of a few thousand comments."""
DIGITS: Final = 6


def mapped(knots: Knots, value: float) -> float:
    """Return the value on the other scale: straight lines between knots that rise from (0, 0) to (1, 1)."""
    at = min(max(bisect_right(knots, value, key=lambda knot: knot[0]), 1), len(knots) - 1)
    (x0, y0), (x1, y1) = knots[at - 1], knots[at]
    if value >= x1 or x1 <= x0:
        return float(y1)
    return float(y0 + (y1 - y0) * max(value - x0, 0.0) / (x1 - x0))


def fitted(ours: Sequence[float], theirs: Sequence[float], knots: int = KNOTS) -> list[list[float]]:
    """Return the knots that map our quantiles to theirs. Raises ValueError for less than 20 pairs.

    Both columns rise; the steps are finer at the high end, where the thresholds are.
    """
    if len(ours) != len(theirs) or len(ours) < LEAST_PAIRS:
        raise ValueError(f"give at least {LEAST_PAIRS} comments with both scores")
    left, right = sorted(ours), sorted(theirs)
    made = [[0.0, 0.0]]
    for step in range(1, knots):
        share = 1 - (1 - step / knots) ** 2
        x, y = round(_quantile(left, share), DIGITS), round(_quantile(right, share), DIGITS)
        if made[-1][0] < x < 1.0:
            made.append([x, min(max(y, made[-1][1]), 1.0)])
    return [*made, [1.0, 1.0]]


LEAST_PAIRS: Final = 20


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def inverse(knots: Knots, value: float) -> float:
    """Return the smallest value that `mapped` takes to `value` or above."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if mapped(knots, middle) >= value:
            high = middle
        else:
            low = middle
    return high


def shipped() -> Scale:
    """Return the map that comes with this version, by attribute."""
    scale: Scale = _shipped()["attributes"]
    return scale


def shipped_for() -> str:
    """Return the version of the model whose scores the shipped map was fitted on."""
    return str(_shipped()["model"])


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(
        files("service.compat.perspective").joinpath(SHIPPED).read_text("utf-8")
    )
    return made
