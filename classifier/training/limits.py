"""`replydesk classifier limits`: choose from which probability a site's policy holds, rejects or calls a comment spam.

A comment is held where any label reaches its hold limit. It is rejected, or called spam, only where a label reaches a
limit that was right at least `PRECISION` of the time on all development sets together, never by toxicity alone, and
never where a protected label reaches its hold limit: a threat, self-harm, sexual harassment or personal data always
reach a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABELS
from classifier.training import newsroom
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
        figures = share_held(_any(reached > limits), of_kind)
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


def share_held(held: Flags, of_kind: dict[str, Flags]) -> dict[str, float]:
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
