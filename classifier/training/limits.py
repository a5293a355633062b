"""`replydesk classifier limits`: choose from which probability a site's policy holds, rejects or calls a comment spam.

A comment is held where any label reaches its hold limit. It is rejected, or called spam, only where a label reaches a
limit that was right at least `PRECISION` of the time on all development sets together, never by toxicity alone, and
never where a protected label reaches its hold limit: a threat, self-harm, sexual harassment or personal data always
reach a person.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import EFFORTS, LABELS
from classifier.model import Model
from classifier.training import data, newsroom, samples, tables
from classifier.training.samples import NEWS, TOXICITY, Scored

Flags = NDArray[np.bool_]
Doubles = NDArray[np.float64]
Places = NDArray[np.int64]
"""Places in `HOLDS`."""

PROTECTED = ("threat", "self_harm", "sexual", "personal_info")
"""Labels that always bring a comment to a person."""
REJECTING = ("severe_toxicity", "obscene", "insult", "identity_attack", "refuse")
"""Labels that may reject a comment without a person; `spam` may call it spam."""
PRECISION = 0.99
LEAST = 50
"""A limit that decides fewer comments than this has shown nothing."""
HARMLESS_HELD = 0.10

HOLDS = np.array([0.03, 0.05, 0.07, *np.arange(0.10, 0.91, 0.05).round(2)])
"""The hold limits that are tried; from the highest on, every label holds."""
PROTECTED_MOST = 0.50
"""A protected label holds from here at the latest: where it is likelier than not."""
DECIDES = np.array([0.80, 0.85, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995])
"""The limits from which something may be decided without a person."""

GAINS = {"grave": 2.0, "harmful": 1.0, "attacks": 1.0, "spam": 0.5, "borderline": 0.25}
"""What it is worth to hold all comments of a kind."""
NEWS_COST = 2.0
"""What it costs to hold all news comments that raters found inoffensive."""
PRICES = np.geomspace(0.25, 64, 25)
"""What it costs to hold all harmless newsroom comments: from hardly anything to more than all else."""
HALVINGS = 20
_TEMPLATE = Path(__file__).with_name("limits.txt")


@dataclass(frozen=True)
class Limits:
    """From which probability of a label a comment is held, rejected or called spam; None means never."""

    hold: dict[str, float]
    reject: dict[str, float | None]
    spam: float | None


@dataclass(frozen=True)
class Evidence:
    """What a label may decide without a person: from which probability, on how many comments, how many rightly.

    Without a limit, `why` says why there is none.
    """

    limit: float | None
    decided: int = 0
    right: int = 0
    why: str = ""


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


def kinds(scored: Scored) -> dict[str, Flags]:
    """Return which comments are of which kind: what should be held, and what should not."""
    toxicity = scored.corpus.labels[:, TOXICITY]
    return {
        "grave": scored.grave,
        "harmful": scored.harmful,
        "borderline": np.isin(scored.samples.categories, newsroom.BORDERLINE),
        "attacks": scored.of("jigsaw", "toxic_spans_civil", *NEWS) & (toxicity >= 0.5),
        "spam": scored.of("youtube_spam", "spintax_blog") & (_column(scored, "spam") >= 0.5),
        "harmless": scored.harmless,
        "news": scored.of(*NEWS) & (toxicity < 0.5),
    }


def _column(scored: Scored, label: str) -> NDArray[np.float32]:
    values: NDArray[np.float32] = scored.corpus.labels[:, LABELS.index(label)]
    return values


def judged(scored: Scored, label: str) -> tuple[Flags, Flags]:
    """Say of each comment whether it tells if a decision by `label` is right, and whether it is.

    A source's own label tells; where a source of real comments does not know it, toxicity tells, and of spam that news
    comments are none. Newsroom comments that should be published or reach a person are wrong whatever the label.
    """
    own = _column(scored, label)
    known, right = np.isfinite(own), np.nan_to_num(own) >= 0.5
    real = scored.of(*NEWS) if label == "spam" else scored.of("jigsaw", "toxic_spans_civil", *NEWS)
    by_toxicity = ~known & real & np.isfinite(scored.corpus.labels[:, TOXICITY])
    toxic = (scored.corpus.labels[:, TOXICITY] >= 0.5) & (label != "spam")
    right = np.where(by_toxicity, toxic, right)
    kept = scored.harmless | np.isin(scored.samples.categories, (*newsroom.BORDERLINE, "self_harm"))
    return known | by_toxicity | kept, right & ~kept


def deciding(scored: Scored, label: str) -> Evidence:
    """Choose from which probability `label` may decide without a person.

    It is one step above the lowest at which, and above which, the decisions are right often enough and no newsroom
    comment is among them that should be published or reach a person.
    """
    tells, right = judged(scored, label)
    chances = scored.chances[:, LABELS.index(label)]
    spared = tells & ~right & (scored.samples.categories != "")
    good: list[Evidence] = []
    why = ""
    for limit in DECIDES[::-1].tolist():
        inside = tells & (chances >= limit)
        found = Evidence(limit, int(inside.sum()), int((inside & right).sum()))
        if (inside & spared).any():
            why = f"at {limit} a newsroom comment that should be published or reach a person"
            break
        if found.right < PRECISION * found.decided:
            why = f"at {limit} right in {found.right / found.decided:.1%} of {found.decided}"
            break
        good.append(found)
    if len(good) < 2:
        return Evidence(None, why=why)
    chosen = good[-2]
    if chosen.decided < LEAST:
        return Evidence(None, why=f"only {chosen.decided} comments reach {chosen.limit}")
    return chosen


def holding(scored: Scored, harmless: float = HARMLESS_HELD) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Choose the hold limits of all labels together; return them, and what each price of harmless comments leads to."""
    chosen, trade_off = _search(_reached(scored), kinds(scored), harmless, PRICES)
    return dict(zip(LABELS, HOLDS[chosen].tolist(), strict=True)), trade_off


def _reached(scored: Scored) -> Places:
    """Return how many of `HOLDS` each probability reaches: (comments, labels)."""
    return np.searchsorted(HOLDS, scored.chances, side="right").astype(np.int64)


def _search(
    reached: Places, of_kind: dict[str, Flags], harmless: float, prices: Doubles
) -> tuple[Places, list[dict[str, Any]]]:
    """Try every price; return the best limits (places in `HOLDS`) within the bound, and all that were found."""
    counted = np.logical_or.reduce(list(of_kind.values()))
    reached, of_kind = reached[counted], {kind: flags[counted] for kind, flags in of_kind.items()}
    gain, cost = _worth(of_kind), _share(of_kind["harmless"])
    most = np.array([_most(label) for label in LABELS], np.int64)
    best = most
    found: list[dict[str, Any]] = []
    for price in prices:
        limits = _ascend(reached, gain - price * cost, most)
        figures = _held(_any(reached > limits), of_kind)
        named = dict(zip(LABELS, HOLDS[limits].tolist(), strict=True))
        if not found or found[-1]["hold"] != named:
            found.append({"price": round(float(price), 2), "hold": named, **figures})
        if figures["harmless"] <= harmless and _sum(reached, limits, gain) > _sum(reached, best, gain):
            best = limits
    return _fill(reached, gain, cost, best, harmless), found


def _any(over: Flags) -> Flags:
    """Say which comments have any of their labels' flags set."""
    return np.asarray(over.any(axis=1), bool)


def _sum(reached: Places, limits: Places, value: Doubles) -> float:
    """Return the value of all comments held."""
    return float(value[_any(reached > limits)].sum())


def _fill(reached: Places, gain: Doubles, cost: Doubles, limits: Places, harmless: float) -> Places:
    """Use what is left of the bound: lower one limit at a time, the one that gains most, while the bound holds."""
    while True:
        lowered = []
        for column, place in enumerate(limits.tolist()):
            for lower in range(place):
                tried = limits.copy()
                tried[column] = lower
                if _sum(reached, tried, cost) <= harmless + 1e-9:
                    lowered.append((_sum(reached, tried, gain), tried))
        best = max(lowered, key=lambda each: each[0], default=None)
        if best is None or best[0] <= _sum(reached, limits, gain) + 1e-9:
            return limits
        limits = best[1]


def _worth(of_kind: dict[str, Flags]) -> Doubles:
    """Return what holding each comment is worth, harmless ones of the newsroom left out."""
    gain = -NEWS_COST * _share(of_kind["news"])
    for kind, worth in GAINS.items():
        gain = gain + worth * _share(of_kind[kind])
    return gain


def _share(flags: Flags) -> Doubles:
    """Return what each comment of a kind adds to the kind's share."""
    shares: Doubles = flags / max(int(flags.sum()), 1)
    return shares


def _most(label: str) -> int:
    """Return the place in `HOLDS` of the highest limit that a label may have."""
    most = PROTECTED_MOST if label in PROTECTED else HOLDS[-1]
    return int(np.searchsorted(HOLDS, most, side="right")) - 1


def _ascend(reached: Places, value: Doubles, most: Places) -> Places:
    """Move one label's limit after the other to where the comments held are worth most, until none moves."""
    limits = most.copy()
    over = reached > limits
    for _ in range(20):
        before = limits.copy()
        for column in range(len(limits)):
            others = over.sum(axis=1) > over[:, column]
            worth = np.bincount(reached[~others, column], value[~others], len(HOLDS) + 1)
            of_limit = np.cumsum(worth[::-1])[::-1][1:]  # place k holds what reaches k + 1 limits or more
            allowed = of_limit[: most[column] + 1]
            limits[column] = len(allowed) - 1 - int(allowed[::-1].argmax())  # of equals the highest
            over[:, column] = reached[:, column] > limits[column]
        if np.array_equal(before, limits):
            break
    return limits


def _held(held: Flags, of_kind: dict[str, Flags]) -> dict[str, float]:
    """Return the share held of each kind."""
    return {
        kind: round(float(held[flags].mean()), 4) if flags.any() else 0.0 for kind, flags in of_kind.items()
    }


def unseen(scored: Scored, harmless: float = HARMLESS_HELD, seed: int = 0) -> dict[str, list[float]]:
    """Choose on one half of the newsroom comments, measure on the other: mean, lowest and highest of the halvings."""
    rng, of_kind = np.random.default_rng(seed), kinds(scored)
    written, reached = scored.samples.categories != "", _reached(scored)
    found: dict[str, list[float]] = {kind: [] for kind in ("grave", "harmful", "harmless")}
    for _ in range(HALVINGS):
        first = rng.random(len(written)) < 0.5
        half = {kind: flags & (first | ~written) for kind, flags in of_kind.items()}
        limits, _ = _search(reached, half, harmless, PRICES[::3])
        held = _any(reached > limits)
        for kind, shares in found.items():
            other = of_kind[kind] & ~first
            if other.any():
                shares.append(float(held[other].mean()))
    return {
        kind: [round(each, 4) for each in (float(np.mean(shares)), min(shares), max(shares))]
        for kind, shares in found.items()
        if shares
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
    stopped, alone = _held(answers != "publish", of_kind), _held(decided, of_kind)
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
