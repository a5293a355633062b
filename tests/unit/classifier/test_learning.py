"""Learning: estimators keep scikit-learn's etiquette, training repeats itself, figures and gates tell the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from classifier.calibrate import AffineCalibrator
from classifier.counting import NgramCounter
from classifier.invented import invent
from classifier.learner import NgramNetwork
from classifier.network import Network, squeeze, unsqueeze
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks as checks
from sklearn.utils.estimator_checks import estimator_checks_generator

from classifier import augment, data, disguise, metrics, prepare, train
from classifier.features import grams
from classifier.model import LABELS
from classifier.reread import Lexicon
from classifier.text import fold

RNG = np.random.default_rng(0)


NEED_MORE = ("check_sample_weights_pandas_series", "check_array_api_input")
"""Checks that skip themselves where pandas is not installed, or SCIPY_ARRAY_API not set."""


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=check.func.__name__ + str(number))
        for number, (_, check) in enumerate(estimator_checks_generator(AffineCalibrator(), mark=None))
        if check.func.__name__ not in NEED_MORE
    ],
)
def test_the_calibrator_keeps_scikit_learns_etiquette(check: Callable[[Any], None]) -> None:
    """Every check that scikit-learn has for a transformer passes."""
    check(AffineCalibrator())


APPLY_TO_ALL = (
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
"""scikit-learn's checks that feed no table of numbers: the others do not apply where texts or bags go in."""


@pytest.mark.parametrize("check", APPLY_TO_ALL, ids=lambda check: check.__name__)
@pytest.mark.parametrize("estimator", [NgramNetwork(), NgramCounter()], ids=lambda each: type(each).__name__)
def test_what_reads_texts_keeps_scikit_learns_etiquette_too(
    estimator: Any, check: Callable[..., None]
) -> None:
    """Every check passes that applies to an estimator whose input is no table of numbers."""
    check(type(estimator).__name__, estimator)


def test_the_counter_counts_what_the_model_sums() -> None:
    """A pipeline with any linear learner works on texts; a row adds up to the root of its number of n-grams."""
    texts = ["you are an idiot", "thank you for this", "y0u 4re an 1diot", ""]
    counted = NgramCounter().fit_transform(texts)
    assert counted.shape[0] == 4
    assert counted[3].sum() == 0
    found, _ = grams(fold(texts[:1]))
    assert counted[0].sum() == pytest.approx(np.sqrt(sum(len(each.rows) for each in found)))
    fitted = make_pipeline(NgramCounter(), LogisticRegression(C=1000)).fit(texts[:3], [1, 0, 1])
    assert fitted.predict(texts[:2]).tolist() == [1, 0]


@pytest.mark.parametrize("wrong", ["one text", [b"bytes"], ["fine", None]], ids=["str", "bytes", "None"])
def test_the_counter_says_what_is_no_text(wrong: Any) -> None:
    """A single text, or an item that is none, is refused by name."""
    with pytest.raises(ValueError, match=r"^X: "):
        NgramCounter().transform(wrong)


def test_calibration_mends_overconfidence() -> None:
    """Log-odds three times too large come back to size."""
    odds = RNG.normal(0, 1.5, 5000)
    truth = (RNG.random(5000) < 1 / (1 + np.exp(-odds))).astype(float)
    fitted = AffineCalibrator().fit(odds[:, None] * 3, truth)
    assert fitted.slope_[0] == pytest.approx(1 / 3, abs=0.03)
    assert fitted.offset_[0] == pytest.approx(0, abs=0.1)


def test_the_learner_can_be_cloned_and_only_stores_its_parameters() -> None:
    """`clone` gives an unfitted twin."""
    learner = NgramNetwork(dimensions=8, epochs=3)
    assert clone(learner).get_params() == learner.get_params()


@pytest.fixture(scope="module")
def small() -> tuple[Any, Any, Any]:
    """Bags, targets and lexicon of a small invented corpus."""
    corpus = invent(1500, 3)
    lexicon = Lexicon.from_arrays(*prepare.lexicon_of(corpus, least=2))
    return prepare.bags_of(corpus.texts, lexicon), prepare.soft_targets(corpus, 0.5), lexicon


def test_learning_repeats_itself_and_learns(small: tuple[Any, Any, Any]) -> None:
    """The same seed gives the same bytes, and spam is told from small talk."""
    bags, targets, _ = small
    one, two = (NgramNetwork(vector_bits=12, epochs=2).fit(bags, targets) for _ in range(2))
    assert np.array_equal(one.weights_, two.weights_)
    assert all(np.array_equal(one.dense_[name], two.dense_[name]) for name in one.dense_)
    known = ~np.isnan(targets[:, 6])
    assert metrics.Ranking(targets[known, 6] > 0.5, one.decision_function(bags)[known, 6]).auc() > 0.97


def test_a_source_that_draws_a_stricter_line_moves_no_score(small: tuple[Any, Any, Any]) -> None:
    """Half the texts come from a source that calls everything toxic: the rate learnt is the other half's."""
    bags, targets, _ = small
    origins = np.arange(len(bags)) % 2
    targets = targets.copy()
    targets[:, 0] = np.where(origins, 0.9, 0.1)
    learner = NgramNetwork(vector_bits=12, epochs=3, batch=64, dense_rate=0.05)
    mixed, told = (learner.fit(bags, targets, origins=of).decision_function(bags) for of in (None, origins))
    assert (1 / (1 + np.exp(-mixed[:, 0]))).mean() == pytest.approx(0.5, abs=0.1)
    assert (1 / (1 + np.exp(-told[:, 0]))).mean() == pytest.approx(0.1, abs=0.1)


def test_the_last_pass_may_weigh_each_label_anew(small: tuple[Any, Any, Any]) -> None:
    """A label that counts nothing in the one pass there is stays where it began; the others are learnt."""
    bags, targets, _ = small
    last = np.ones_like(targets)
    last[:, 0] = 0
    learner = NgramNetwork(vector_bits=12, epochs=1).fit(bags, targets, last_weight=last)
    assert not learner.weights_[:, 0].any()
    assert learner.weights_[:, 6].any()


def test_the_last_pass_listens_to_the_nearest_source() -> None:
    """Other sources' lines count a fifth there, our own identity sentences and other labels as much as before."""
    sources = np.array(["jigsaw", "goemotions", "invented_identity"])
    weight, last = train.weights(sources)
    toxicity, spam = LABELS.index("toxicity"), LABELS.index("spam")
    assert last[:, toxicity] / weight[:, 0] == pytest.approx([2, 0.2, 1])
    assert last[:, spam] / weight[:, 0] == pytest.approx([2, 1, 1])


def test_a_packed_model_scores_like_the_learner(small: tuple[Any, Any, Any]) -> None:
    """Rounding to bytes moves no log-odds by more than a little."""
    bags, targets, lexicon = small
    learner = NgramNetwork(vector_bits=12, epochs=2).fit(bags, targets)
    arrays = train.pack(learner)
    arrays |= {
        "known": np.zeros(1 << 20, np.uint8),
        "lexicon_words": np.array(list(lexicon.costs), np.uint32),
        "lexicon_costs": np.array([round(cost * 10) for cost in lexicon.costs.values()], np.uint8),
    }
    network = Network.from_arrays(arrays)
    packed = network.log_odds(network.sums(invent(1500, 3).texts[:200]))
    assert np.abs(packed - learner.decision_function(bags)[:200] @ train.leaning()).max() < 0.2


def test_squeezed_tables_come_back_nearly_the_same() -> None:
    """Bytes keep a weight within two parts in a hundred of the largest."""
    table = RNG.normal(0, 1, (1000, 3))
    back = unsqueeze(*squeeze(table)) / 65536
    assert np.abs(back - table).max() < 0.02 * np.abs(table).max()


def test_ranking_figures_equal_scikit_learns() -> None:
    """AUC and average precision agree with scikit-learn, ties and resampling weights included."""
    truth = RNG.random(500) < 0.2
    scores = np.round(RNG.normal(0, 1, 500) + truth, 1)
    ranking = metrics.Ranking(truth, scores)
    counts = np.bincount(RNG.integers(0, 500, 500), minlength=500)
    assert ranking.auc() == pytest.approx(roc_auc_score(truth, scores))
    assert ranking.average_precision() == pytest.approx(average_precision_score(truth, scores))
    assert ranking.auc(counts) == pytest.approx(roc_auc_score(truth, scores, sample_weight=counts))
    drawn = average_precision_score(truth, scores, sample_weight=counts)
    assert ranking.average_precision(counts) == pytest.approx(drawn)


def test_calibration_error_is_nought_for_the_truth_and_large_for_a_lie() -> None:
    """ECE over 15 bins."""
    truth = np.repeat([0.0, 1.0], 50)
    assert metrics.calibration_error(truth, truth) == 0
    assert metrics.calibration_error(truth, 1 - truth) == 1


def test_the_worst_term_is_found() -> None:
    """The term whose benign texts score highest is named with its rate."""
    texts = ["kind gay person"] * 30 + ["kind tall person"] * 570
    scores = np.concatenate((np.full(30, 0.9), RNG.random(570) * 0.5))
    term, rate = metrics.worst_term_rate(texts, np.zeros(600, bool), scores, ("gay", "tall"))
    assert (term, rate) == ("gay", 1.0)


@pytest.mark.parametrize("name", disguise.DISGUISES)
def test_disguises_are_seeded_and_change_the_text(name: str) -> None:
    """The same seed disguises the same way."""
    texts = ["you are a complete idiot and everybody here knows it"]
    assert disguise.disguise(texts, name, 1) == disguise.disguise(texts, name, 1) != texts


def test_contacts_are_masked_as_at_the_door() -> None:
    """Addresses, numbers and handles become placeholders."""
    text = data.mask_contacts("write to jo.doe@mail.example or +44 20 7946 0000, or @jodoe")
    assert text == "write to ⟦email⟧ or ⟦phone⟧, or ⟦handle⟧"


def test_who_is_spoken_of_changes_no_label() -> None:
    """A copy that names a group keeps its labels, but for the attack on the group where the text is harsh."""
    corpus = data.Corpus(
        ["These people are nice", "These people are vermin", "No soul here"],
        np.array(["jigsaw"] * 3),
        np.array(["en"] * 3),
        np.array([[0.0] * 7, [1.0] + [0.0] * 6, [0.0] * 7], np.float32),
        np.full((3, 7), np.nan, np.float32),
    )
    copies = augment.peopled(corpus, 10, 0)
    assert len(copies) == 2
    for text, labels in zip(copies.texts, copies.labels, strict=True):
        assert text.startswith("These ")
        assert text not in corpus.texts
        assert labels[0] == (1 if "vermin" in text else 0)
        assert np.isnan(labels[5]) == ("vermin" in text)


def test_missing_data_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Training without data exits with 2 and names the file."""
    assert train.main(tmp_path / "nowhere", tmp_path / "out", quiet=True) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "train.parquet is missing" in error
