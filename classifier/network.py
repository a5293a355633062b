"""The arithmetic of a trained model: hashed n-grams summed in whole numbers, a small context layer, calibration.

The log-odds of a label are bias + n-grams + context + signals. The n-grams give a sum of one weight each, divided by
the root of their number. The context is a layer of rectified units that slide over every three neighbouring words, of
which the strongest answer and the mean answer count. Tables and units hold whole numbers small enough that every sum is
exact, so a text scores the same alone and in any batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.features import KNOWN_BITS, ROWS, Grams, Words, grams
from classifier.language import Languages
from classifier.pieces import LONG, MARGIN, cut
from classifier.reread import Lexicon
from classifier.signals import NAMES, Signals, measure
from classifier.text import Views, read_as
from classifier.windows import Windows, slide, summed_up

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
Pieces = tuple[list[tuple[int, int]], Doubles]

POINT = 1 << 16
"""Fixed point of the tables: an entry of 65,536 means one."""

VECTOR_LEVELS, KERNEL_LEVELS = 1023, 170
"""Three vectors of 32 entries times the kernel: 96 x 1,023 x 170 stays below 2^24, exact in single precision."""

_MANY = 2048
_TOGETHER = 64
_BLOCK = 1 << 14


def squeeze(table: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Packs a table into bytes, finer near zero (square-root companding), with one scale per column."""
    scale = np.abs(table).max(axis=0).astype(np.float32) + np.float32(1e-12)
    packed = np.rint(np.sqrt(np.abs(table) / scale) * 127) * np.sign(table)
    return packed.astype(np.int8), scale


def curve() -> Floats:
    """Returns what each byte of a squeezed table means, -1 to 1, addressed by the byte read without its sign."""
    steps = np.roll(np.arange(-128, 128, dtype=np.float32) / 127, 128)
    return np.asarray(np.sign(steps) * steps * steps, np.float32)


def unsqueeze(packed: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.int32]:
    """Unpacks bytes to fixed-point integers."""
    unpacked = curve()[packed.view(np.uint8)]
    unpacked *= scale * np.float32(POINT)
    np.rint(unpacked, out=unpacked)
    return unpacked.astype(np.int32)


def pool(table: NDArray[np.int32], found: Sequence[Grams]) -> NDArray[np.int64]:
    """Sums the table's rows of each text: (texts, columns).

    Runs of at most `_MANY` rows are summed in 32 bits, which longer ones would overflow, and the runs in 64.
    """
    count = len(found[0].indptr) - 1
    rows = np.concatenate([each.rows for each in found])
    sums: NDArray[np.int64]
    if count == 1 and len(rows) <= _BLOCK:
        sums = table.take(rows, axis=0).sum(axis=0, dtype=np.int64)[None]
        return sums
    sizes = np.concatenate([np.diff(each.indptr) for each in found])
    runs = np.maximum(-(-sizes // _MANY), 1)
    first = np.cumsum(runs) - runs
    nth = np.arange(runs.sum()) - np.repeat(first, runs)
    begins = np.repeat(np.cumsum(sizes) - sizes, runs) + nth * _MANY
    ones, indptr = np.ones(len(rows), np.int32), np.append(begins, len(rows)).astype(np.int32)
    summed = sparse.csr_array((ones, rows, indptr), shape=(len(begins), len(table))) @ table
    if len(begins) > len(sizes):
        summed = np.add.reduceat(summed, first, axis=0, dtype=np.int64)
    sums = summed.reshape(len(found), count, -1).sum(axis=0, dtype=np.int64)
    return sums


@dataclass(eq=False)
class Reading:
    """What came of a batch: log-odds and probabilities (texts, labels), and what is known about each text.

    `pieces` holds, by row, where the pieces of a long text lie and the log-odds of each.
    """

    log_odds: NDArray[np.float64]
    pieces: dict[int, Pieces]
    probabilities: NDArray[np.float64]
    languages: list[str | None]
    doubts: list[str | None]
    reads_as: dict[int, str]
    disguise: list[float]


@dataclass(eq=False)
class Sums:
    """A batch read and pooled, before labels are weighed: what a score needs, and what an explanation takes apart."""

    views: Views
    found: list[Grams]
    words: Words
    linear: Doubles
    length: Doubles
    windows: Windows
    strongest: Doubles
    mean: Doubles
    measured: Doubles

    def of(self, row: int) -> Sums:
        """Returns the sums of one text of the batch, as if it had been read alone."""
        if len(self.length) == 1:
            return self
        begin, end = np.searchsorted(self.words.text_of, [row, row + 1]).tolist()
        start, size = int(self.windows.starts[row]), int(self.windows.sizes[row])
        word_of = self.windows.word_of[start : start + size + 2]
        one = slice(row, row + 1)
        return Sums(
            replace(self.views, reread={0: self.views.reread[row]} if row in self.views.reread else {}),
            [each.of(row) for each in self.found],
            Words(
                self.words.hashes[begin:end],
                np.zeros(end - begin, np.int64),
                self.words.begins[begin:end],
                self.words.lasts[begin:end],
            ),
            self.linear[one],
            self.length[one],
            Windows(
                self.windows.row_of[start : start + size + 2],
                np.where(word_of < 0, word_of, word_of - begin),
                np.zeros(1, np.int64),
                self.windows.sizes[one],
                self.windows.answers[:, start : start + size],
            ),
            self.strongest[one],
            self.mean[one],
            self.measured[one],
        )


@dataclass(eq=False)
class Network:
    """Every array of a trained model, ready to score."""

    weights: NDArray[np.int32]
    vectors: NDArray[np.int8]
    meaning: Floats
    kernel: Floats
    unit: float
    known: NDArray[np.uint8]
    lexicon: Lexicon
    bias: Doubles
    signal_weights: Doubles
    hidden_bias: Doubles
    out_weights: Doubles
    slope: Doubles
    offset: Doubles

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Network:
        """Unpacks the arrays of an artifact."""
        return cls(
            weights=unsqueeze(arrays["weights"], arrays["weights_scale"]),
            vectors=arrays["vectors"],
            meaning=np.rint(curve() * VECTOR_LEVELS).astype(np.float32),
            kernel=arrays["kernel"].astype(np.float32),
            unit=float(arrays["unit"][0]),
            known=arrays["known"],
            lexicon=Lexicon.from_arrays(arrays["lexicon_words"], arrays["lexicon_costs"]),
            **{name: arrays[name].astype(np.float64) for name in DENSE},
        )

    def check(self, labels: int) -> None:
        """Raises ValueError, naming the array, where shapes do not fit together or a number is not finite."""
        units, width = len(self.hidden_bias), self.vectors.shape[-1]
        shapes: dict[str, tuple[int, ...]] = {
            "weights": (ROWS, labels),
            "kernel": (3, width, units),
            "known": (1 << KNOWN_BITS,),
            "bias": (labels,),
            "signal_weights": (len(NAMES), labels),
            "hidden_bias": (units,),
            "out_weights": (2 * units, labels),
            "slope": (labels,),
            "offset": (labels,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has the shape {getattr(self, name).shape}, not {shape}")
        rows = self.vectors.shape[0]
        if self.vectors.ndim != 2 or rows & (rows - 1):
            raise ValueError(f"vectors has the shape {self.vectors.shape}, not a power of two of rows")
        for name in (*DENSE, "kernel"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} holds what is no number")
        if not np.isfinite(self.unit):
            raise ValueError("unit holds what is no number")

    def read(self, texts: Sequence[str], signals: Sequence[Signals] | None = None) -> Reading:
        """Scores a batch; of a long text, the whole or, where it is graver by `MARGIN`, its gravest piece."""
        return self.reading(texts, self.sums(texts, signals), signals)

    def reading(self, texts: Sequence[str], sums: Sums, signals: Sequence[Signals] | None = None) -> Reading:
        """Makes the scores of a batch out of its sums."""
        log_odds, pieces = self.gravest(texts, sums, signals)
        languages, doubts = Languages(self.known).judge(texts, sums.views, sums.words)
        return Reading(
            log_odds,
            pieces,
            1 / (1 + np.exp(-np.clip(log_odds, -30, 30))),
            languages,
            doubts,
            sums.views.reread,
            sums.views.disguise().tolist(),
        )

    def gravest(
        self, texts: Sequence[str], sums: Sums, signals: Sequence[Signals] | None = None
    ) -> tuple[Doubles, dict[int, Pieces]]:
        """Returns the log-odds of a batch, of a long text the highest of the whole and its pieces less `MARGIN`.

        The pieces of the long texts come with them, by row.
        """
        log_odds = self.log_odds(sums)
        long = [row for row, text in enumerate(texts) if len(text) > LONG]
        given = None if signals is None else [signals[row] for row in long]
        pieces = dict(zip(long, self._pieces([texts[row] for row in long], given), strict=True))
        for row, (_, each) in pieces.items():
            log_odds[row] = np.maximum(log_odds[row], each.max(axis=0) - MARGIN)
        return log_odds, pieces

    def pieces(self, text: str, signals: Signals | None = None) -> Pieces:
        """Returns where the pieces of a long text lie, and the log-odds of each: (pieces, labels)."""
        return self._pieces([text], None if signals is None else [signals])[0]

    def _pieces(self, texts: Sequence[str], signals: Sequence[Signals] | None) -> list[Pieces]:
        """Reads the pieces of long texts, `_TOGETHER` at a time whosever they are: one by one takes twice as long."""
        places = [cut(text) for text in texts]
        cuts = [text[begin:end] for text, found in zip(texts, places, strict=True) for begin, end in found]
        sizes = [len(found) for found in places]
        known = None if signals is None else np.repeat(np.array(signals, object), sizes).tolist()
        if not cuts:
            return []
        odds = np.concatenate(
            [
                self.log_odds(self.sums(cuts[at : at + _TOGETHER], known and known[at : at + _TOGETHER]))
                for at in range(0, len(cuts), _TOGETHER)
            ]
        )
        return list(zip(places, np.split(odds, np.cumsum(sizes)[:-1]), strict=True))

    def sums(self, texts: Sequence[str], signals: Sequence[Signals] | None = None) -> Sums:
        """Reads a batch, sums its n-grams and slides the units over its words."""
        views = read_as(texts, self.lexicon)
        found, words = grams(views)
        pooled = pool(self.weights, found)
        counts = np.diff(sum(each.indptr for each in found))
        windows = slide(self, words, len(texts))
        strongest, mean = summed_up(windows)
        return Sums(
            views,
            found,
            words,
            pooled / POINT,
            np.sqrt(np.maximum(counts, 1))[:, None],
            windows,
            np.maximum(strongest, 0),
            mean / np.sqrt(windows.sizes)[:, None],
            measure(texts, views, signals).astype(np.float64),
        )

    def log_odds(self, sums: Sums) -> Doubles:
        """Weighs the sums of a batch into calibrated log-odds (texts, labels)."""
        raw = sums.linear / sums.length + sums.measured @ self.signal_weights + self.bias
        raw += np.concatenate((sums.strongest, sums.mean), axis=1) @ self.out_weights
        calibrated: Doubles = raw * self.slope + self.offset
        return calibrated


DENSE = ("bias", "signal_weights", "hidden_bias", "out_weights", "slope", "offset")
