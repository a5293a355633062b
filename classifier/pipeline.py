"""The classifier as one scikit-learn pipeline: read, n-grams and signals beside the sentence encoder, stacked heads."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import LogisticRegression, SGDRegressor
from sklearn.pipeline import FeatureUnion, Pipeline

from classifier.encoder import SentenceEncoder
from classifier.features import HashedNgrams
from classifier.heads import LabelStack, LinearHeads
from classifier.labels import LABELS
from classifier.signals import TextSignals
from classifier.text import TextReader

LEANS = {
    "toxicity": ("toxicity", "insult", "identity_attack", "obscene"),
    "refuse": ("refuse", "toxicity", "threat", "insult", "identity_attack", "spam", "self_harm", "personal_info"),
}
"""Labels whose final head may use other labels' log-odds beside its own."""


def build_pipeline(seed: int = 0) -> Pipeline:
    """Return the unfitted pipeline.

    Input: texts. `labels` answers (texts, labels) probabilities in the order of `LABELS`. The linear heads learn
    log-odds by least squares; the encoder is trained apart; the stack weighs both and calibrates.
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
            ("labels", LabelStack(LogisticRegression(C=1.0, max_iter=500), columns=leans())),
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


def leans() -> dict[str, list[int]]:
    """Return `LEANS` by column."""
    return {label: [LABELS.index(other) for other in others] for label, others in LEANS.items()}
