"""Measurements: figures equal scikit-learn's, and each counts the comments that it says."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from classifier.labels import LABELS
from classifier.training import data, measures, metrics
from classifier.training.samples import REFUSE, SPAM, TOXICITY, Samples, Scored

RNG = np.random.default_rng(0)


def scored(sources, log_odds, texts=None, **labels):
    """Comments with these log-odds; `labels` by name, NaN where unknown."""
    count = len(sources)
    known = np.full((count, len(LABELS)), np.nan, np.float32)
    for label, values in labels.items():
        known[:, LABELS.index(label)] = values
    corpus = data.Corpus(
        list(texts or [""] * count),
        np.array(sources),
        np.full(count, "en"),
        known,
        np.full_like(known, np.nan),
    )
    return Scored(Samples(corpus, np.full(count, ""), np.full(count, np.nan)), log_odds)


def columns(count, **log_odds):
    table = np.zeros((count, len(LABELS)))
    for label, values in log_odds.items():
        table[:, LABELS.index(label)] = values
    return table


def test_ranking_figures_equal_scikit_learns():
    truth = RNG.random(500) < 0.2
    scores = np.round(RNG.normal(0, 1, 500) + truth, 1)
    ranking = metrics.Ranking(truth, scores)
    counts = np.bincount(RNG.integers(0, 500, 500), minlength=500)
    assert ranking.auc() == pytest.approx(roc_auc_score(truth, scores))
    assert ranking.average_precision() == pytest.approx(average_precision_score(truth, scores))
    assert ranking.auc(counts) == pytest.approx(roc_auc_score(truth, scores, sample_weight=counts))
    drawn = average_precision_score(truth, scores, sample_weight=counts)
    assert ranking.average_precision(counts) == pytest.approx(drawn)


def test_an_interval_holds_the_figure_and_narrows_with_more_texts():
    wide, narrow = (
        metrics.auc(np.arange(count) % 2 == 0, RNG.normal(0, 1, count) + (np.arange(count) % 2 == 0))
        for count in (200, 5000)
    )
    assert wide.low < wide.value < wide.high
    assert (narrow.high - narrow.low) * 3 < wide.high - wide.low


def test_a_paired_difference_is_narrower_than_its_parts():
    truth = np.arange(400) % 2 == 0
    base = RNG.normal(0, 1, 400) + truth
    ours, _, difference = metrics.compared(truth, base, base + RNG.normal(0, 0.05, 400))
    assert difference.high - difference.low < (ours.high - ours.low) / 3


def test_calibration_error_is_nought_for_the_truth_and_large_for_a_lie():
    truth = np.repeat([0.0, 1.0], 50)
    assert metrics.calibration_error(truth, truth) == 0
    assert metrics.calibration_error(truth, 1 - truth) == 1


def test_caught_counts_above_the_harmless_tenth():
    scores = np.concatenate([np.arange(100), [85, 89, 90, 95, 200]]).astype(float)
    truth = np.arange(105) >= 100
    assert metrics.caught_at(truth, scores, 0.10) == pytest.approx(3 / 5)


def test_the_worst_term_is_found():
    texts = ["kind gay person"] * 30 + ["kind tall person"] * 300 + ["a cruel person"] * 10
    odds = np.concatenate((np.arange(30) + 2.0, RNG.random(300), np.full(10, 3.0)))
    truth = np.arange(340) >= 330
    found = scored(["identity_templates"] * 340, columns(340, toxicity=odds), texts, toxicity=truth)
    assert measures.by_term(found)[0] == ("gay", pytest.approx(0.567, abs=0.1))


def test_refuse_is_set_beside_toxicity_on_real_comments():
    sources = ["c3_news"] * 100 + ["jigsaw"] * 100 + ["hatecheck"] * 100
    truth = np.arange(300) % 2 == 0
    odds = columns(300, toxicity=truth * 1.0, refuse=RNG.random(300))
    found = measures.refuse_on_real(scored(sources, odds, toxicity=truth), rounds=50)
    assert set(found["sources"]) == {"c3_news", "jigsaw"}
    refuse, toxicity, difference = found["mean"]
    assert toxicity[0] == 1
    assert difference[0] == pytest.approx(refuse[0] - 1, abs=1e-3)
    assert difference[1] < difference[0] < difference[2] < 0


def test_flattery_is_counted_where_one_news_comment_in_a_hundred_is():
    news, praise = np.linspace(0, 1, 1000), np.array([0.5, 0.98, 0.995, 1.5])
    odds = columns(1004, spam=np.concatenate([news, praise]))
    found = scored(["c3_news"] * 1000 + ["spintax_blog"] * 4, odds, toxicity=0.0)
    assert measures.flattery(found) == 0.5
    assert found.log_odds[:, SPAM].max() == 1.5


def test_a_disguise_costs_what_the_ranking_loses():
    truth = np.arange(200) < 60
    found = scored(
        ["jigsaw"] * 200, columns(200, toxicity=truth * 1.0), ["some words here"] * 200, toxicity=truth
    )
    asked = []

    def score(texts, title):
        asked.append(title)
        blind = "leet" in title
        return columns(len(texts), toxicity=np.zeros(200) if blind else (np.arange(200) < 60) * 1.0)

    losses = measures.evasion(found, score)
    assert losses["none"] == [1, 0]
    assert measures.worst_disguise(losses) == ("leet", 0.5)
    assert len(asked) == len(measures.DISGUISES)


def test_a_measurement_without_its_comments_is_empty():
    nothing = scored(["other"], columns(1), toxicity=0.0)
    assert (
        measures.refuse_on_real(nothing)
        == measures.news_mean(nothing)
        == measures.newsroom_figures(nothing)
        == {}
    )
    assert measures.by_term(nothing) == measures.by_category(nothing) == measures.by_length(nothing) == []
    assert measures.flattery(nothing) is None
    assert (
        measures.beside_perspective(nothing)
        == measures.evasion(nothing, lambda texts, _: columns(len(texts)))
        == {}
    )
    assert nothing.log_odds[0, [TOXICITY, REFUSE]].tolist() == [0, 0]


def test_auc_by_hand():
    ranking = metrics.Ranking(np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.3]))
    assert ranking.auc() == 2.5 / 4
    assert ranking.auc(np.array([2, 1, 1, 0])) == 2 / 3
    assert np.isnan(ranking.auc(np.array([1, 0, 1, 0])))


def test_calibration_error_by_hand():
    truth, chances = np.array([0, 1, 1, 1]), np.array([0.1, 0.1, 0.9, 0.9])
    assert metrics.calibration_error(truth, chances, bins=2) == pytest.approx((0.8 + 0.2) / 4)
    assert metrics.calibration_error(truth, np.ones(4)) == 0.25


def test_term_rates_by_hand():
    scores, truth = np.arange(110.0), np.arange(110) >= 100
    often, rarely = np.arange(110) >= 80, (np.arange(110) >= 81)
    rates = metrics.term_rates(truth, scores, np.stack([often, rarely]))
    assert rates[0] == 5 / 20
    assert np.isnan(rates[1])


def test_a_term_is_found_as_a_word():
    named = metrics.terms_in(["Gay pride.", "a gaymer", "he is gay"], ("gay", "pride"))
    assert named.tolist() == [[True, False, True], [True, False, False]]


def test_an_interval_is_the_middle_of_its_draws():
    estimate = metrics.Estimate.of(0.5, np.append(np.arange(101.0), np.nan))
    assert (estimate.low, estimate.high) == (2.5, 97.5)
    assert metrics.Estimate(1 / 3, 0.25, 0.5).rounded() == [0.3333, 0.25, 0.5]


def test_a_resample_draws_as_many_texts():
    drawn = metrics.resampled(lambda counts: [float(counts.sum())], 7, rounds=5)
    assert drawn.tolist() == [[7.0]] * 5
    first = metrics.resampled(lambda counts: counts.astype(float).tolist(), 7, rounds=2)
    assert np.array_equal(first, metrics.resampled(lambda counts: counts.astype(float).tolist(), 7, rounds=2))
    assert not np.array_equal(first[0], first[1])
