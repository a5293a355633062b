"""One linear head for each label, fitted on the texts whose label is known, and the stack that joins them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression, SGDRegressor
from sklearn.utils.validation import check_is_fitted, validate_data

from classifier.labels import LABELS, Effort

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class LinearHeads(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Regresses each label's log-odds on the features; `transform` gives them, (texts, labels).

    `y` holds log-odds, NaN where a label is unknown: each head is fitted on its known rows. `weights_` (features, labels)
    and `intercept_` (labels) are all that is kept of the fitted regressors.
    """

    def __init__(self, regressor: Any = None) -> None:
        self.regressor = regressor

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit one clone of `regressor` per column of `y`."""
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float32)
        y = np.asarray(y, np.float64)
        columns = y[:, None] if y.ndim == 1 else y
        if len(columns) != X.shape[0]:
            raise ValueError(f"y has {len(columns)} rows, X has {X.shape[0]}")
        weight = np.ones_like(columns) if sample_weight is None else np.asarray(sample_weight, np.float64)
        weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, columns.shape)
        self.weights_ = np.zeros((X.shape[1], columns.shape[1]), np.float32)
        self.intercept_ = np.zeros(columns.shape[1])
        for column in range(columns.shape[1]):
            known = np.flatnonzero(np.isfinite(columns[:, column]) & (weight[:, column] > 0))
            if not len(known):
                continue
            head = clone(SGDRegressor() if self.regressor is None else self.regressor)
            head.fit(X[known], columns[known, column], sample_weight=weight[known, column])
            self.weights_[:, column] = head.coef_
            self.intercept_[column] = head.intercept_[0] if np.ndim(head.intercept_) else head.intercept_
        return self

    def transform(self, X: Any) -> Doubles:
        """Return the log-odds of each label: (texts, labels)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float32, reset=False)
        log_odds: Doubles = np.asarray(X @ self.weights_, np.float64) + self.intercept_
        return log_odds

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags


class LabelStack(BaseEstimator):  # type: ignore[misc]
    """Weighs the log-odds of the linear heads and of the sentence encoder into calibrated ones, per label.

    `X` holds the log-odds of the linear heads, then those of the encoder: (texts, 2 × labels). `y` holds the share of
    people who would give the label, 0..1, NaN where unknown. A label is fitted on its known rows by `classifier`, once
    on the linear columns alone (`fast`) and once on all (`full`), so each effort is calibrated by itself.
    `columns` names, per label, which labels' log-odds it may use; its own by default.
    """

    def __init__(self, classifier: Any = None, columns: Any = None) -> None:
        self.classifier = classifier
        self.columns = columns

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit both efforts of every label that has positive and negative rows; others pass through unweighed."""
        X, y = validate_data(self, X, dtype=np.float64), np.asarray(y, np.float64)
        labels = y.shape[1]
        weight = np.ones_like(y) if sample_weight is None else np.asarray(sample_weight, np.float64)
        self.fast_coef_, self.fast_intercept_ = np.eye(labels), np.zeros(labels)
        self.full_coef_ = np.hstack([np.eye(labels), np.eye(labels)]) / 2
        self.full_intercept_ = np.zeros(labels)
        for column in range(labels):
            known = np.flatnonzero(np.isfinite(y[:, column]) & (weight[:, column] > 0))
            target = y[known, column]
            if not len(known) or target.max() <= 0.5 or target.min() > 0.5:
                continue
            own = [column] if self.columns is None else list(self.columns.get(LABELS[column], [column]))
            for name, used in (("fast", own), ("full", own + [labels + each for each in own])):
                coef, intercept = self._fitted(X[np.ix_(known, used)], target, weight[known, column])
                getattr(self, f"{name}_coef_")[column] = 0
                getattr(self, f"{name}_coef_")[column, used] = coef
                getattr(self, f"{name}_intercept_")[column] = intercept
        return self

    def _fitted(self, X: Doubles, share: Doubles, weight: Doubles) -> tuple[Doubles, float]:
        """Fit one label: a row of share p counts p as positive and 1 - p as negative."""
        classifier = clone(LogisticRegression() if self.classifier is None else self.classifier)
        both = np.vstack([X, X])
        truth = np.repeat([1, 0], len(X))
        counts = np.concatenate([share, 1 - share]) * np.concatenate([weight, weight])
        classifier.fit(both[counts > 0], truth[counts > 0], sample_weight=counts[counts > 0])
        return classifier.coef_[0], float(classifier.intercept_[0])

    def log_odds(self, linear: Doubles, sentence: Doubles | None) -> Doubles:
        """Return calibrated log-odds; without `sentence`, those of the `fast` effort."""
        check_is_fitted(self)
        if sentence is None:
            return linear @ self.fast_coef_.T + self.fast_intercept_
        return np.hstack([linear, sentence]) @ self.full_coef_.T + self.full_intercept_

    def parts(self, effort: Effort) -> tuple[Doubles, Doubles, Doubles]:
        """Return what one unit of each linear and each encoder log-odds adds to each label, and the intercepts."""
        labels = len(self.fast_intercept_)
        if effort == "fast":
            return self.fast_coef_, np.zeros((labels, labels)), self.fast_intercept_
        return self.full_coef_[:, :labels], self.full_coef_[:, labels:], self.full_intercept_

    def predict_proba(self, X: Any) -> Doubles:
        """Return the probability of each label at full effort: (texts, labels)."""
        X = validate_data(self, X, dtype=np.float64, reset=False)
        labels = X.shape[1] // 2
        return probability(self.log_odds(X[:, :labels], X[:, labels:]))


def probability(log_odds: Doubles) -> Doubles:
    """Return the probability of log-odds, never quite 0 or 1."""
    result: Doubles = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return result
