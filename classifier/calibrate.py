"""Calibration: one slope and one offset per label, so that a score of .7 is right seven times in ten."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

Doubles = NDArray[np.float64]


class AffineCalibrator(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Maps log-odds to calibrated log-odds, `slope_ * x + offset_` per column, by least cross-entropy.

    `y` holds targets in 0..1 of the same shape (one column may be given flat); NaN where unknown. A column with no
    known target, or with only one class, keeps slope 1 and offset 0.
    """

    def __init__(self, ridge: float = 1e-3) -> None:
        self.ridge = ridge

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fits every column."""
        X = validate_data(self, X, dtype=np.float64)
        columns = X.shape[1]
        self.slope_, self.offset_ = np.ones(columns), np.zeros(columns)
        if y is None:
            return self
        targets = np.asarray(y, np.float64)
        targets = np.broadcast_to(targets[:, None], X.shape) if targets.ndim == 1 else targets
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        if weight.shape != (len(X),):
            raise ValueError(f"sample_weight has shape {weight.shape}, expected ({len(X)},)")
        if not weight.any():
            raise ValueError("Sample weights must contain at least one non-zero number.")
        for column in range(columns):
            known = ~np.isnan(targets[:, column])
            found = targets[known, column]
            if len(found) and found.min() < found.max() and found.min() >= 0 and found.max() <= 1:
                self._fit_column(column, X[known, column], found, weight[known])
        return self

    def _fit_column(self, column: int, odds: Doubles, targets: Doubles, weight: Doubles) -> None:
        total = weight.sum()

        def loss(at: Doubles) -> tuple[float, Doubles]:
            raw = at[0] * odds + at[1]
            slope = (1 / (1 + np.exp(-np.clip(raw, -500, 500))) - targets) * weight / total
            cost = ((np.logaddexp(0, raw) - targets * raw) * weight).sum() / total + self.ridge * (
                at[0] - 1
            ) ** 2
            return float(cost), np.array([(slope * odds).sum() + 2 * self.ridge * (at[0] - 1), slope.sum()])

        found = minimize(
            loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, 20), (-20, 20)]
        )
        self.slope_[column], self.offset_[column] = found.x

    def transform(self, X: Any) -> Doubles:
        """Returns calibrated log-odds."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        calibrated: Doubles = X * self.slope_ + self.offset_
        return calibrated
