"""The measurements: per source and label, newsroom comments, beside Perspective, terms, disguise, length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABELS
from classifier.training import metrics, newsroom
from classifier.training.disguise import DISGUISES, NAMED, disguise
from classifier.training.samples import NEWS, REFUSE, SPAM, TOXICITY, Scored, Scorer

Doubles = NDArray[np.float64]

PEER_LABELS = ("toxicity", "identity_attack", "insult", "obscene", "severe_toxicity")
"""Labels beside which alt-profanity-check's one score is set."""
REAL = (*NEWS, "toxic_spans_civil", "jigsaw")
"""Sources of real comments, on whose toxicity `refuse` is measured too."""
HELD = 0.10
"""The share of harmless comments held at which "caught" is counted."""
EVASIVE = 2000
LENGTHS = (0, 100, 250, 600, 1500, 1_000_000)
LEAST = 10
"""Fewer comments of a kind give no ranking."""


def rows(scored: Scored, peer: Doubles | None, rounds: int = metrics.ROUNDS) -> list[dict[str, Any]]:
    """Measure every label that a source knows."""
    found = []
    for source in np.unique(scored.corpus.sources).tolist():
        for column, label in enumerate(LABELS):
            known, truth = scored.known(source, label)
            if not len(known):
                continue
            beside = peer[known] if peer is not None and label in PEER_LABELS else None
            row = {"source": source, "label": label, "texts": len(known), "positive": int(truth.sum())}
            shares, chances = scored.corpus.labels[known, column], scored.chances[known, column]
            row["ece"] = round(metrics.calibration_error(shares, chances), 4)
            found.append(row | _ranked(truth, scored.log_odds[known, column], beside, rounds))
    return found


def _ranked(truth: NDArray[np.bool_], scores: Doubles, peer: Doubles | None, rounds: int) -> dict[str, Any]:
    """Rank one label on one source; nothing where there are too few of either kind."""
    if min(truth.sum(), (~truth).sum()) < LEAST:
        return {}
    found = {}
    for name, figure in (("auc", metrics.auc), ("ap", metrics.average_precision)):
        found[name] = figure(truth, scores, rounds).rounded()
        if peer is not None:
            found[f"{name}_alt_profanity_check"] = figure(truth, peer, rounds).rounded()
    return found


def news_mean(scored: Scored, rounds: int = metrics.ROUNDS) -> dict[str, Any]:
    """Return the mean over the news sources of toxicity's AUC."""
    found = _means(scored, NEWS, (TOXICITY,), rounds)
    return {} if found is None else {"auc": found[0].rounded()}


def refuse_on_real(scored: Scored, rounds: int = metrics.ROUNDS) -> dict[str, Any]:
    """Rank real comments by `refuse` and by toxicity, against toxicity labels: AUC per source, and the means."""
    found: dict[str, Any] = {"sources": {}}
    for source in REAL:
        each = _means(scored, (source,), (REFUSE, TOXICITY), rounds)
        if each is not None:
            found["sources"][source] = [one.rounded() for one in each]
    mean = _means(scored, REAL, (REFUSE, TOXICITY), rounds)
    if mean is None:
        return {}
    return found | {"mean": [one.rounded() for one in mean]}


def _means(
    scored: Scored, sources: Sequence[str], columns: Sequence[int], rounds: int
) -> list[metrics.Estimate] | None:
    """Return the mean AUC of each column over sources that know toxicity, and of two columns their difference too."""
    values, draws = [], []
    for source in sources:
        known, truth = scored.known(source, "toxicity")
        if min(truth.sum(), (~truth).sum()) < LEAST:
            continue
        rankings = [metrics.Ranking(truth, scored.log_odds[known, column]) for column in columns]

        def figures(counts: metrics.Counts, rankings: list[metrics.Ranking] = rankings) -> list[float]:
            aucs = [ranking.auc(counts) for ranking in rankings]
            return aucs if len(aucs) == 1 else [*aucs, aucs[0] - aucs[1]]

        values.append(figures(np.ones(len(known), np.int64)))
        draws.append(metrics.resampled(figures, len(known), rounds))
    if not values:
        return None
    mean, drawn = np.mean(values, axis=0), np.mean(draws, axis=0)
    return [metrics.Estimate.of(float(value), drawn[:, at]) for at, value in enumerate(mean)]


def newsroom_figures(scored: Scored, rounds: int = metrics.ROUNDS) -> dict[str, Any]:
    """Rank harmful above harmless newsroom comments, by `refuse` and by the largest of all labels."""
    inside = np.flatnonzero(scored.harmless | scored.harmful)
    truth = scored.harmful[inside]
    if min(truth.sum(), (~truth).sum()) < LEAST:
        return {}
    found: dict[str, Any] = {"harmless": int((~truth).sum()), "harmful": int(truth.sum())}
    for name, scores in (
        ("refuse", scored.log_odds[inside, REFUSE]),
        ("largest_label", scored.log_odds[inside].max(axis=1)),
    ):
        ranking = metrics.Ranking(truth, scores)

        def figures(
            counts: metrics.Counts, ranking: metrics.Ranking = ranking, scores: Doubles = scores
        ) -> list[float]:
            return [ranking.auc(counts), metrics.caught_at(truth, scores, HELD, counts)]

        auc, caught = metrics.estimates(figures, len(inside), rounds)
        found[name] = {"auc": auc.rounded(), "caught": caught.rounded()}
    return found


def by_category(scored: Scored) -> list[dict[str, Any]]:
    """Per category of newsroom comment: how many, the median `refuse`, and the share above the cut of `HELD`."""
    if not scored.harmless.any():
        return []
    cut = metrics.cut_at(scored.log_odds[scored.harmless, REFUSE], HELD)
    found = []
    for category in np.unique(scored.samples.categories[scored.samples.categories != ""]).tolist():
        inside = scored.samples.categories == category
        kind = "borderline" if category in newsroom.BORDERLINE else "harmful"
        found.append(
            {
                "category": category,
                "kind": "harmless" if category in newsroom.HARMLESS else kind,
                "texts": int(inside.sum()),
                "median": round(float(np.median(scored.chances[inside, REFUSE])), 3),
                "above_cut": round(float((scored.log_odds[inside, REFUSE] > cut).mean()), 3),
            }
        )
    return sorted(found, key=lambda row: (str(row["kind"]), -float(str(row["above_cut"]))))


def beside_perspective(scored: Scored, rounds: int = metrics.ROUNDS) -> dict[str, Any]:
    """Rank the comments that Perspective has scored: our AUC, its AUC and the difference, on the same resamples."""
    values = scored.corpus.labels[:, TOXICITY]
    known = np.flatnonzero(np.isfinite(scored.samples.perspective) & np.isfinite(values))
    truth = values[known] >= 0.5
    if min(truth.sum(), (~truth).sum()) < LEAST:
        return {}
    ours, theirs, difference = metrics.compared(
        truth, scored.log_odds[known, TOXICITY], scored.samples.perspective[known], rounds
    )
    return {
        "texts": len(known),
        "positive": int(truth.sum()),
        "auc": ours.rounded(),
        "perspective_auc": theirs.rounded(),
        "difference": difference.rounded(),
    }


def flattery(scored: Scored) -> float | None:
    """Return the share of blog flattery whose spam score is passed by 1 % of news comments."""
    news, praise = scored.of(*NEWS), scored.of("spintax_blog")
    if not news.any() or not praise.any():
        return None
    cut = metrics.cut_at(scored.log_odds[news, SPAM], 0.01)
    return round(float((scored.log_odds[praise, SPAM] > cut).mean()), 3)


def by_term(scored: Scored) -> list[tuple[str, float]]:
    """Return identity terms and their false-positive rates where all benign templates have 5 %, worst first."""
    known, truth = scored.known("identity_templates", "toxicity")
    if not (~truth).any():
        return []
    named = metrics.terms_in([scored.corpus.texts[row] for row in known.tolist()], metrics.IDENTITY_TERMS)
    rates = metrics.term_rates(truth, scored.log_odds[known, TOXICITY], named)
    pairs = [
        (term, round(float(rate), 4))
        for term, rate in zip(metrics.IDENTITY_TERMS, rates, strict=True)
        if np.isfinite(rate)
    ]
    return sorted(pairs, key=lambda pair: -pair[1])


def evasion(scored: Scored, score: Scorer, seed: int = 0) -> dict[str, list[float]]:
    """Return toxicity's AUC on up to 2,000 comments, both classes disguised, and its loss, per disguise."""
    rng = np.random.default_rng(seed)
    usable = np.flatnonzero(scored.of("jigsaw", *NEWS) & np.isfinite(scored.corpus.labels[:, TOXICITY]))
    truth = scored.corpus.labels[usable, TOXICITY] >= 0.5
    if min(truth.sum(), (~truth).sum()) < LEAST:
        return {}
    toxic = rng.permutation(usable[truth])[: EVASIVE // 3]
    benign = rng.permutation(usable[~truth])[: EVASIVE - EVASIVE // 3]
    chosen = np.concatenate((toxic, benign))
    labels = np.arange(len(chosen)) < len(toxic)
    texts = [scored.corpus.texts[row] for row in chosen.tolist()]
    plain = metrics.Ranking(labels, scored.log_odds[chosen, TOXICITY]).auc()
    found = {"none": [round(plain, 4), 0.0]}
    for name in DISGUISES:
        disguised = score(disguise(texts, name, seed), f"disguised: {name}")
        auc = metrics.Ranking(labels, disguised[:, TOXICITY]).auc()
        found[name] = [round(auc, 4), round(plain - auc, 4)]
    return found


def worst_disguise(losses: dict[str, list[float]]) -> tuple[str, float]:
    """Return the named disguise that costs most, and its loss."""
    name = max(NAMED, key=lambda each: losses[each][1])
    return name, losses[name][1]


def by_length(scored: Scored, rounds: int = metrics.ROUNDS) -> list[dict[str, Any]]:
    """Return toxicity's AUC by length of the text, Wikipedia and news comments apart."""
    lengths = np.array([len(text) for text in scored.corpus.texts])
    found = []
    for source in ("jigsaw", *NEWS):
        known, truth = scored.known(source, "toxicity")
        for low, high in pairwise(LENGTHS):
            inside = (lengths[known] >= low) & (lengths[known] < high)
            if min(truth[inside].sum(), (~truth[inside]).sum()) < 2 * LEAST:
                continue
            auc = metrics.auc(truth[inside], scored.log_odds[known[inside], TOXICITY], rounds)
            row = {
                "source": source,
                "from": low,
                "to": high,
                "texts": int(inside.sum()),
                "auc": auc.rounded(),
            }
            found.append(row)
    return found
