"""One linear head for each label, fitted on the texts whose label is known, and the stack that joins them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from classifier.labels import Effort

Doubles = NDArray[np.float64]

LOUD = 6.0
"""Log-odds that are learnt are clipped to this: a label is never quite certain."""


class LinearHeads(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Regress each label's log-odds on the features; `transform` returns them, (texts, labels).

    `y` holds the share of people who would give the label, 0..1, NaN where unknown: each head is fitted on its known
    rows. `weights_` (features, labels) and `intercept_` (labels) are all that is kept of the fitted regressors.
    """

    def __init__(self, regressor: Any = None) -> None:
        self.regressor = regressor

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit one clone of `regressor` per column of `y`; `sample_weight` is (texts,) or (texts, labels)."""
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float32, np.float64])
        shares, weight = _targets(X, y, sample_weight)
        self.weights_ = np.zeros((X.shape[1], shares.shape[1]), X.dtype)
        self.intercept_ = np.zeros(shares.shape[1])
        for column in range(shares.shape[1]):
            known = np.flatnonzero(weight[:, column] > 0)
            if len(known):
                head = clone(Ridge() if self.regressor is None else self.regressor)
                head.fit(X[known], log_odds(shares[known, column]), sample_weight=weight[known, column])
                self.weights_[:, column], self.intercept_[column] = head.coef_, np.ravel(head.intercept_)[0]
        return self

    def transform(self, X: Any) -> Doubles:
        """Return the log-odds of each label."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float32, np.float64], reset=False)
        odds: Doubles = np.asarray(X @ self.weights_, np.float64) + self.intercept_
        return odds

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags


class LabelStack(BaseEstimator):  # type: ignore[misc]
    """Join the log-odds of the linear heads and of the sentence encoder, and calibrate them, per label.

    `X` holds the log-odds of the linear heads in its first half, those of the encoder in its second. A label's log-odds
    are their mean, in which the encoder counts `sentence_share`; then `leans[label][other]` times another label's is
    added, both by number. `y` holds the share of people who would give the label, 0..1, NaN where unknown: `classifier`
    fits slope and offset on the known rows, once for the linear heads alone (`fast`) and once for both (`full`), so
    that each effort is calibrated by itself.
    """

    def __init__(
        self,
        classifier: Any = None,
        sentence_share: float = 0.5,
        leans: dict[int, dict[int, float]] | None = None,
    ) -> None:
        self.classifier = classifier
        self.sentence_share = sentence_share
        self.leans = leans

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Calibrate every label that has positive and negative rows; the others keep slope 1 and offset 0."""
        X = validate_data(self, X, dtype=np.float64)
        shares, weight = _targets(X, y, sample_weight)
        labels, half = shares.shape[1], X.shape[1] // 2
        if half < labels:
            raise ValueError(f"n_features={X.shape[1]}: two are needed for each of {labels} labels")
        lean, rest = self._lean(labels, half), X.shape[1] - half
        sentence = np.hstack([lean, np.zeros((labels, rest - half))])
        self.fast_coef_, self.fast_intercept_ = lean, np.zeros(labels)
        self.full_coef_ = np.hstack([(1 - self.sentence_share) * lean, self.sentence_share * sentence])
        self.full_intercept_ = np.zeros(labels)
        for label in range(labels):
            known = np.flatnonzero(weight[:, label] > 0)
            share = shares[known, label]
            if not len(known) or share.max() <= 0.5 or share.min() > 0.5:
                continue
            for coef, intercept in (
                (self.fast_coef_, self.fast_intercept_),
                (self.full_coef_, self.full_intercept_),
            ):
                joined = X[known][:, : coef.shape[1]] @ coef[label]
                slope, intercept[label] = self._calibrated(joined, share, weight[known, label])
                coef[label] *= slope
        return self

    def _lean(self, labels: int, half: int) -> Doubles:
        """Return what each label's log-odds take of every column's: (labels, half)."""
        matrix = np.eye(labels, half)
        for label, shares in (self.leans or {}).items():
            for other, share in shares.items():
                matrix[label, other] += share
        return matrix

    def _calibrated(self, log_odds: Doubles, share: Doubles, weight: Doubles) -> tuple[float, float]:
        """Fit slope and offset: a row of share p counts p as positive and 1 - p as negative."""
        classifier = clone(LogisticRegression() if self.classifier is None else self.classifier)
        truth = np.repeat([1, 0], len(log_odds))
        counts = np.append(share * weight, (1 - share) * weight)
        both, some = np.append(log_odds, log_odds)[:, None], counts > 0
        classifier.fit(both[some], truth[some], sample_weight=counts[some])
        return float(classifier.coef_[0, 0]), float(classifier.intercept_[0])

    def log_odds(self, linear: Doubles, sentence: Doubles | None) -> Doubles:
        """Return calibrated log-odds; without `sentence`, those of the `fast` effort."""
        check_is_fitted(self)
        if sentence is None:
            return linear @ self.fast_coef_.T + self.fast_intercept_
        return np.hstack([linear, sentence]) @ self.full_coef_.T + self.full_intercept_

    def coefficients(self, effort: Effort) -> tuple[Doubles, Doubles, Doubles]:
        """Return what one unit of each linear and each encoder log-odds adds to each label, and the intercepts."""
        half = self.fast_coef_.shape[1]
        if effort == "fast":
            return self.fast_coef_, np.zeros_like(self.fast_coef_), self.fast_intercept_
        return self.full_coef_[:, :half], self.full_coef_[:, half:], self.full_intercept_

    def predict_proba(self, X: Any) -> Doubles:
        """Return the probability of each label at full effort: (texts, labels)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        half = self.fast_coef_.shape[1]
        return probability(self.log_odds(X[:, :half], X[:, half:]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags


def _targets(X: Any, y: Any, sample_weight: Any) -> tuple[Doubles, Doubles]:
    """Return shares and weights, (texts, labels) both; a label that is unknown weighs nothing."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    shares = check_array(y, dtype=np.float64, ensure_2d=False, ensure_all_finite="allow-nan", input_name="y")
    shares = shares.reshape(len(shares), -1)
    check_consistent_length(X, shares)
    weight = np.ones(len(shares)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    weight = np.broadcast_to(weight.reshape(len(shares), -1), shares.shape) * np.isfinite(shares)
    if not (weight > 0).any():
        raise ValueError("no row counts: every sample_weight is zero, or every label unknown")
    return np.clip(shares, 0, 1), weight


def log_odds(shares: Doubles) -> Doubles:
    """Return the log-odds of shares, clipped to `LOUD`."""
    low = 1 / (1 + np.exp(LOUD))
    bounded = np.clip(shares, low, 1 - low)
    odds: Doubles = np.log(bounded / (1 - bounded))
    return odds


def probability(log_odds: Doubles | float) -> Doubles:
    """Return the probability of log-odds, never quite 0 or 1."""
    result: Doubles = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return result
