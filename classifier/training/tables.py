"""How figures are laid out: intervals, Markdown tables, and the rows of an evaluation's report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from classifier.training.measures import LENGTHS

Rows = Sequence[Sequence[str]]


def interval(figure: Sequence[float] | None, sign: bool = False) -> str:
    """Write a figure with its interval."""
    if figure is None:
        return ""
    value, low, high = (f"{each:+.3f}" if sign else f"{each:.3f}" for each in figure)
    return f"{value} ({low} to {high})" if sign else f"{value} ({low}-{high})"


def markdown(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a Markdown table."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def source_rows(report: dict[str, Any]) -> Rows:
    """Lay out the figures by source and label."""
    return [
        (
            row["source"],
            row["label"],
            f"{row['texts']:,}",
            f"{row['positive']:,}",
            interval(row.get("auc")),
            interval(row.get("auc_alt_profanity_check")),
            interval(row.get("ap")),
            f"{row['ece']:.3f}",
        )
        for row in report["rows"]
    ]


def real_rows(report: dict[str, Any]) -> Rows:
    """Lay out `refuse` beside toxicity."""
    found = report["refuse_on_real"]
    if not found:
        return []
    each = [*found["sources"].items(), ("mean", found["mean"])]
    return [
        (name, interval(one), interval(two), interval(less, sign=True)) for name, (one, two, less) in each
    ]


def newsroom_rows(report: dict[str, Any]) -> Rows:
    """Lay out the newsroom figures by the score that ranks."""
    return [
        (
            name.replace("_", " "),
            interval(report["newsroom"][name]["auc"]),
            interval(report["newsroom"][name]["caught"]),
        )
        for name in ("refuse", "largest_label")
        if name in report["newsroom"]
    ]


def category_rows(report: dict[str, Any]) -> Rows:
    """Lay out newsroom comments by category."""
    return [
        (row["category"], row["kind"], str(row["texts"]), f"{row['median']:.2f}", f"{row['above_cut']:.0%}")
        for row in report["categories"]
    ]


def perspective_rows(report: dict[str, Any]) -> Rows:
    """Lay out our figure beside Perspective's."""
    found = report["beside_perspective"]
    if not found:
        return []
    figures = (found["auc"], found["perspective_auc"])
    shown = (interval(each) for each in figures)
    return [(f"{found['texts']:,}", str(found["positive"]), *shown, interval(found["difference"], sign=True))]


def disguise_rows(report: dict[str, Any]) -> Rows:
    """Lay out the loss per disguise."""
    return [(name, f"{auc:.4f}", f"{loss:+.4f}") for name, (auc, loss) in report["disguise"].items()]


def length_rows(report: dict[str, Any]) -> Rows:
    """Lay out the figures by length."""
    return [
        (
            row["source"],
            f"{row['from']:,}-{row['to']:,}" if row["to"] < LENGTHS[-1] else f"{row['from']:,} and more",
            f"{row['texts']:,}",
            interval(row["auc"]),
        )
        for row in report["lengths"]
    ]


def term_rows(report: dict[str, Any]) -> Rows:
    """Lay out the ten identity terms with the highest false-positive rates."""
    return [(term, f"{rate:.3f}") for term, rate in report["identity_terms"][:10]]


EVALUATION: tuple[tuple[str, Sequence[str], Callable[[dict[str, Any]], Rows]], ...] = (
    (
        "by source and label",
        ("source", "label", "texts", "positive", "AUC", "alt-profanity-check", "average precision", "ECE"),
        source_rows,
    ),
    (
        "real comments by `refuse` and by toxicity, AUC against toxicity labels",
        ("source", "refuse", "toxicity", "difference"),
        real_rows,
    ),
    ("newsroom comments", ("score", "AUC", "caught at 10 % of harmless held"), newsroom_rows),
    (
        "newsroom comments by category",
        ("category", "kind", "comments", "median refuse", "above the cut"),
        category_rows,
    ),
    (
        "beside Perspective, AUC of toxicity",
        ("comments", "toxic", "this model", "Perspective", "difference"),
        perspective_rows,
    ),
    ("disguise, AUC of toxicity", ("disguise", "AUC", "loss"), disguise_rows),
    ("by length, AUC of toxicity", ("source", "characters", "texts", "AUC"), length_rows),
    ("identity terms", ("term", "false-positive rate at 5 % of all"), term_rows),
)
"""The tables of an evaluation: title, heads, and what lays out the rows."""
