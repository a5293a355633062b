"""The pipeline as scikit-learn sees it: etiquette of every step, its picture, and fitting it like any other."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, SGDRegressor
from sklearn.utils import estimator_checks as checks
from sklearn.utils import estimator_html_repr
from sklearn.utils.estimator_checks import check_estimator

from classifier import LABELS, build_pipeline
from classifier.encoder import SentenceEncoder
from classifier.features import HashedNgrams
from classifier.heads import LOUD, LabelStack, LinearHeads, log_odds, probability
from classifier.language import LanguageIdentifier
from classifier.ngrams import COLUMNS
from classifier.pipeline import regressor
from classifier.signals import NAMES, TextSignals
from classifier.text import TextReader

NEVER_RUN = {
    "check_sample_weights_pandas_series": "pandas is not installed",
    "check_array_api_input": "SCIPY_ARRAY_API is not set",
}
FAILS_SGD = dict.fromkeys(
    ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"),
    "a few passes of stochastic descent depend on the number and order of the rows, as SGDRegressor's do",
)


@pytest.mark.parametrize(
    ("estimator", "fails"),
    [(LinearHeads(), {}), (LinearHeads(regressor()), FAILS_SGD), (LabelStack(), {})],
    ids=["LinearHeads", "LinearHeads(SGDRegressor)", "LabelStack"],
)
def test_what_reads_numbers_passes_every_check(estimator, fails):
    found = check_estimator(estimator, expected_failed_checks=fails, on_skip=None)
    missed = {each["check_name"]: each["status"] for each in found if each["status"] != "passed"}
    ours = {name: "skipped" for name in NEVER_RUN if name in missed} | dict.fromkeys(fails, "xfail")
    assert missed == ours
    assert len(found) > 45


FOR_ANY_INPUT = (
    checks.check_estimator_cloneable,
    checks.check_estimator_tags_renamed,
    checks.check_valid_tag_types,
    checks.check_estimator_repr,
    checks.check_no_attributes_set_in_init,
    checks.check_parameters_default_constructible,
    checks.check_get_params_invariance,
    checks.check_set_params,
    checks.check_mixin_order,
)
"""scikit-learn's checks that feed no table of numbers: the others do not apply to what reads texts."""


@pytest.mark.parametrize(
    "estimator",
    [TextReader(), HashedNgrams(), TextSignals(), LanguageIdentifier(), SentenceEncoder()],
    ids=lambda each: type(each).__name__,
)
def test_what_reads_texts_passes_every_check_that_applies(estimator):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = check_estimator(estimator, on_skip=None)
    assert {each["status"] for each in found} == {"passed"}
    assert all(str(each.message).startswith("Can't test estimator") for each in told)
    for check in FOR_ANY_INPUT:
        check(type(estimator).__name__, estimator)


def test_the_pipeline_draws_itself_and_can_be_cloned_and_set():
    pipeline = build_pipeline(seed=3)
    text, html = repr(pipeline), estimator_html_repr(pipeline)
    steps = (TextReader, HashedNgrams, TextSignals, LinearHeads, SentenceEncoder, LabelStack, SGDRegressor)
    for step in (*steps, LogisticRegression):
        assert step.__name__ in text
        assert step.__name__ in html
    assert "random_state=3" in text
    copy = clone(pipeline)
    assert repr(copy) == text
    assert copy.get_params().keys() == pipeline.get_params().keys()
    copy.set_params(log_odds__linear__heads__regressor__alpha=0.5, log_odds__sentence__max_tokens=7)
    assert copy["log_odds"]["linear"]["heads"].regressor.alpha == 0.5
    assert pipeline["log_odds"]["sentence"].max_tokens == 256


def test_the_whole_pipeline_is_fitted_like_any_other():
    kinds = ("cheap pills of the shop", "praise of the trains", "a history of the bridge")
    texts = [f"{kind} number {n}" for n in range(40) for kind in kinds]
    shares = np.full((len(texts), len(LABELS)), np.nan)
    shares[:, LABELS.index("spam")] = [text.startswith("cheap") for text in texts]
    pipeline = build_pipeline().fit(texts, shares)
    found = pipeline.predict_proba(["cheap pills of the online shop", "praise of the night trains", ""])
    assert found.shape == (3, len(LABELS))
    assert found[0, LABELS.index("spam")] > 0.9 > 0.3 > found[1, LABELS.index("spam")]
    assert ((found > 0) & (found < 1)).all()


def test_the_pipeline_alone_gives_what_the_model_gives_short_english_texts(model):
    texts = ["You are an idiot.", "Thank you for this article.", "y0u 4r3 4n 1d10t, see http://x.example"]
    for score, row in zip(model.score(texts), model.pipeline.predict_proba(texts), strict=True):
        assert score.scores == pytest.approx(dict(zip(LABELS, row, strict=True)), abs=1e-6)


def test_a_head_learns_from_the_rows_whose_label_is_known():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.random((60, 3))
    y[30:, 0], y[:, 2] = np.nan, np.nan
    weight = np.ones((60, 3))
    weight[40:, 1] = 0
    heads = LinearHeads().fit(X, y, weight)
    for label, rows in ((0, slice(30)), (1, slice(40))):
        alone = LinearHeads().fit(X[rows], y[rows, label])
        assert heads.weights_[:, label] == pytest.approx(alone.weights_[:, 0])
        assert heads.intercept_[label] == pytest.approx(alone.intercept_[0])
    assert not heads.weights_[:, 2].any()
    assert heads.transform(X)[:, 2].tolist() == [0.0] * 60


def test_a_head_regresses_log_odds():
    assert log_odds(np.array([0.5, 0.0, 1.0])) == pytest.approx([0, -LOUD, LOUD])
    shares = np.array([0.1, 0.3, 0.9])
    assert probability(log_odds(shares)) == pytest.approx(shares)
    X = np.eye(3) * 100
    assert LinearHeads().fit(X, shares).transform(X)[:, 0] == pytest.approx(log_odds(shares), abs=1e-3)


def test_the_stack_weighs_each_effort_by_itself_and_is_calibrated():
    rng = np.random.default_rng(1)
    odds = rng.normal(0, 1.5, 8000)
    truth = (rng.random(8000) < probability(odds)).astype(float)
    X = np.stack([odds * 3, odds * 6], axis=1)
    stack = LabelStack(LogisticRegression(C=1e6), sentence_share=0.5).fit(X, truth)
    assert stack.fast_coef_[0, 0] == pytest.approx(1 / 3, abs=0.03)
    assert stack.full_coef_[0] == pytest.approx([1 / 9, 1 / 9], abs=0.02)
    assert stack.predict_proba(X)[:, 0].mean() == pytest.approx(truth.mean(), abs=1e-3)
    soft = LabelStack(LogisticRegression(C=1e6)).fit(X, probability(odds))
    assert soft.fast_coef_[0, 0] == pytest.approx(1 / 3, abs=1e-3)


def test_a_label_leans_on_those_it_may_and_an_unknown_one_passes_through():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(200, 6))
    y = np.stack([X[:, 0] + X[:, 1] > 0, X[:, 1] > 0, np.full(200, np.nan)], axis=1).astype(float)
    stack = LabelStack(leans={0: {1: 0.5}}).fit(X, y)
    assert [np.flatnonzero(row).tolist() for row in stack.full_coef_] == [[0, 1, 3, 4], [1, 4], [2, 5]]
    assert stack.full_coef_[0, 1] == pytest.approx(stack.full_coef_[0, 0] / 2)
    assert stack.fast_coef_[2].tolist() == [0, 0, 1]
    assert stack.full_coef_[2].tolist() == [0, 0, 0.5, 0, 0, 0.5]
    of_linear, of_sentence, intercepts = stack.coefficients("full")
    taken = X[:, :3] @ of_linear.T + X[:, 3:] @ of_sentence.T + intercepts
    assert taken == pytest.approx(stack.log_odds(X[:, :3], X[:, 3:]))
    of_linear, of_sentence, intercepts = stack.coefficients("fast")
    assert X[:, :3] @ of_linear.T + intercepts == pytest.approx(stack.log_odds(X[:, :3], None))
    assert not of_sentence.any()


@pytest.mark.parametrize("wrong", ["one text", [b"bytes"], ["fine", None]], ids=["str", "bytes", "None"])
def test_what_is_no_text_is_refused_and_no_text_is_no_row(wrong):
    reader = TextReader(least=1).fit(["some words"])
    for step in (reader.fit, reader.transform):
        with pytest.raises(ValueError, match=r"^X: "):
            step(wrong)
    batch = reader.fit(["some words"]).transform([])
    assert HashedNgrams().transform(batch).shape == (0, COLUMNS)
    assert TextSignals().transform(batch).shape == (0, len(NAMES))


def test_the_language_identifier_is_fitted_on_texts_as_read():
    reader = TextReader(least=1).fit(["some words"])
    english = reader.transform(["the bridge opened on a fine and quiet monday"] * 6)
    identifier = LanguageIdentifier().fit(english, ["en"] * 6)
    assert identifier.known_.any()
    assert (clone(identifier).fit(english, ["en"] * 6).known_ == identifier.known_).all()
