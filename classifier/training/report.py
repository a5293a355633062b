"""The model card: measured, drawn and written in one run, with the limits beside it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from classifier import persistence
from classifier.labels import LABELS
from classifier.model import Model
from classifier.reading import LONG, MARGIN, PIECE
from classifier.signals import NAMES
from classifier.training import (
    benchmark,
    data,
    goals,
    limits_study,
    measures,
    newsroom,
    plots,
    robustness,
    samples,
    tables,
    train,
)
from classifier.training.evaluate import evaluate
from classifier.training.samples import Scored
from classifier.words import lines

DOCS = persistence.SHIPPED.parent / "docs" / "model"
_TEMPLATE = Path(__file__).with_name("card.txt")
_BEFORE = "2026.11-5ef719d3"


def main(directory: Path, out: Path = DOCS, limit: int | None = None, quiet: bool = False) -> int:
    """Measure the shipped model on the data in `directory` and write its card, its limits and pictures to `out`.

    With `limit`, at most so many comments of each source are read: a trial, whose figures are not to be published.
    Return 0, or 2 with one clear line when data is missing.
    """
    try:
        wanted = samples.read(
            [directory / name for name in ("dev.parquet", "dev_perspective.parquet", "newsroom/dev.jsonl")]
        )
        wanted = wanted if limit is None else wanted.limited(limit)
        write(Model.load(persistence.SHIPPED), wanted, directory, out, quiet)
    except data.DataError as error:
        print(f"cannot write the model card: {error}", file=sys.stderr)
        return 2
    print(f"model card in {out}")
    return 0


def write(model: Model, wanted: samples.Samples, directory: Path, out: Path, quiet: bool = False) -> None:
    """Score every text once at each effort, measure, and write README.md, limits.md and the pictures to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(1):
        with samples.scorer(model, "full", quiet) as score:
            full = Scored(wanted, score(wanted.corpus.texts, "comments, full"))
            report = evaluate(full, score)
        with samples.scorer(model, "fast", quiet) as score:
            fast = Scored(wanted, score(wanted.corpus.texts, "comments, fast"), "fast")
        study = limits_study.study(full, fast)
        speed = benchmark.brief(model)
        further = _further(model, directory) | _facts(model)
    (out / "limits.md").write_text(limits_study.page(model.version, study), encoding="utf-8")
    plots.draw(full, report["identity_terms"], out)
    found = goals.measured(report, study, speed)
    page = _TEMPLATE.read_text(encoding="utf-8").format(
        targets=goals.targets(found),
        worse=goals.worse(found),
        before=_BEFORE,
        weak=_weak(study["categories"]),
        flattery=_share(report["flattery_caught_at_1_percent_of_news"]),
        peer_speed="[docs/benchmarks.md](../benchmarks.md)",
        **{name: _table(title, report) for name, title in _TABLES.items()},
        **further,
    )
    (out / "README.md").write_text(page, encoding="utf-8")


_TABLES = {
    "sources": "by source and label",
    "real": "real comments by `refuse` and by toxicity, AUC against toxicity labels",
    "newsroom": "newsroom comments",
    "categories": "newsroom comments by category",
    "perspective": "beside Perspective, AUC of toxicity",
    "evasion": "disguise, AUC of toxicity",
    "lengths": "by length, AUC of toxicity",
    "identity": "identity terms",
}
"""Fields of the template and titles of the evaluation's tables."""


def _table(title: str, report: dict[str, Any]) -> str:
    heads, lay_out = next((heads, rows) for name, heads, rows in tables.EVALUATION if name == title)
    return tables.markdown(heads, lay_out(report))


def _weak(categories: list[dict[str, Any]]) -> str:
    """Name what is most often published though harmful, and held though harmless."""
    harmful = [row for row in categories if row["category"] not in (*newsroom.HARMLESS, *newsroom.BORDERLINE)]
    harmless = [row for row in categories if row["category"] in newsroom.HARMLESS]

    def named(rows: list[dict[str, Any]], wrong: str) -> str:
        worst = sorted(rows, key=lambda row: -row[wrong] / row["comments"])[:4]
        return ", ".join(
            f"{row['category']} ({row[wrong]} of {row['comments']})" for row in worst if row[wrong]
        )

    return (
        f"published though harmful: {named(harmful, 'publish') or 'none'}; "
        f"held though harmless: {named(harmless, 'hold') or 'none'}"
    )


def _share(value: float | None) -> str:
    return "an unknown share" if value is None else f"{value:.0%}"


def _facts(model: Model) -> dict[str, object]:
    """Return what the template says of the model and its training."""
    manifest, counted = model.manifest, benchmark.sizes()
    return {
        "version": model.version,
        "sha256": manifest["sha256"],
        "bytes": counted["together"],
        "scikit_learn": manifest["scikit_learn"],
        "numpy": manifest["numpy"],
        "seed": manifest["seed"],
        "texts": manifest["texts"],
        "labels": ", ".join(LABELS),
        "count": len(LABELS),
        "signals": len(NAMES),
        "tokens": model.reader.encoder.max_tokens,
        "trust": train.TRUST,
        "held_back": train.HELD_BACK,
        "long": LONG,
        "piece": PIECE,
        "margin": MARGIN,
        "invented": train.INVENTED_SPAM + train.INVENTED_IDENTITY,
        "disguised": train.DISGUISED,
        "peopled": train.PEOPLED,
        "written": sum(len(newsroom.read(path)) for path in newsroom.COMMENTS.glob("*.jsonl")),
        "evasive": measures.EVASIVE,
        "span_texts": robustness.SPAN_TEXTS,
    }


def _further(model: Model, directory: Path) -> dict[str, object]:
    """Measure what needs more than the scores of the development sets."""
    spans = robustness.span_agreement(model, directory / "spans_train.parquet")
    strings, sound = robustness.naughty(model, directory / "lists" / "blns.json")
    odd = [
        (name, f"{length:,}", taken, "yes" if fine else "**no**")
        for name, length, taken, fine in robustness.odd(model)
    ]
    return {
        "span_ours": spans["ours"],
        "span_list": spans["word_list"],
        "languages": _languages(model, directory),
        "examples": _examples(model),
        "odd": tables.markdown(("text", "characters", "ms", "sound"), odd),
        "naughty": strings,
        "naughty_sound": sound,
    }


def _languages(model: Model, directory: Path) -> str:
    """Say per language what is caught, or that it is not known."""
    try:
        unseen = train.held_back(directory, model.manifest)
    except data.DataError as error:
        return f"Not known: {error}."
    rows = [
        (
            row["language"],
            f"{row['texts']:,}",
            f"{row['positive']:,}",
            tables.interval(row["auc"]),
            tables.interval(row["caught"]),
            f"{row['unsure']:.1%}",
        )
        for row in robustness.by_language(model, unseen)
    ]
    heads = (
        "language",
        "comments",
        "toxic",
        "AUC",
        "caught at 10 % of the others held",
        "without confidence",
    )
    return tables.markdown(heads, rows)


def _examples(model: Model) -> str:
    """Show how disguised comments are read, and which part carried the score."""
    rows, texts = [], lines("disguised")
    for text, score in zip(texts, model.score(texts), strict=True):
        spans = model.explain(text, "toxicity", limit=2).spans
        shown = ", ".join(f"`{text[span.begin : span.end]}` {span.weight:+.1f}" for span in spans)
        rows.append((f"`{text}`", score.reads_as or "(as written)", f"{score.scores['toxicity']:.2f}", shown))
    heads: Sequence[str] = ("written", "read as", "toxicity", "heaviest spans (log-odds)")
    return tables.markdown(heads, rows)
