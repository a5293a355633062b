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


def mapped(knots: Knots, value: float) -> float:
    """Return the value on the other scale: straight lines between knots that rise from (0, 0) to (1, 1)."""
    at = min(max(bisect_right(knots, value, key=lambda knot: knot[0]), 1), len(knots) - 1)
    (x0, y0), (x1, y1) = knots[at - 1], knots[at]
    if value >= x1 or x1 <= x0:
        return float(y1)
    return float(y0 + (y1 - y0) * max(value - x0, 0.0) / (x1 - x0))


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
