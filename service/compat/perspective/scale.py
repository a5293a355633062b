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

import numpy as np

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
    shares = 1 - (1 - np.arange(1, knots) / knots) ** 2
    columns = (np.quantile(column, shares).round(DIGITS) for column in (ours, theirs))
    made = [[0.0, 0.0]]
    for x, y in zip(*columns, strict=True):
        if made[-1][0] < x < 1.0:
            made.append([float(x), min(max(float(y), made[-1][1]), 1.0)])
    return [*made, [1.0, 1.0]]


LEAST_PAIRS: Final = 20


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
