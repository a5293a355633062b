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
    """Joins the log-odds of the linear heads and of the sentence encoder, and calibrates them, per label.

    `X` holds the log-odds of the linear heads, then those of the encoder: (texts, 2 × labels). A label's log-odds are
    their mean, in which the encoder counts `sentence_share`; then `leans[label][other]` times another label's is added.
    `classifier` fits slope and offset on the rows whose share `y` (0..1, NaN where unknown) is known: once for the
    linear heads alone (`fast`) and once for both (`full`), so each effort is calibrated by itself.
    """

    def __init__(
        self,
        classifier: Any = None,
        sentence_share: float = 0.5,
        leans: dict[str, dict[str, float]] | None = None,
    ) -> None:
        self.classifier = classifier
        self.sentence_share = sentence_share
        self.leans = leans

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Calibrate every label that has positive and negative rows; the others keep slope 1 and offset 0."""
        X, y = validate_data(self, X, dtype=np.float64), np.asarray(y, np.float64)
        labels = y.shape[1]
        weight = np.ones_like(y) if sample_weight is None else np.asarray(sample_weight, np.float64)
        lean = self._lean(labels)
        share = self.sentence_share
        self.fast_coef_, self.full_coef_ = lean, np.hstack([(1 - share) * lean, share * lean])
        self.fast_intercept_, self.full_intercept_ = np.zeros(labels), np.zeros(labels)
        for column in range(labels):
            known = np.flatnonzero(np.isfinite(y[:, column]) & (weight[:, column] > 0))
            target = y[known, column]
            if not len(known) or target.max() <= 0.5 or target.min() > 0.5:
                continue
            for coef, intercept in (
                (self.fast_coef_, self.fast_intercept_),
                (self.full_coef_, self.full_intercept_),
            ):
                joined = X[known, : coef.shape[1]] @ coef[column]
                slope, offset = self._calibrated(joined, target, weight[known, column])
                coef[column] *= slope
                intercept[column] = offset
        return self

    def _lean(self, labels: int) -> Doubles:
        """Return what each label's log-odds take of every label's: (labels, labels)."""
        matrix = np.eye(labels)
        for label, shares in (self.leans or {}).items():
            for other, share in shares.items():
                matrix[LABELS.index(label), LABELS.index(other)] += share
        return matrix

    def _calibrated(self, log_odds: Doubles, share: Doubles, weight: Doubles) -> tuple[float, float]:
        """Fit slope and offset: a row of share p counts p as positive and 1 - p as negative."""
        classifier = clone(LogisticRegression() if self.classifier is None else self.classifier)
        truth = np.repeat([1, 0], len(log_odds))
        counts = np.concatenate([share, 1 - share]) * np.concatenate([weight, weight])
        both, some = np.concatenate([log_odds, log_odds])[:, None], counts > 0
        classifier.fit(both[some], truth[some], sample_weight=counts[some])
        return float(classifier.coef_[0, 0]), float(classifier.intercept_[0])

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
