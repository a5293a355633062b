"""The pictures of the model card: calibration, precision over recall, newsroom comments, identity terms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from classifier.labels import LABELS
from classifier.training.samples import NEWS, REFUSE, TOXICITY, Scored

_BINS = 15
_FEWEST = 10


def draw(scored: Scored, terms: Sequence[tuple[str, float]], directory: Path) -> list[str]:
    """Draw every picture into `directory` and return the file names."""
    from matplotlib.figure import Figure

    directory.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, Any] = {
        "calibration.png": partial(_calibration, scored=scored),
        "precision_recall.png": partial(_precision_recall, scored=scored),
        "newsroom.png": partial(_newsroom, scored=scored),
        "identity_terms.png": partial(_terms, terms=terms),
    }
    for name, work in pictures.items():
        figure: Any = Figure(figsize=(7, 4.5), dpi=90, layout="constrained")
        work(figure.add_subplot())
        figure.savefig(directory / name, metadata={"Software": None})
    return list(pictures)


def _calibration(axes: Any, scored: Scored) -> None:
    """Observed share over predicted probability."""
    for source, label in (
        ("jigsaw", "toxicity"),
        ("jigsaw", "insult"),
        ("newsroom", "refuse"),
        ("youtube_spam", "spam"),
    ):
        known, truth = scored.known(source, label)
        if not len(known):
            continue
        chances = scored.chances[known, LABELS.index(label)]
        which = np.minimum((chances * _BINS).astype(int), _BINS - 1)
        count = np.bincount(which, minlength=_BINS)
        filled = count >= _FEWEST
        predicted, observed = (
            np.bincount(which, weights=values, minlength=_BINS)[filled] / count[filled]
            for values in (chances, truth)
        )
        axes.plot(predicted, observed, marker="o", label=f"{source}: {label}")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    axes.set(xlabel="predicted probability", ylabel="share that people marked", title="Calibration")
    axes.legend()


def _precision_recall(axes: Any, scored: Scored) -> None:
    """Precision over recall per source."""
    for source, label in (
        ("jigsaw", "toxicity"),
        *((news, "toxicity") for news in NEWS),
        ("youtube_spam", "spam"),
    ):
        known, truth = scored.known(source, label)
        if not truth.any():
            continue
        order = np.argsort(-scored.log_odds[known, LABELS.index(label)], kind="stable")
        caught = np.cumsum(truth[order])
        axes.plot(caught / caught[-1], caught / np.arange(1, len(truth) + 1), label=f"{source}: {label}")
    axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02), title="Precision over recall")
    axes.legend()


def _newsroom(axes: Any, scored: Scored) -> None:
    """What is caught over what is held of harmless newsroom comments, as `refuse` and toxicity rank them."""
    if not scored.harmless.any():
        return
    kinds = (("harmful", scored.harmful), ("grave", scored.grave))
    for name, column, style in (("refuse", REFUSE, "-"), ("toxicity", TOXICITY, ":")):
        cuts = np.sort(scored.log_odds[scored.harmless, column])[::-1]
        held = np.arange(1, len(cuts) + 1) / len(cuts)
        for kind, flags in kinds:
            caught = (
                [(scored.log_odds[flags, column] >= cut).mean() for cut in cuts] if flags.any() else held * 0
            )
            axes.plot(held, caught, linestyle=style, label=f"{kind}, by {name}")
    axes.axvline(0.10, color="grey", linewidth=0.5)
    axes.set(
        xlabel="share of harmless comments held", ylabel="share caught", xlim=(0, 0.5), ylim=(0, 1.02),
        title="Newsroom comments",
    )  # fmt: skip
    axes.legend()


def _terms(axes: Any, terms: Sequence[tuple[str, float]]) -> None:
    """False-positive rate of the twenty worst identity terms."""
    worst = list(terms[:20])[::-1]
    axes.barh([term for term, _ in worst], [rate for _, rate in worst])
    axes.axvline(0.05, color="grey", linestyle=":")
    axes.tick_params(axis="y", labelsize=7)
    axes.set(
        xlabel="false-positive rate (all benign templates together: 5 %)",
        title="Identity terms, worst twenty",
    )
