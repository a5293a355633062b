"""Measuring: AUC, average precision, calibration and gaps per source and label, with intervals and peers beside."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABELS
from classifier.model import Model
from classifier.training import data, metrics

Doubles = NDArray[np.float64]
NEWS = ("c3_news", "ucc_news")
SPAM = LABELS.index("spam")
_BATCH = 256
_LEAST = 10


def main(files: list[Path], json: bool = False, compare: bool = True) -> int:
    """Prints the figures for the files together; returns 0, or 2 with one clear line when a file cannot be used."""
    try:
        corpora = [data.labelled(Path(path)) for path in files]
    except data.DataError as error:
        print(f"cannot evaluate: {error}", file=sys.stderr)
        return 2
    corpus = corpora[0]
    for more in corpora[1:]:
        corpus = corpus.joined(more)
    if np.isnan(corpus.labels).all():
        print(f"cannot evaluate: no text has a label: {', '.join(LABELS)}", file=sys.stderr)
        return 2
    report = evaluate(Model.load(), corpus, compare)
    if json:
        print(json_format.dumps(report, indent=1))
    else:
        show(report)
    return 0


def probabilities(model: Model, texts: list[str]) -> Doubles:
    """Scores texts in batches: (texts, labels)."""
    network = model.network
    parts = [network.read(texts[at : at + _BATCH]).probabilities for at in range(0, len(texts), _BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, len(LABELS)))


def evaluate(model: Model, corpus: data.Corpus, compare: bool = True, rounds: int = 200) -> dict[str, Any]:
    """Returns every figure as plain data: `rows` per source and label, and the gaps across them."""
    ours = probabilities(model, corpus.texts)
    peer = _peer(corpus.texts) if compare else None
    rows = []
    for source in np.unique(corpus.sources).tolist():
        inside = corpus.sources == source
        for column, label in enumerate(LABELS):
            known = inside & ~np.isnan(corpus.labels[:, column])
            if known.any():
                toxic_peer = peer[known] if peer is not None and label in PEER_LABELS else None
                rows.append(
                    _row(source, label, corpus.labels[known, column], ours[known, column], toxic_peer, rounds)
                )
    return {"model": model.version, "texts": len(corpus), "rows": rows, "gaps": _gaps(corpus, ours, peer)}


PEER_LABELS = ("toxicity", "identity_attack", "insult", "obscene", "severe_toxicity")


def _row(
    source: str, label: str, labels: NDArray[Any], chances: Doubles, peer: Doubles | None, rounds: int
) -> dict[str, Any]:
    """Measures one label on one source."""
    truth = labels >= 0.5
    row: dict[str, Any] = {
        "source": source,
        "label": label,
        "texts": len(truth),
        "positive": int(truth.sum()),
    }
    row["ece"] = round(metrics.calibration_error(labels, chances), 4)
    if min(truth.sum(), (~truth).sum()) < _LEAST:
        row["mean"] = round(float(chances.mean()), 4)
        return row
    for name, figure in (("auc", metrics.auc), ("ap", metrics.average_precision)):
        row[name] = _rounded(figure(truth, chances, rounds))
        if peer is not None:
            row[f"{name}_alt_profanity_check"] = _rounded(figure(truth, peer, rounds))
    return row


def _rounded(estimate: metrics.Estimate) -> list[float]:
    return [round(value, 4) for value in (estimate.value, estimate.low, estimate.high)]


def _gaps(corpus: data.Corpus, ours: Doubles, peer: Doubles | None) -> dict[str, Any]:
    """Measures what a mean hides: the worst identity term, and benign news comments held at a useful cut."""
    gaps: dict[str, Any] = {}
    toxicity = corpus.labels[:, 0]
    known = ~np.isnan(toxicity)
    templates = (corpus.sources == "identity_templates") & known
    if templates.any():
        texts = [corpus.texts[row] for row in np.flatnonzero(templates).tolist()]
        term, rate = metrics.worst_term_rate(
            texts, toxicity[templates] >= 0.5, ours[templates, 0], metrics.IDENTITY_TERMS
        )
        if term:  # too few sentences name no term
            gaps["worst_identity_term"] = [term, round(rate, 3)]
    news = [
        (corpus.sources == source) & known for source in NEWS if ((corpus.sources == source) & known).any()
    ]
    if news:
        pooled = [metrics.Ranking(toxicity[each] >= 0.5, ours[each, 0]).auc() for each in news]
        gaps["news_auc_mean"] = round(float(np.mean(pooled)), 4)
        gaps["news_benign_held_at_80"] = _held(toxicity, ours[:, 0], news)
        if peer is not None:
            gaps["news_benign_held_at_80_alt_profanity_check"] = _held(toxicity, peer, news)
    wikipedia = (corpus.sources == "jigsaw") & known
    if wikipedia.any():
        gaps["wikipedia_benign_held_at_80"] = _held(toxicity, ours[:, 0], [wikipedia])
    flattery = corpus.sources == "spintax_blog"
    if news and flattery.any():
        cut = np.quantile(ours[np.any(news, axis=0), SPAM], 0.99)
        gaps["flattery_caught_at_1_percent_of_news"] = round(float((ours[flattery, SPAM] > cut).mean()), 3)
    return gaps


def _held(toxicity: NDArray[Any], scores: Doubles, parts: list[NDArray[np.bool_]]) -> float:
    """Mean share of benign texts at or above the cut that catches 80 % of the toxic ones."""
    return round(float(np.mean([metrics.rate_at(toxicity[each] >= 0.5, scores[each]) for each in parts])), 3)


def _peer(texts: list[str]) -> Doubles | None:
    """Scores the same texts with alt-profanity-check, where it is installed (extra `bench`)."""
    try:
        from profanity_check import predict_prob  # type: ignore[import-untyped]  # ships no types
    except ImportError:
        print(
            "alt-profanity-check is not installed (extra `bench`): no peer beside the figures",
            file=sys.stderr,
        )
        return None
    scores: Doubles = np.asarray(predict_prob(texts), np.float64)
    return scores


def show(report: dict[str, Any]) -> None:
    """Prints a report as a table."""
    from rich.console import Console
    from rich.table import Table

    page = Table(title=f"model {report['model']}: {report['texts']:,} texts, 95 % bootstrap intervals")
    for title in ("source", "label", "texts", "positive", "AUC", "peer AUC", "AP", "ECE"):
        page.add_column(title, justify="left" if title in ("source", "label") else "right")
    for row in report["rows"]:
        page.add_row(
            row["source"],
            row["label"],
            f"{row['texts']:,}",
            f"{row['positive']:,}",
            _interval(row.get("auc")),
            _interval(row.get("auc_alt_profanity_check")),
            _interval(row.get("ap")),
            f"{row['ece']:.3f}",
        )
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(page)
    for name, value in report["gaps"].items():
        console.print(f"{name}: {value}")


def _interval(figure: list[float] | None) -> str:
    return "" if figure is None else f"{figure[0]:.3f} [{figure[1]:.3f}, {figure[2]:.3f}]"
