"""The pictures of the model card: calibration, precision over recall, identity terms."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABELS
from classifier.training.data import Corpus
from classifier.training.evaluate import NEWS

Doubles = NDArray[np.float64]


def draw(corpus: Corpus, chances: Doubles, terms: list[tuple[str, float]], directory: Path) -> list[str]:
    """Draws every picture into `directory` and returns the file names."""
    import matplotlib as mpl

    mpl.rcParams["svg.hashsalt"] = "replydesk"
    directory.mkdir(parents=True, exist_ok=True)
    drawn = []
    pictures: list[tuple[str, Any]] = [
        ("calibration.png", partial(_calibration, corpus=corpus, chances=chances)),
        ("precision_recall.png", partial(_precision_recall, corpus=corpus, chances=chances)),
        ("identity_terms.png", partial(_terms, terms=terms)),
    ]
    for name, work in pictures:
        from matplotlib.figure import Figure

        figure: Any = Figure(figsize=(7, 4.5), dpi=110, layout="constrained")
        work(figure.add_subplot())
        figure.savefig(directory / name, metadata={"Software": None})
        drawn.append(name)
    return drawn


def _calibration(axes: Any, corpus: Corpus, chances: Doubles) -> None:
    """Observed rate over predicted probability on Wikipedia comments, 15 bins."""
    inside = corpus.sources == "jigsaw"
    for column, label in ((0, LABELS[0]), (2, LABELS[2]), (4, LABELS[4])):
        known = inside & ~np.isnan(corpus.labels[:, column])
        which = np.minimum((chances[known, column] * 15).astype(int), 14)
        count = np.bincount(which, minlength=15)
        filled = count >= 10
        predicted = np.bincount(which, weights=chances[known, column], minlength=15)[filled] / count[filled]
        observed = (
            np.bincount(which, weights=corpus.labels[known, column], minlength=15)[filled] / count[filled]
        )
        axes.plot(predicted, observed, marker="o", label=label)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    axes.set(
        xlabel="predicted probability",
        ylabel="share that raters marked",
        title="Calibration, Wikipedia comments",
    )
    axes.legend()


def _precision_recall(axes: Any, corpus: Corpus, chances: Doubles) -> None:
    """Precision over recall per source."""
    for source, column in (("jigsaw", 0), *((source, 0) for source in NEWS), ("youtube_spam", 6)):
        known = (corpus.sources == source) & ~np.isnan(corpus.labels[:, column])
        if not known.any():
            continue
        order = np.argsort(-chances[known, column], kind="stable")
        truth = corpus.labels[known, column][order] >= 0.5
        caught = np.cumsum(truth)
        axes.plot(
            caught / caught[-1], caught / np.arange(1, len(truth) + 1), label=f"{source}: {LABELS[column]}"
        )
    axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02), title="Precision over recall")
    axes.legend()


def _terms(axes: Any, terms: list[tuple[str, float]]) -> None:
    """False-positive rate of the twenty worst identity terms."""
    worst = terms[:20][::-1]
    axes.barh([term for term, _ in worst], [rate for _, rate in worst])
    axes.axvline(0.05, color="grey", linestyle=":")
    axes.tick_params(axis="y", labelsize=7)
    axes.set(
        xlabel="false-positive rate (all benign templates together: 5 %)",
        title="Identity terms, worst twenty",
    )
