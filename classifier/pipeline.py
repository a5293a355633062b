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

SENTENCE_SHARE = 0.65
"""How much the encoder's log-odds count beside those of the linear heads."""
LEANS = {
    "toxicity": {"severe_toxicity": -0.15, "obscene": -0.15, "identity_attack": -0.2},
    "refuse": {"insult": 0.15, "identity_attack": -0.08},
}
"""What a label's log-odds take of others', chosen on the development sets.

Raters of news comments call a hostile tone toxic more than foul words or a group's name; what those heads know of words
and names is taken off. What raters call an insult is some reason to refuse.
"""


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
            ("labels", LabelStack(LogisticRegression(C=1e6, max_iter=500), SENTENCE_SHARE, leans())),
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


def leans() -> dict[int, dict[int, float]]:
    """Return `LEANS` by column."""
    return {
        LABELS.index(label): {LABELS.index(other): share for other, share in others.items()}
        for label, others in LEANS.items()
    }
