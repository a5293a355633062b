"""The classifier as one scikit-learn pipeline: read, n-grams and signals beside the sentence encoder, stacked heads."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import LogisticRegression, SGDRegressor
from sklearn.pipeline import FeatureUnion, Pipeline

from classifier.encoder import SentenceEncoder
from classifier.features import HashedNgrams
from classifier.heads import LabelStack, LinearHeads
from classifier.labels import LABELS, columns
from classifier.signals import TextSignals
from classifier.text import TextReader

LEANS = {
    "toxicity": "toxicity insult identity_attack obscene",
    "refuse": "refuse toxicity threat insult identity_attack spam self_harm personal_info",
}
"""Labels whose final head may use other labels' log-odds beside its own."""


def build_pipeline(seed: int = 0) -> Pipeline:
    """Return the unfitted pipeline: texts in, probabilities (texts, labels) out, in the order of `LABELS`.

    `fit` takes the share of people who would give each label, NaN where unknown. The linear heads learn log-odds by
    least squares; the encoder is trained apart; the stack weighs both and calibrates. `make train` fits the stack on
    texts that the heads have not seen.
    """
    linear = Pipeline(
        [
            ("features", FeatureUnion([("ngrams", HashedNgrams()), ("signals", TextSignals())])),
            ("heads", LinearHeads(regressor(seed))),
        ]
    )
    return Pipeline(
        [
            ("read", TextReader()),
            ("log_odds", FeatureUnion([("linear", linear), ("sentence", SentenceEncoder())])),
            ("labels", LabelStack(LogisticRegression(C=1.0, max_iter=500), leans())),
        ]
    )


def regressor(seed: int = 0) -> Any:
    """Return the regressor of one linear head."""
    return SGDRegressor(
        loss="squared_error",
        alpha=1e-6,
        learning_rate="constant",
        eta0=0.1,
        average=True,
        max_iter=4,
        tol=None,
        random_state=seed,
    )


def leans() -> dict[int, list[int]]:
    """Return `LEANS` by column."""
    return {LABELS.index(label): columns(others) for label, others in LEANS.items()}
