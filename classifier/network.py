"""The arithmetic of a trained model: hashed n-grams summed in whole numbers, a small context layer, calibration.

The log-odds of a label are bias + words + context + signals. `words` is a sum of one weight per n-gram divided by the
length of the text's vector; `context` is a layer of rectified units over the mean of the words' vectors. Tables hold
fixed-point integers, so sums are exact and a text scores the same alone and in any batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from classifier.features import WORDS_FROM, Grams, Words, grams
from classifier.language import Languages
from classifier.signals import Signals, measure
from classifier.text import Lexicon, Views, read_as

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINT = 1 << 16
"""Fixed point of the tables: an entry of 65,536 means one."""

_SMALL = 4


def squeeze(table: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Packs a table into bytes, finer near zero (square-root companding), with one scale per column."""
    scale = np.abs(table).max(axis=0).astype(np.float32) + np.float32(1e-12)
    packed = np.rint(np.sqrt(np.abs(table) / scale) * 127) * np.sign(table)
    return packed.astype(np.int8), scale


def unsqueeze(packed: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.int32]:
    """Unpacks bytes to fixed-point integers."""
    steps = np.arange(-128, 128, dtype=np.float64) / 127
    curve = np.sign(steps) * steps * steps * POINT
    out = np.empty(packed.shape, np.int32)
    for column in range(packed.shape[1]):
        meaning = np.rint(curve * scale[column]).astype(np.int32)
        out[:, column] = np.roll(meaning, 128)[packed[:, column].view(np.uint8)]
    return out


def pool(table: NDArray[np.int32], rows: NDArray[np.int32], indptr: NDArray[np.int32]) -> NDArray[np.int32]:
    """Sums the table's rows of each text: (texts, columns)."""
    count = len(indptr) - 1
    if count <= _SMALL:
        parts = [table[rows[indptr[d] : indptr[d + 1]]].sum(axis=0, dtype=np.int32) for d in range(count)]
        return np.stack(parts)
    ones = np.ones(len(rows), np.int32)
    matrix = sparse.csr_array((ones, rows, indptr), shape=(count, len(table)))
    pooled: NDArray[np.int32] = matrix @ table
    return pooled


@dataclass(eq=False)
class Reading:
    """What came of a batch: log-odds and probabilities (texts, labels), and what is known about each text."""

    log_odds: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    languages: list[str | None]
    doubts: list[str | None]
    reads_as: dict[int, str]
    disguise: list[float]


@dataclass(eq=False)
class Sums:
    """The pooled sums of a batch before any weighting, with what an explanation needs to take them apart again."""

    views: Views
    found: list[Grams]
    words: Words
    linear: NDArray[np.float64]
    length: NDArray[np.float64]
    context: NDArray[np.float64]
    context_length: NDArray[np.float64]
    measured: NDArray[np.float64]


@dataclass(eq=False)
class Network:
    """Every array of a trained model, ready to score."""

    weights: NDArray[np.int32]
    vectors: NDArray[np.int32]
    known: NDArray[np.uint8]
    lexicon: Lexicon
    bias: NDArray[np.float64]
    signal_weights: NDArray[np.float64]
    hidden_weights: NDArray[np.float64]
    hidden_bias: NDArray[np.float64]
    out_weights: NDArray[np.float64]
    slope: NDArray[np.float64]
    offset: NDArray[np.float64]

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Network:
        """Unpacks the arrays of an artifact."""
        return cls(
            weights=unsqueeze(arrays["weights"], arrays["weights_scale"]),
            vectors=unsqueeze(arrays["vectors"], arrays["vectors_scale"]),
            known=arrays["known"],
            lexicon=Lexicon.from_arrays(arrays["lexicon_words"], arrays["lexicon_costs"]),
            **{name: arrays[name].astype(np.float64) for name in DENSE},
        )

    def read(self, texts: Sequence[str], signals: Sequence[Signals] | None = None) -> Reading:
        """Scores a batch."""
        sums = self.sums(texts, signals)
        log_odds = self.log_odds(sums)
        languages, doubts = Languages(self.known).judge(texts, sums.views, sums.words)
        return Reading(
            log_odds,
            1 / (1 + np.exp(-np.clip(log_odds, -30, 30))),
            languages,
            doubts,
            sums.views.reread,
            sums.views.disguise().tolist(),
        )

    def sums(self, texts: Sequence[str], signals: Sequence[Signals] | None = None) -> Sums:
        """Reads a batch and pools its n-grams."""
        views = read_as(texts, self.lexicon)
        found, words = grams(views)
        measured = measure(texts, views, signals).astype(np.float64)
        pooled = sum(pool(self.weights, each.rows, each.indptr) for each in found) / POINT
        near = [each for each in found if each.kind in CONTEXT_KINDS]
        vectors = (
            sum(pool(self.vectors, context_rows(each, len(self.vectors)), each.indptr) for each in near)
            / POINT
        )
        lengths = sum(np.diff(each.indptr) for each in near)
        return Sums(
            views,
            found,
            words,
            pooled[:, :-1],
            np.sqrt(np.maximum(pooled[:, -1:], 1)),
            vectors,
            np.sqrt(np.maximum(lengths, 1))[:, None],
            measured,
        )

    def log_odds(self, sums: Sums) -> NDArray[np.float64]:
        """Turns pooled sums into calibrated log-odds (texts, labels)."""
        hidden = (sums.context / sums.context_length) @ self.hidden_weights + self.hidden_bias
        raw = sums.linear / sums.length + sums.measured @ self.signal_weights + self.bias
        raw += np.maximum(hidden, 0) @ self.out_weights
        calibrated: NDArray[np.float64] = raw * self.slope + self.offset
        return calibrated


DENSE = (
    "bias", "signal_weights", "hidden_weights", "hidden_bias", "out_weights", "slope", "offset",
)  # fmt: skip
CONTEXT_KINDS = ("w1", "w2")


def context_rows(found: Grams, size: int) -> NDArray[np.int32]:
    """Gives the rows of the vector table for word n-grams: their hash, cut to the table's size."""
    rows: NDArray[np.int32] = (found.rows - np.int32(WORDS_FROM)) & np.int32(size - 1)
    return rows
