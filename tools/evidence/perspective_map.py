"""Fits the map to Perspective-like values that ships, measures it on halves that it did not see, and draws it.

    python tools/evidence/perspective_map.py [--data ../shared/data/perspective_scores.parquet] [--write]

Prints the table of docs/integrate/perspective.md. With --write it also writes, for the model that is shipped now,
service/compat/perspective/scale.json, docs/integrate/perspective-map.svg, and the table into that page. The data is not
part of the project.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections.abc import Sequence
from pathlib import Path

from service.compat.perspective.answers import read
from service.compat.perspective.attributes import LABEL_OF
from service.compat.perspective.comparing import HELD_BACK_CUTS, fit, fitted, rank_correlation
from service.compat.perspective.scale import SHIPPED, mapped
from service.privacy.masking import mask
from service.scoring import Reading
from service.scoring.scorer import ModelScorer

ROOT = Path(__file__).resolve().parents[2]
HALVINGS = 20
SAME = {"OBSCENE": "PROFANITY"}
"""What has no column of its own takes the map of the label that answers it."""


def main() -> int:
    """Measure, print, and write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/perspective_scores.parquet"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"{options.data} is missing: give a log of Perspective's answers by --data")
        return 2
    scorer = ModelScorer()
    answers = read(options.data).answers
    ours: list[dict[str, float]] = []
    for first in range(0, len(answers), 256):
        batch = [Reading(mask(one.text).text) for one in answers[first : first + 256]]
        ours += [dict(one.scores) for one in scorer.score(batch, explain=False)]
    columns = {
        name: (
            [one.scores[name] for one in answers if name in one.scores],
            [own[label] for one, own in zip(answers, ours, strict=True) if name in one.scores],
        )
        for name, label in LABEL_OF.items()
        if any(name in one.scores for one in answers) and all(label in own for own in ours)
    }
    table = _table(columns)
    print(table)
    if options.write:
        _write_map(columns, scorer.version, len(answers))
        _write_page(table)
        (ROOT / "docs/integrate/perspective-map.svg").write_text(
            _picture(*columns["TOXICITY"]), encoding="utf-8"
        )
        print(
            f"\nwritten for model {scorer.version}: service/compat/perspective/{SHIPPED}, "
            "docs/integrate/perspective-map.svg"
        )
    return 0


def _table(columns: dict[str, tuple[list[float], list[float]]]) -> str:
    """Mean absolute error of the held share, in percentage points, over random halvings: unmapped, then mapped."""
    cuts = " / ".join(f"{cut:.1f}".lstrip("0") for cut in HELD_BACK_CUTS)
    lines = [
        f"| attribute | rank correlation | held by Perspective at {cuts} | error unmapped → mapped at {cuts} |",
        "|---|---|---|---|",
    ]
    for name, (theirs, own) in columns.items():
        held = " / ".join(f"{sum(v >= cut for v in theirs) / len(theirs):.1%}" for cut in HELD_BACK_CUTS)
        errors = " / ".join(f"{before:.1f} → {after:.1f}" for before, after in _errors(theirs, own))
        lines.append(f"| {name} | {rank_correlation(theirs, own):.2f} | {held} | {errors} |")
    return "\n".join(lines)


def _errors(theirs: Sequence[float], own: Sequence[float]) -> list[tuple[float, float]]:
    """Fit on a random half and measure on the other, several times; percentage points, the mean of their sizes."""
    found: list[list[tuple[float, float]]] = []
    for seed in range(HALVINGS):
        order = list(range(len(theirs)))
        random.Random(seed).shuffle(order)
        half = len(order) // 2
        knots = fitted([own[n] for n in order[:half]], [theirs[n] for n in order[:half]])
        rest = order[half:]
        found.append(
            [
                (
                    _gap([theirs[n] for n in rest], [own[n] for n in rest], cut),
                    _gap([theirs[n] for n in rest], [mapped(knots, own[n]) for n in rest], cut),
                )
                for cut in HELD_BACK_CUTS
            ]
        )
    return [
        (statistics.mean(run[c][0] for run in found), statistics.mean(run[c][1] for run in found))
        for c in range(len(HELD_BACK_CUTS))
    ]


def _gap(theirs: Sequence[float], values: Sequence[float], cut: float) -> float:
    there = sum(v >= cut for v in theirs) / len(theirs)
    here = sum(v >= cut for v in values) / len(values)
    return 100 * abs(here - there)


def _write_map(columns: dict[str, tuple[list[float], list[float]]], model: str, texts: int) -> None:
    scale = fit(columns)
    scale |= {name: scale[other] for name, other in SAME.items()}
    made = {
        "model": model,
        "fitted_on": f"{texts:,} Wikipedia comments with the scores that Perspective gave them in 2018",
        "attributes": {name: scale[name] for name in LABEL_OF if name in scale},
    }
    text = json.dumps(made, separators=(",", ":")).replace('"attributes":{', '"attributes":{\n ')
    text = text.replace(']],"', ']],\n "')
    (ROOT / "service/compat/perspective" / SHIPPED).write_text(text + "\n", encoding="utf-8")


def _write_page(table: str) -> None:
    page = ROOT / "docs/integrate/perspective.md"
    before, _, rest = page.read_text("utf-8").partition("<!-- map -->\n")
    page.write_text(
        f"{before}<!-- map -->\n{table}\n<!-- /map -->{rest.partition('<!-- /map -->')[2]}", "utf-8"
    )


def _picture(theirs: Sequence[float], own: Sequence[float]) -> str:
    """Draw quantile against quantile on the half that was not fitted on: as they are, and mapped."""
    order = sorted(range(len(theirs)), key=lambda n: (theirs[n], own[n]))
    fit_half, rest = order[::2], order[1::2]
    knots = fitted([own[n] for n in fit_half], [theirs[n] for n in fit_half])
    there = sorted(theirs[n] for n in rest)
    before = sorted(own[n] for n in rest)
    after = sorted(mapped(knots, own[n]) for n in rest)
    panels = _panel(20, "unmapped", before, there) + _panel(360, "mapped", after, there)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 370" font-family="sans-serif" font-size="13">'
        '<rect width="700" height="370" fill="#fff"/>'
        f"{panels}</svg>\n"
    )


def _panel(left: int, title: str, ours: Sequence[float], theirs: Sequence[float]) -> str:
    x0, y0, size = left + 40, 310, 260
    dots = []
    for step in range(1, 200):
        place = round((1 - (1 - step / 200) ** 2) * (len(ours) - 1))
        dots.append(
            f'<circle cx="{x0 + size * ours[place]:.1f}" cy="{y0 - size * theirs[place]:.1f}" r="2.4" fill="#1f5f8b"/>'
        )
    ticks = "".join(
        f'<text x="{x0 + size * v:.0f}" y="{y0 + 18}" text-anchor="middle">{v}</text>'
        f'<text x="{x0 - 8}" y="{y0 - size * v + 4:.0f}" text-anchor="end">{v}</text>'
        for v in (0, 0.5, 1)
    )
    return (
        f'<text x="{x0 + size / 2:.0f}" y="30" text-anchor="middle" font-weight="bold">TOXICITY, {title}</text>'
        f'<rect x="{x0}" y="{y0 - size}" width="{size}" height="{size}" fill="none" stroke="#999"/>'
        f'<path d="M{x0} {y0}L{x0 + size} {y0 - size}" stroke="#bbb" stroke-dasharray="4 4"/>'
        f"{''.join(dots)}{ticks}"
        f'<text x="{x0 + size / 2:.0f}" y="{y0 + 40}" text-anchor="middle">Replydesk, quantile</text>'
        f'<text x="{left}" y="{y0 - size / 2:.0f}" text-anchor="middle" '
        f'transform="rotate(-90 {left} {y0 - size / 2:.0f})">Perspective, quantile</text>'
    )


if __name__ == "__main__":
    raise SystemExit(main())
