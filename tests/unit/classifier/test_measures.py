"""Measurements: figures equal scikit-learn's and those by hand, and each counts the comments that it says."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from classifier.labels import LABELS
from classifier.training import measures, metrics
from classifier.training.samples import REFUSE, SPAM, TOXICITY

RNG = np.random.default_rng(0)


def columns(count, **log_odds):
    table = np.zeros((count, len(LABELS)))
    for label, values in log_odds.items():
        table[:, LABELS.index(label)] = values
    return table


def test_ranking_figures_equal_scikit_learns_and_those_by_hand():
    truth = RNG.random(500) < 0.2
    scores = np.round(RNG.normal(0, 1, 500) + truth, 1)
    ranking = metrics.Ranking(truth, scores)
    counts = np.bincount(RNG.integers(0, 500, 500), minlength=500)
    assert ranking.auc() == pytest.approx(roc_auc_score(truth, scores))
    assert ranking.average_precision() == pytest.approx(average_precision_score(truth, scores))
    assert ranking.auc(counts) == pytest.approx(roc_auc_score(truth, scores, sample_weight=counts))
    drawn = average_precision_score(truth, scores, sample_weight=counts)
    assert ranking.average_precision(counts) == pytest.approx(drawn)
    ranking = metrics.Ranking(np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.3]))
    assert (ranking.auc(), ranking.auc(np.array([2, 1, 1, 0]))) == (2.5 / 4, 2 / 3)
    assert np.isnan(ranking.auc(np.array([1, 0, 1, 0])))


def test_an_interval_is_the_middle_of_its_draws_and_narrows_with_more_texts():
    estimate = metrics.Estimate.of(0.5, np.append(np.arange(101.0), np.nan))
    assert (estimate.low, estimate.high) == (2.5, 97.5)
    assert metrics.Estimate(1 / 3, 0.25, 0.5).rounded() == [0.3333, 0.25, 0.5]
    truths = [np.arange(count) % 2 == 0 for count in (200, 5000)]
    wide, narrow = (metrics.auc(truth, RNG.normal(0, 1, len(truth)) + truth) for truth in truths)
    assert wide.low < wide.value < wide.high
    base = RNG.normal(0, 1, 200) + truths[0]
    ours, _, difference = metrics.compared(truths[0], base, base + RNG.normal(0, 0.05, 200))
    assert difference.high - difference.low < (ours.high - ours.low) / 3
    assert (narrow.high - narrow.low) * 3 < wide.high - wide.low


def test_a_resample_draws_as_many_texts_by_a_fixed_seed():
    drawn = metrics.resampled(lambda counts: [float(counts.sum())], 7, rounds=5)
    assert drawn.tolist() == [[7.0]] * 5
    first, again = (metrics.resampled(lambda counts: counts.tolist(), 7, rounds=2) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_calibration_error_and_what_is_caught_above_the_harmless_tenth():
    truth = np.array([0.0, 1.0, 1.0, 1.0])
    assert (metrics.calibration_error(truth, truth), metrics.calibration_error(truth, 1 - truth)) == (0, 1)
    assert metrics.calibration_error(truth, np.ones(4)) == 0.25
    chances = np.array([0.1, 0.1, 0.9, 0.9])
    assert metrics.calibration_error(truth, chances, bins=2) == pytest.approx((0.8 + 0.2) / 4)
    scores = np.concatenate([np.arange(100), [85, 89, 90, 95, 200]]).astype(float)
    assert metrics.caught_at(np.arange(105) >= 100, scores, 0.10) == pytest.approx(3 / 5)


def test_a_term_is_found_as_a_word_and_its_rate_counted(labelled):
    named = metrics.terms_in(["Gay pride.", "a gaymer", "he is gay"], ("gay", "pride"))
    assert named.tolist() == [[True, False, True], [True, False, False]]
    scores, truth = np.arange(110.0), np.arange(110) >= 100
    rates = metrics.term_rates(truth, scores, np.stack([np.arange(110) >= 80, np.arange(110) >= 81]))
    assert rates[0] == 5 / 20
    assert np.isnan(rates[1])
    texts = ["kind gay person"] * 30 + ["kind tall person"] * 300 + ["a cruel person"] * 10
    odds = columns(340, toxicity=np.concatenate((np.arange(30) + 2.0, RNG.random(300), np.full(10, 3.0))))
    found = labelled(["identity_templates"] * 340, odds, texts, toxicity=np.arange(340) >= 330)
    assert measures.by_term(found)[0] == ("gay", pytest.approx(0.567, abs=0.1))


def test_refuse_is_set_beside_toxicity_on_real_comments(labelled):
    sources = ["c3_news"] * 100 + ["jigsaw"] * 100 + ["hatecheck"] * 100
    truth = np.arange(300) % 2 == 0
    odds = columns(300, toxicity=truth * 1.0, refuse=RNG.random(300))
    found = measures.refuse_on_real(labelled(sources, odds, toxicity=truth), rounds=50)
    assert set(found["sources"]) == {"c3_news", "jigsaw"}
    refuse, toxicity, difference = found["mean"]
    assert toxicity[0] == 1
    assert difference[0] == pytest.approx(refuse[0] - 1, abs=1e-3)
    assert difference[1] < difference[0] < difference[2] < 0


def test_flattery_is_counted_where_one_news_comment_in_a_hundred_is(labelled):
    news, praise = np.linspace(0, 1, 1000), np.array([0.5, 0.98, 0.995, 1.5])
    odds = columns(1004, spam=np.concatenate([news, praise]))
    found = labelled(["c3_news"] * 1000 + ["spintax_blog"] * 4, odds, toxicity=0.0)
    assert measures.flattery(found) == 0.5
    assert found.log_odds[:, SPAM].max() == 1.5


def test_a_disguise_costs_what_the_ranking_loses(labelled):
    truth = np.arange(200) < 60
    texts, asked = ["some words here"] * 200, []
    found = labelled(["jigsaw"] * 200, columns(200, toxicity=truth * 1.0), texts, toxicity=truth)

    def score(texts, title):
        asked.append(title)
        return columns(len(texts), toxicity=truth * (0.0 if "leet" in title else 1.0))

    losses = measures.evasion(found, score)
    assert losses["none"] == [1, 0]
    assert measures.worst_disguise(losses) == ("leet", 0.5)
    assert len(asked) == len(measures.DISGUISES)


def test_a_measurement_without_its_comments_is_empty(labelled):
    nothing = labelled(["other"], columns(1), toxicity=0.0)
    for measure in (measures.refuse_on_real, measures.news_mean, measures.newsroom_figures):
        assert measure(nothing) == {}
    for measure in (measures.by_term, measures.by_category, measures.by_length):
        assert measure(nothing) == []
    assert measures.flattery(nothing) is None
    assert measures.beside_perspective(nothing) == {}
    assert measures.evasion(nothing, lambda texts, _: columns(len(texts))) == {}
    assert nothing.log_odds[0, [TOXICITY, REFUSE]].tolist() == [0, 0]
