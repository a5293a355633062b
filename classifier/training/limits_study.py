"""`replydesk classifier limits`: choose a newsroom's limits and write the page that says what they do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import EFFORTS, LABELS
from classifier.model import Model
from classifier.training import data, newsroom, samples, tables
from classifier.training.limits import (
    HALVINGS,
    HARMLESS_HELD,
    LEAST,
    PRECISION,
    PRICES,
    PROTECTED,
    PROTECTED_MOST,
    REJECTING,
    Limits,
    deciding,
    holding,
    kinds,
    share_held,
    unseen,
)
from classifier.training.samples import Scored

_TEMPLATE = Path(__file__).with_name("limits.txt")


def study(full: Scored, fast: Scored, harmless: float = HARMLESS_HELD) -> dict[str, Any]:
    """Choose limits on `full` and say, as plain data, what they do there, at `fast` effort and to unseen comments."""
    evidence = {label: deciding(full, label) for label in (*REJECTING, "spam")}
    reject = {label: evidence[label].limit for label in REJECTING}
    hold, trade_off = holding(full, harmless)
    limits = Limits(hold, reject, evidence["spam"].limit)
    return {
        "harmless_held_at_most": harmless,
        "limits": {"hold": limits.hold, "reject": limits.reject, "spam": limits.spam},
        "evidence": {
            label: {"limit": each.limit, "decided": each.decided, "right": each.right, "why": each.why}
            for label, each in evidence.items()
        },
        "outcome": {scored.effort: outcome(scored, limits) for scored in (full, fast)},
        "unseen": unseen(full, harmless),
        "trade_off": trade_off,
        "categories": by_category(full, limits),
    }


def verdicts(scored: Scored, limits: Limits) -> NDArray[np.str_]:
    """Return "publish", "hold", "reject" or "spam" for each comment."""
    chances = {label: scored.chances[:, column] for column, label in enumerate(LABELS)}
    over = {label: chances[label] >= limit for label, limit in limits.hold.items()}
    held = np.logical_or.reduce(list(over.values()))
    protected = np.logical_or.reduce([over[label] for label in PROTECTED])
    answers = np.where(held, "hold", "publish")
    refused = [chances[label] >= limit for label, limit in limits.reject.items() if limit is not None]
    if refused:
        answers[np.logical_or.reduce(refused) & ~protected] = "reject"
    if limits.spam is not None:
        answers[(chances["spam"] >= limits.spam) & ~protected] = "spam"
    return answers


def outcome(scored: Scored, limits: Limits) -> dict[str, dict[str, float]]:
    """Return, per kind of comment, the shares not published, and rejected or called spam without a person."""
    answers, of_kind = verdicts(scored, limits), kinds(scored)
    decided = np.isin(answers, ("reject", "spam"))
    stopped, alone = share_held(answers != "publish", of_kind), share_held(decided, of_kind)
    return {kind: {"not_published": stopped[kind], "decided_alone": alone[kind]} for kind in of_kind}


def by_category(scored: Scored, limits: Limits) -> list[dict[str, Any]]:
    """Return, per category of newsroom comment, how many got which verdict."""
    answers, categories = verdicts(scored, limits), scored.samples.categories
    order = (*newsroom.HARMLESS, *newsroom.BORDERLINE)
    rest = [each for each in np.unique(categories[categories != ""]).tolist() if each not in order]
    return [
        {"category": category, "comments": int((categories == category).sum())}
        | {
            answer: int(((categories == category) & (answers == answer)).sum())
            for answer in ("publish", "hold", "reject", "spam")
        }
        for category in (*order, *rest)
        if (categories == category).any()
    ]


_KINDS = {
    "grave": "newsroom: threats, wishes of harm, self-harm, exposed addresses",
    "harmful": "newsroom: all harmful",
    "borderline": "newsroom: borderline",
    "harmless": "newsroom: harmless",
    "attacks": "real comments that raters call toxic",
    "news": "news comments that raters call inoffensive",
    "spam": "YouTube and blog spam",
}


def page(version: str, found: dict[str, Any]) -> str:
    """Lay the study out as Markdown."""
    limits, evidence = found["limits"], found["evidence"]
    chosen = [
        (
            label,
            f"{hold:.2f}",
            _limit(limits["reject"].get(label)),
            _limit(limits["spam"] if label == "spam" else None),
        )
        for label, hold in limits["hold"].items()
    ]
    shown = [
        (
            label,
            _limit(each["limit"]),
            f"{each['right']:,} of {each['decided']:,}" if each["decided"] else each["why"],
        )
        for label, each in evidence.items()
    ]
    return _TEMPLATE.read_text(encoding="utf-8").format(
        version=version,
        bound=f"{found['harmless_held_at_most']:.0%}",
        precision=f"{PRECISION:.0%}",
        least=LEAST,
        protected=", ".join(f"`{each}`" for each in PROTECTED),
        most=PROTECTED_MOST,
        chosen=tables.markdown(("label", "hold", "reject", "spam"), chosen),
        evidence=tables.markdown(("label", "limit", "rightly decided, or why there is no limit"), shown),
        outcome=_outcome(found["outcome"]),
        halvings=HALVINGS,
        prices=len(PRICES),
        unseen=tables.markdown(
            ("newsroom comments", "not published: mean", "lowest", "highest"),
            [(kind, *(f"{each:.1%}" for each in shares)) for kind, shares in found["unseen"].items()],
        ),
        trade_off=tables.markdown(
            ("harmless held", "grave not published", "all harmful not published", "news comments held"),
            [
                tuple(f"{row[kind]:.1%}" for kind in ("harmless", "grave", "harmful", "news"))
                for row in found["trade_off"]
            ],
        ),
        categories=tables.markdown(
            ("category", "comments", "published", "held", "rejected", "spam"),
            [tuple(row.values()) for row in found["categories"]],
        ),
    )


def _outcome(outcomes: dict[str, dict[str, dict[str, float]]]) -> str:
    rows = [
        (
            name,
            *(f"{outcomes[effort][kind]['not_published']:.1%}" for effort in EFFORTS),
            *(f"{outcomes[effort][kind]['decided_alone']:.1%}" for effort in EFFORTS),
        )
        for kind, name in _KINDS.items()
    ]
    heads = ("comments", "not published, full", "fast", "rejected or spam without a person, full", "fast")
    return tables.markdown(heads, rows)


def _limit(limit: float | None) -> str:
    return "never" if limit is None else f"{limit:.3f}".rstrip("0")


def main(
    directory: Path,
    out: Path | None = None,
    harmless: float | None = None,
    limit: int | None = None,
    as_json: bool = False,
    quiet: bool = False,
) -> int:
    """Choose limits for the shipped model on the development sets in `directory`, print them and write the page `out`.

    With `limit`, at most so many comments of each source are read, and no page is written. Return 0, or 2 with one
    clear line when data is missing.
    """
    try:
        wanted = samples.read([directory / "dev.parquet", directory / "newsroom" / "dev.jsonl"])
    except data.DataError as error:
        print(f"cannot choose limits: {error}", file=sys.stderr)
        return 2
    if limit is not None:
        wanted = wanted.limited(limit)
    model, scored = Model.load(), {}
    for effort in EFFORTS:
        with samples.scorer(model, effort, quiet) as score:
            scored[effort] = Scored(wanted, score(wanted.corpus.texts, f"comments, {effort}"), effort)
    found = study(scored["full"], scored["fast"], HARMLESS_HELD if harmless is None else harmless)
    text = page(model.version, found)
    print(json.dumps(found, indent=1) if as_json else text)
    if out is None or limit is not None:
        return 0
    if not out.parent.is_dir():
        print(f"not written: there is no directory {out.parent}", file=sys.stderr)
        return 0
    out.write_text(text, encoding="utf-8")
    return 0
