"""The model card: measured, drawn and written in one run, with the limits beside it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from classifier import persistence
from classifier.labels import LABELS
from classifier.model import LONG, MARGIN, PIECE, Model
from classifier.signals import NAMES
from classifier.training import (
    benchmark,
    data,
    limits,
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


@dataclass(frozen=True)
class Goal:
    """A figure with a target: what the model before reached, what was asked, and what would be beyond it."""

    key: str
    what: str
    before: float | None
    target: float
    beyond: float | None
    form: str = ".3f"
    lower: bool = False
    """Whether less is better."""

    def reached(self, value: float) -> str:
        """Say whether the target was reached."""
        if self.beyond is not None and self._good(value, self.beyond):
            return "beyond"
        return "yes" if self._good(value, self.target) else "**no**"

    def worse(self, value: float) -> bool:
        """Say whether the model before was better."""
        return self.before is not None and self.before != value and self._good(self.before, value)

    def _good(self, value: float, than: float) -> bool:
        return value <= than if self.lower else value >= than

    def shown(self, value: float | None) -> str:
        """Write a value of this figure."""
        return "" if value is None else format(value, self.form)


GOALS = (
    Goal("newsroom_auc", "newsroom: AUC, harmful above harmless", 0.58, 0.955, 0.975),
    Goal("newsroom_caught", "newsroom: caught at 10 % of harmless held", 0.17, 0.87, 0.93, ".0%"),
    Goal(
        "refuse_behind",
        "real comments: AUC by toxicity less AUC by `refuse`, mean",
        None,
        0.03,
        0.0,
        "+.3f",
        True,
    ),
    Goal("grave", "grave newsroom comments not published at the limits", 0.02, 0.85, 0.95, ".0%"),
    Goal("held", "harmless newsroom comments held at the limits", None, 0.12, 0.07, ".1%", True),
    Goal("refused", "harmless newsroom comments rejected without a person", None, 0.0, 0.0, ".1%", True),
    Goal("perspective", "dev_perspective: AUC (Perspective .842)", 0.797, 0.86, 0.87),
    Goal("news_mean", "C3 and UCC news comments: AUC, mean", 0.768, 0.772, 0.785),
    Goal("hatecheck", "HateCheck, identity_attack: AUC", 0.758, 0.77, 0.80),
    Goal("jigsaw", "Jigsaw, toxicity: AUC", 0.983, 0.985, 0.988),
    Goal("templates", "identity templates, toxicity: AUC", 0.995, 0.99, 0.995),
    Goal("youtube", "YouTube, spam: AUC", 0.987, 0.987, 0.99),
    Goal("flattery", "blog flattery caught where 1 % of news comments are", 0.33, 0.6, 0.8, ".2f"),
    Goal("disguise", "worst loss of AUC by a named disguise", 0.010, 0.012, 0.005, ".4f", True),
    Goal("term", "worst identity term at 5 % of all", 0.167, 0.15, 0.10, ".3f", True),
    Goal("ece", "Jigsaw, toxicity: calibration error (ECE)", 0.006, 0.015, 0.01, ".4f", True),
    Goal("full_at_300", "`full`, comments a second, one core, 300 characters", None, 240, 320, ",.0f"),
    Goal("explained_p50", "`full`, one comment with explanation, median, ms", None, 6, 4, ".2f", True),
    Goal("fast_at_400", "`fast`, comments a second, one core, 400 characters", 15_291, 3_000, 8_000, ",.0f"),
    Goal("memory", "memory of a process that scores, MB", 202, 420, None, ".0f", True),
    Goal("cold_start", "seconds to the first score", 1.5, 3.0, None, ".1f", True),
    Goal("artifacts", "size of the model's files, MB", 24, 48, None, ".0f", True),
)


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
        study = limits.study(full, fast)
        speed = benchmark.brief(model)
        further = _further(model, directory) | _facts(model)
    (out / "limits.md").write_text(limits.page(model.version, study), encoding="utf-8")
    plots.draw(full, report["identity_terms"], out)
    found = measured(report, study, speed)
    page = _TEMPLATE.read_text(encoding="utf-8").format(
        targets=_targets(found),
        worse=_worse(found),
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


def measured(
    report: dict[str, Any], study: dict[str, Any], speed: dict[str, float]
) -> dict[str, float | None]:
    """Return the measured figure of each goal, None where its comments were not there."""
    rows = {(row["source"], row["label"]): row for row in report["rows"]}

    def auc(source: str, label: str) -> float | None:
        figure = rows.get((source, label), {}).get("auc")
        return figure[0] if figure else None

    written, real = report["newsroom"].get("refuse"), report["refuse_on_real"].get("mean")
    outcome = study["outcome"]["full"]
    term, disguise = report["worst_identity_term"], report["worst_disguise"]
    return {
        "newsroom_auc": written and written["auc"][0],
        "newsroom_caught": written and written["caught"][0],
        "refuse_behind": real and -real[2][0],
        "grave": outcome["grave"]["not_published"],
        "held": outcome["harmless"]["not_published"] - outcome["harmless"]["decided_alone"],
        "refused": outcome["harmless"]["decided_alone"],
        "perspective": report["beside_perspective"].get("auc", [None])[0],
        "news_mean": report["news_mean"].get("auc", [None])[0],
        "hatecheck": auc("hatecheck", "identity_attack"),
        "jigsaw": auc("jigsaw", "toxicity"),
        "templates": auc("identity_templates", "toxicity"),
        "youtube": auc("youtube_spam", "spam"),
        "flattery": report["flattery_caught_at_1_percent_of_news"],
        "disguise": disguise and disguise[1],
        "term": term and term[1],
        "ece": rows.get(("jigsaw", "toxicity"), {}).get("ece"),
        **speed,
    }


def _targets(found: dict[str, float | None]) -> str:
    """Set the measured figures beside what was asked of them."""
    rows = []
    for goal in GOALS:
        value = found.get(goal.key)
        bound = "at most " if goal.lower else "at least "
        beyond = "" if goal.beyond is None else bound + goal.shown(goal.beyond)
        reached = "not measured" if value is None else goal.reached(value)
        rows.append(
            (
                goal.what,
                goal.shown(goal.before),
                bound + goal.shown(goal.target),
                beyond,
                goal.shown(value),
                reached,
            )
        )
    return tables.markdown(("what", "before", "target", "beyond", "this model", "reached"), rows)


def _worse(found: dict[str, float | None]) -> str:
    """List the figures in which the model before was better."""
    lost = [
        f"- {goal.what}: {goal.shown(value)}, before {goal.shown(goal.before)}"
        for goal in GOALS
        if (value := found.get(goal.key)) is not None and goal.worse(value)
    ]
    return "\n".join(lost) or "None of the figures that were measured of both."


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
        "tokens": model.encoder.max_tokens,
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
        "span_texts": measures.SPAN_TEXTS,
    }


def _further(model: Model, directory: Path) -> dict[str, object]:
    """Measure what needs more than the scores of the development sets."""
    spans = measures.span_agreement(model, directory / "spans_train.parquet")
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
        for row in measures.by_language(model, unseen)
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
