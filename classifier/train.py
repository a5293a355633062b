"""Training: from a directory of data to a model directory, the same bytes for the same seed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import artifact, data, prepare
from classifier.calibrate import AffineCalibrator
from classifier.learner import Bags, NgramNetwork
from classifier.model import LABELS
from classifier.network import squeeze
from classifier.reread import Lexicon

RELEASED = "2026.11"
TRUST = 0.4
HELD_BACK = 25
"""One text in so many is kept from the learner, for calibration."""


def main(data_directory: Path, out: Path, seed: int = 0, quiet: bool = False) -> int:
    """Trains a model from `data_directory` into `out`; returns 0, or 2 with one clear line when the data is missing."""
    try:
        arrays, facts = train(data_directory, seed, quiet)
    except data.DataError as error:
        print(f"cannot train: {error}", file=sys.stderr)
        return 2
    digest = artifact.write(out, arrays, facts)
    print(f"model {RELEASED}-{digest[:8]} sha256 {digest} in {out}")
    return 0


def train(directory: Path, seed: int, quiet: bool = False) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Returns the arrays and the manifest's facts of a freshly trained model."""
    from rich.progress import Progress

    with Progress(disable=quiet) as progress:
        reading = progress.add_task("reading data")
        corpus = data.training(directory)
        rng = np.random.default_rng(seed)
        corpus = corpus.take(rng.permutation(len(corpus)))
        progress.update(reading, total=1, completed=1)
        lexicon_words, lexicon_costs = prepare.lexicon_of(corpus)
        lexicon = Lexicon.from_arrays(lexicon_words, lexicon_costs)
        hashing = progress.add_task("hashing n-grams", total=len(corpus))
        bags, hashes = prepare.bags_of(corpus.texts, lexicon, lambda done: progress.advance(hashing, done))
        known = prepare.known_words(hashes, corpus.languages)
        held = np.arange(len(corpus)) >= len(corpus) - len(corpus) // HELD_BACK
        learning = progress.add_task("learning")
        learner = NgramNetwork(random_state=seed)
        learner.fit(
            part(bags, 0, int((~held).sum())),
            prepare.soft_targets(corpus, TRUST)[~held],
            progress=lambda done, total: progress.update(learning, completed=done, total=total),
        )
    arrays = pack(learner)
    arrays |= {"known": known, "lexicon_words": lexicon_words, "lexicon_costs": lexicon_costs}
    arrays |= calibration(arrays, corpus.take(np.flatnonzero(held)))
    facts = {
        "released": RELEASED,
        "labels": list(LABELS),
        "seed": seed,
        "numpy": np.__version__,
        "learner": {name: value for name, value in learner.get_params().items()},
    }
    return arrays, facts


def part(bags: Bags, begin: int, end: int) -> Bags:
    """Returns texts `begin` to `end` of the bags, without copying their rows."""
    return Bags(bags.rows, bags.indptr[begin : end + 1], bags.signals[begin:end])


def pack(learner: NgramNetwork) -> dict[str, NDArray[Any]]:
    """Packs a fitted learner into an artifact's arrays; the last column of the weights counts rows, for the length."""
    weights, weights_scale = squeeze(learner.weights_)
    counted = np.full((len(weights), 1), 127, np.int8)
    vectors, vectors_scale = squeeze(learner.vectors_)
    arrays: dict[str, NDArray[Any]] = {
        "weights": np.concatenate((weights, counted), axis=1),
        "weights_scale": np.append(weights_scale, np.float32(1)),
        "vectors": vectors,
        "vectors_scale": vectors_scale,
        "slope": np.ones(len(LABELS), np.float32),
        "offset": np.zeros(len(LABELS), np.float32),
    }
    return arrays | learner.dense_


def calibration(arrays: dict[str, NDArray[Any]], held: data.Corpus) -> dict[str, NDArray[Any]]:
    """Fits slope and offset per label on texts that the learner has not seen, scored by the packed model itself."""
    from classifier.network import Network

    network = Network.from_arrays(arrays)
    odds = np.concatenate(
        [
            network.log_odds(network.sums(held.texts[begin : begin + 512]))
            for begin in range(0, len(held), 512)
        ]
    )
    labels = held.labels.astype(np.float64)
    labels[:, :-1][held.sources != "jigsaw"] = np.nan
    fitted = AffineCalibrator().fit(odds, labels)
    return {"slope": fitted.slope_, "offset": fitted.offset_}
