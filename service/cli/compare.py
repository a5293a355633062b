"""`replydesk compare`: what would change if a site's old scores were ours, before it switches."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from service import logging
from service.cli.console import (
    Refused,
    make_console,
    one_line,
    opened_installation,
    plain_table,
    print_json,
    site_named,
)
from service.compat.perspective.answers import Old
from service.compat.perspective.answers import read as read_answers
from service.compat.perspective.attributes import LABEL_OF
from service.compat.perspective.comparing import Comparison, HeldShare, compare, differing, fit, held_back
from service.compat.perspective.scale import Knots, Scale, shipped

if TYPE_CHECKING:
    from rich.console import Console

BATCH: Final = 256
EXCERPT: Final = 160
BAD_SHOWN: Final = 10
Columns = dict[str, tuple[list[float], list[float], list[int]]]


@click.group("compare")
def compare_group() -> None:
    """Compare another service's scores with this installation's, on a log of your own."""


@compare_group.command("perspective")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--site", "site_name", help="The site whose own map is shown, and stored with --fit.")
@click.option("--fit", "fitting", is_flag=True, help="Fit a map from our scores to theirs and store it.")
@click.option("--attribute", default="TOXICITY", show_default=True, help="Whose differing texts are listed.")
@click.option("--cut", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="Your threshold.")
@click.option("--show", type=click.IntRange(0, 1000), default=20, show_default=True, help="Texts listed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; it quotes no text.")
def perspective(
    file: Path, site_name: str | None, fitting: bool, attribute: str, cut: float, show: int, as_json: bool
) -> None:
    """Score the texts of FILE and say how our scores agree with Perspective's old ones.

    FILE is JSON Lines, a JSON array, CSV or Parquet: a text with its scores ({"text": "…", "TOXICITY": 0.9}), or
    requests and answers as they went over the wire ({"request": …, "response": …}). Nothing of it is stored.

    With --fit the map of each attribute with at least 200 texts is stored for the site; it serves from
    `site set NAME perspective_map=own` on.
    """
    if attribute not in LABEL_OF:
        raise Refused(f"--attribute: must be one of {', '.join(LABEL_OF)}")
    if fitting and not site_name:
        raise Refused("--fit: name the --site that the map is for")
    log = read_answers(file)
    scored = _scored(log.answers)
    columns = _columns(log.answers, scored)
    scale: Scale = shipped()
    if site_name:
        with opened_installation() as context:
            scale = site_named(context, site_name).options.perspective_knots or scale
    compared = [compare(name, theirs, ours, scale.get(name)) for name, (theirs, ours, _) in columns.items()]
    backs = {
        name: held_back(theirs, ours) for name, (theirs, ours, _) in columns.items() if len(theirs) >= 40
    }
    stored = _store(site_name, columns) if fitting and site_name else []
    if as_json:
        print_json(_members(log.bad_lines, compared, backs, stored))
        return
    console = make_console()
    _say_counts(console, len(log.answers), log.bad_lines)
    for one in compared:
        _say(console, one, backs.get(one.attribute, ()))
    if attribute in columns and show:
        _say_differing(console, log.answers, columns, attribute, cut, show)
    if stored:
        console.print(
            f"\nThe map of {', '.join(stored)} is stored for {site_name}. Switch it on with\n"
            f"  replydesk site set {site_name} perspective_map=own"
        )


def _scored(answers: Sequence[Old]) -> list[dict[str, float]]:
    """Score every text as the compatibility API would, contacts masked."""
    from service.privacy.masking import mask
    from service.scoring import Reading
    from service.scoring.scorer import ModelScorer

    logging.configure("compare", "warning")
    scorer = ModelScorer()
    scores: list[dict[str, float]] = []
    with click.progressbar(length=len(answers), label="scoring", file=sys.stderr) as bar:
        for first in range(0, len(answers), BATCH):
            batch = [Reading(mask(one.text).text) for one in answers[first : first + BATCH]]
            scores += [dict(one.scores) for one in scorer.score(batch, explain=False)]
            bar.update(len(batch))
    return scores


def _columns(answers: Sequence[Old], scored: Sequence[dict[str, float]]) -> Columns:
    """Put their scores beside ours by attribute, with the place of each text."""
    columns: Columns = {}
    for place, (old, ours) in enumerate(zip(answers, scored, strict=True)):
        for name, value in old.scores.items():
            if LABEL_OF[name] not in ours:
                continue  # the model does not give this label
            theirs, own, places = columns.setdefault(name, ([], [], []))
            theirs.append(value)
            own.append(ours[LABEL_OF[name]])
            places.append(place)
    return {name: columns[name] for name in LABEL_OF if name in columns}


def _store(site_name: str, columns: Columns) -> list[str]:
    from service.domain.options import frozen

    made: dict[str, Knots] = dict(fit({name: (theirs, ours) for name, (theirs, ours, _) in columns.items()}))
    if not made:
        raise Refused("--fit: no attribute has 200 texts with both scores; give a longer log")
    from service.usecases.sites import find_site

    with opened_installation() as context, context.deps.store.write() as tx:
        site = find_site(tx, site_name)
        knots: Any = frozen(made)
        tx.sites.save(
            dataclasses.replace(site, options=dataclasses.replace(site.options, perspective_knots=knots))
        )
        tx.audit_log.append(
            "operator", "tune", f"site {site_name}: perspective map fitted", context.deps.clock()
        )
    return list(made)


# -- what is printed ---------------------------------------------------------------------------------------------------


def _members(
    bad: Sequence[int],
    compared: Sequence[Comparison],
    backs: dict[str, tuple[HeldShare, ...]],
    stored: Sequence[str],
) -> dict[str, object]:
    return {
        "unreadable_lines": len(bad),
        "attributes": {
            one.attribute: {
                "texts": one.texts,
                "rank_correlation": round(one.rank_correlation, 4),
                "thresholds": [dataclasses.asdict(row) for row in one.rows],
                "held_back": [dataclasses.asdict(row) for row in backs.get(one.attribute, ())],
            }
            for one in compared
        },
        "stored": list(stored),
    }


def _say_counts(console: Console, texts: int, bad: Sequence[int]) -> None:
    console.print(f"{texts:,} texts compared.")
    if bad:
        lines = ", ".join(map(str, bad[:BAD_SHOWN])) + (" …" if len(bad) > BAD_SHOWN else "")
        console.print(
            f"[yellow]{len(bad):,} lines hold no text with a score and were left out: {lines}[/yellow]"
        )


def _say(console: Console, one: Comparison, back: Sequence[HeldShare]) -> None:
    console.print(
        f"\n[bold]{one.attribute}[/bold]: {one.texts:,} texts, rank correlation {one.rank_correlation:.3f}"
    )
    heads = ("your threshold", "holds", "is our", "agree", "would differ", "unchanged holds", "mapped holds")
    rows = (
        (
            f"{row.theirs:.2f}",
            f"{row.held / one.texts:.1%}",
            "—" if row.ours is None else f"{row.ours:.3f}",
            f"{row.agree:.1%}",
            f"{row.differ:,}",
            f"{row.unchanged_share:.1%}",
            "—" if row.mapped_share is None else f"{row.mapped_share:.1%}",
        )
        for row in one.rows
    )
    console.print(plain_table(heads, rows))
    if back:
        errors = ", ".join(
            f"{one.cut:.1f}: {one.plain - one.theirs:+.1%} → {one.mapped - one.theirs:+.1%}" for one in back
        )
        console.print(f"  a map fitted on one half, held share on the other, error before → after: {errors}")


def _say_differing(
    console: Console, answers: Sequence[Old], columns: Columns, attribute: str, cut: float, most: int
) -> None:
    theirs, ours, places = columns[attribute]
    found = differing(cut, theirs, ours, most)
    console.print(
        f"\n[bold]{attribute} at {cut:.2f}: {len(found)} texts that would differ, furthest first[/bold]"
    )
    for n in found:
        held = "held" if theirs[n] >= cut else "passed"
        text = one_line(answers[places[n]].text, EXCERPT)
        line = f"{answers[places[n]].line}: was {held} {theirs[n]:.2f}, ours {ours[n]:.2f}  {text}"
        console.print(line, markup=False)
