"""`replydesk classifier evaluate`: every figure for labelled files, with intervals and with peers beside it."""

from __future__ import annotations

import json as json_format
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABELS, Effort
from classifier.model import Model
from classifier.training import data, measures, metrics, samples, tables
from classifier.training.samples import Scored, Scorer

Doubles = NDArray[np.float64]


def main(
    files: Sequence[Path],
    json: bool = False,
    compare: bool = True,
    effort: Effort = "full",
    limit: int | None = None,
    quiet: bool = False,
) -> int:
    """Print the figures for the files together; return 0, or 2 with one clear line when a file cannot be used.

    With `limit`, at most so many comments of each source are read.
    """
    try:
        wanted = samples.read(files)
    except data.DataError as error:
        print(f"cannot evaluate: {error}", file=sys.stderr)
        return 2
    if np.isnan(wanted.corpus.labels).all():
        print(f"cannot evaluate: no text has a label: {', '.join(LABELS)}", file=sys.stderr)
        return 2
    if limit is not None:
        wanted = wanted.limited(limit)
    begin, model = time.monotonic(), Model.load()
    with samples.scorer(model, effort, quiet) as score:
        scored = Scored(wanted, score(wanted.corpus.texts, "comments"), effort)
        report = {"model": model.version} | evaluate(scored, score, compare)
    report["seconds"] = round(time.monotonic() - begin, 1)
    if json:
        print(json_format.dumps(report, indent=1))
    else:
        show(report)
    return 0


def evaluate(
    scored: Scored, score: Scorer, compare: bool = True, rounds: int = metrics.ROUNDS
) -> dict[str, Any]:
    """Return every figure as plain data; a measurement whose comments are not there is left out or empty."""
    peer = _peer(scored.corpus.texts) if compare else None
    disguised = measures.evasion(scored, score)
    terms = measures.by_term(scored)
    return {
        "effort": scored.effort,
        "texts": len(scored.samples),
        "rows": measures.rows(scored, peer, rounds),
        "news_mean": measures.news_mean(scored, rounds),
        "refuse_on_real": measures.refuse_on_real(scored, rounds),
        "newsroom": measures.newsroom_figures(scored, rounds),
        "categories": measures.by_category(scored),
        "beside_perspective": measures.beside_perspective(scored, rounds),
        "flattery_caught_at_1_percent_of_news": measures.flattery(scored),
        "identity_terms": terms,
        "worst_identity_term": terms[0] if terms else None,
        "disguise": disguised,
        "worst_disguise": measures.worst_disguise(disguised) if disguised else None,
        "lengths": measures.by_length(scored, rounds),
    }


def _peer(texts: list[str]) -> Doubles | None:
    """Score the same texts with alt-profanity-check, where it is installed (extra `bench`)."""
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
    """Print a report as tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 170)

    def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if not rows:
            return
        page = Table(title=f"{title[0].upper()}{title[1:]}", title_justify="left")
        for at, head in enumerate(heads):
            page.add_column(head, justify="left" if at == 0 else "right")
        for row in rows:
            page.add_row(*row)
        console.print(page)

    console.print(
        f"model {report['model']}, effort {report['effort']}: {report['texts']:,} texts, 95 % intervals"
    )
    for title, heads, lay_out in tables.EVALUATION:
        table(title, heads, lay_out(report))
    for name, value in (
        ("news mean (AUC of toxicity)", tables.interval(report["news_mean"].get("auc"))),
        ("blog flattery caught where 1 % of news is", report["flattery_caught_at_1_percent_of_news"]),
        ("worst identity term at 5 % of all", report["worst_identity_term"]),
        ("worst named disguise", report["worst_disguise"]),
        ("seconds", report["seconds"]),
    ):
        if value:
            console.print(f"{name}: {value}", highlight=False)
