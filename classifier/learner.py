"""The learner: adaptive gradient descent from soft labels to the arrays of a `Network`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator

from classifier.features import ROWS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

MOST_WORDS = 300
"""Learning reads this many words of a text."""

_ORIGIN_PACE = np.float32(3)
"""A source's own bias moves so much faster than the other small arrays: it has few steps to get where it belongs."""


@dataclass(eq=False)
class Bags:
    """Texts as the learner eats them.

    The table rows of text `d` are `rows[indptr[d]:indptr[d + 1]]`, its words' hashes
    `hashes[word_indptr[d]:word_indptr[d + 1]]`; `signals` is dense.
    """

    rows: NDArray[np.int32]
    indptr: Ints
    hashes: NDArray[np.uint32]
    word_indptr: Ints
    signals: Floats

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def part(self, begin: int, end: int) -> Bags:
        """Returns texts `begin` to `end`, without copying their rows."""
        return Bags(
            self.rows,
            self.indptr[begin : end + 1],
            self.hashes,
            self.word_indptr[begin : end + 1],
            self.signals[begin:end],
        )


class NgramNetwork(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Learns label probabilities from n-grams and word order: a linear table, sliding units, and signals.

    Rare rows learn little: each row's steps shrink with the root of `ballast` plus its squared gradients so far.
    `fit` takes soft targets in 0..1, NaN where nothing is known.
    """

    def __init__(
        self,
        dimensions: int = 32,
        units: int = 64,
        vector_bits: int = 18,
        epochs: int = 2,
        batch: int = 512,
        rate: float = 0.5,
        vector_rate: float = 0.1,
        dense_rate: float = 2e-3,
        ballast: float = 1e-2,
        vector_ballast: float = 1e-4,
        drop: float = 0.3,
        row_drop: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.units = units
        self.vector_bits = vector_bits
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.vector_rate = vector_rate
        self.dense_rate = dense_rate
        self.ballast = ballast
        self.vector_ballast = vector_ballast
        self.drop = drop
        self.row_drop = row_drop
        self.random_state = random_state

    def fit(
        self,
        X: Bags,
        y: Floats,
        sample_weight: Floats | None = None,
        last_weight: Floats | None = None,
        origins: NDArray[np.int64] | None = None,
        start: tuple[NDArray[np.uint32], Floats] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Fits the tables; `start` gives word hashes and vectors to begin from, `progress(done, total)` is told.

        Weights are (texts, 1) or (texts, labels); `last_weight` are those of the last pass. `origins` number the texts'
        sources: each but number 0 learns how much more it calls the first label than number 0 does, which is forgotten.
        """
        rng = np.random.default_rng(self.random_state)
        known = ~np.isnan(y)
        mask = (known * (1 if sample_weight is None else sample_weight)).astype(np.float32)
        last = mask if last_weight is None else (known * last_weight).astype(np.float32)
        wanted = np.where(known, y, 0).astype(np.float32)
        self._origins = np.zeros(len(X), np.int64) if origins is None else origins
        self._begin(
            rng,
            (wanted * mask).sum(axis=0) / mask.sum(axis=0),
            X.signals.shape[1],
            start,
        )
        batches = -(-len(X) // self.batch)
        total = batches * self.epochs
        for epoch in range(self.epochs):
            for done, number in enumerate(rng.permutation(batches), start=epoch * batches):
                begin, end = number * self.batch, min((number + 1) * self.batch, len(X))
                batch = _Batch(X, begin, end, self.vector_bits, (self.row_drop, self.drop), rng)
                self._step(batch, wanted, mask if epoch < self.epochs - 1 else last, 1 - done / total)
                if progress is not None:
                    progress(done + 1, total)
        del self._seen, self._seen_vectors, self._first, self._second, self._origins, self.dense_["origins"]
        return self

    def decision_function(self, X: Bags) -> NDArray[np.float64]:
        """Returns uncalibrated log-odds: (texts, labels)."""
        ends = [(begin, min(begin + 2048, len(X))) for begin in range(0, len(X), 2048)]
        parts = [self._forward(_Batch(X, begin, end, self.vector_bits)).raw for begin, end in ends]
        return np.concatenate(parts).astype(np.float64)

    def _begin(
        self,
        rng: np.random.Generator,
        base: Floats,
        signals: int,
        start: tuple[NDArray[np.uint32], Floats] | None,
    ) -> None:
        """Sets every array to where learning begins."""
        labels, rows = len(base), 1 << self.vector_bits
        base = np.clip(base, 1e-4, 1 - 1e-4)
        self.weights_ = np.zeros((ROWS, labels), np.float32)
        self.vectors_ = rng.normal(0, 0.1, (rows, self.dimensions)).astype(np.float32)
        if start is not None:
            hashes, vectors = start
            self.vectors_ *= np.float32(0.3)
            scale = np.float32(0.15 / vectors[:, : self.dimensions].std())
            self.vectors_[hashes >> np.uint32(32 - self.vector_bits)] = vectors[:, : self.dimensions] * scale
        kernel = rng.normal(0, np.sqrt(1 / self.dimensions), (3, self.dimensions, self.units))
        kernel[[0, 2]] *= 0.5
        self.dense_ = {
            "bias": np.log(base / (1 - base)).astype(np.float32),
            "signal_weights": np.zeros((signals, labels), np.float32),
            "kernel": kernel.astype(np.float32),
            "hidden_bias": np.zeros(self.units, np.float32),
            "out_weights": rng.normal(0, 0.05, (2 * self.units, labels)).astype(np.float32),
            "origins": np.zeros(self._origins.max() + 1, np.float32),
        }
        self._seen = np.full((ROWS, labels), self.ballast, np.float32)
        self._seen_vectors = np.full((rows, 1), self.vector_ballast, np.float32)
        self._first = {name: np.zeros_like(array) for name, array in self.dense_.items()}
        self._second = {name: np.zeros_like(array) for name, array in self.dense_.items()}
        self._steps = 0

    def _forward(self, batch: _Batch) -> _Pass:
        """Computes the log-odds of a batch, keeping what the way back needs."""
        dense = self.dense_
        vectors = batch.padded(self.vectors_)
        answers = vectors[:-2] @ dense["kernel"][0]
        answers += vectors[1:-1] @ dense["kernel"][1]
        answers += vectors[2:] @ dense["kernel"][2]
        answers += dense["hidden_bias"]
        strongest = batch.strongest(answers)
        mean = (batch.windows @ np.maximum(answers, 0)) * batch.window_scale
        units = np.concatenate((np.maximum(strongest, 0), mean), axis=1)
        raw = batch.linear.pooled(self.weights_) + batch.signals @ dense["signal_weights"] + dense["bias"]
        return _Pass(raw + units @ dense["out_weights"], vectors, answers, strongest, units)

    def _step(self, batch: _Batch, wanted: Floats, mask: Floats, size: float) -> None:
        """Takes one step down the cross-entropy of a batch."""
        run = self._forward(batch)
        inside = slice(batch.begin, batch.end)
        origins = self._origins[inside]
        run.raw[:, 0] += _ORIGIN_PACE * self.dense_["origins"][origins]
        slope = (1 / (1 + np.exp(-run.raw)) - wanted[inside]) * mask[inside]
        into_units = slope @ self.dense_["out_weights"].T
        into_answers = self._into_answers(batch, run, into_units)
        kernel = self.dense_["kernel"]
        vectors = run.vectors
        into_kernel = np.stack([vectors[at : at + len(into_answers)].T @ into_answers for at in range(3)])
        into_vectors = np.zeros_like(vectors)
        for at in range(3):
            into_vectors[at : at + len(into_answers)] += into_answers @ kernel[at].T
        self._descend(
            self.weights_,
            self._seen,
            batch.linear.used,
            batch.linear.back(slope),
            self.rate * size,
        )
        rows, slopes = batch.into_rows(into_vectors)
        self._descend(self.vectors_, self._seen_vectors, rows, slopes, self.vector_rate * size)
        slopes_of = {
            "bias": slope.sum(axis=0),
            "signal_weights": batch.signals.T @ slope,
            "kernel": into_kernel,
            "hidden_bias": into_answers.sum(axis=0),
            "out_weights": run.units.T @ slope,
            "origins": np.bincount(origins, slope[:, 0], len(self.dense_["origins"])).astype(np.float32),
        }
        slopes_of["origins"][0] = 0
        self._adam(
            {name: each / np.float32(len(slope)) for name, each in slopes_of.items()},
            size,
        )

    def _into_answers(self, batch: _Batch, run: _Pass, into_units: Floats) -> Floats:
        """Carries slopes back through the strongest and the mean answer."""
        units = self.units
        into_strongest = into_units[:, :units] * (run.strongest > 0)
        into_answers = np.repeat(into_strongest, batch.sizes, axis=0)
        into_answers *= run.answers == np.repeat(run.strongest, batch.sizes, axis=0)
        into_mean = into_units[:, units:] * batch.window_scale
        into_answers += np.repeat(into_mean, batch.sizes, axis=0) * (run.answers > 0)
        return into_answers

    @staticmethod
    def _descend(table: Floats, seen: Floats, rows: Ints, slopes: Floats, rate: float) -> None:
        """Moves some rows of a table by Adagrad, one pace per entry or per row as `seen` is shaped."""
        squared = slopes * slopes
        past = seen[rows]
        past += squared if seen.shape[1] > 1 else squared.mean(axis=1, keepdims=True)
        seen[rows] = past
        table[rows] -= slopes / np.sqrt(past) * np.float32(rate)

    def _adam(self, slopes: dict[str, Floats], pace: float) -> None:
        """Moves the small dense arrays by Adam."""
        self._steps += 1
        for name, slope in slopes.items():
            first, second = self._first[name], self._second[name]
            first += np.float32(0.1) * (slope - first)
            second += np.float32(0.001) * (slope * slope - second)
            size = np.sqrt(second / (1 - 0.999**self._steps)) + 1e-8
            self.dense_[name] -= np.float32(self.dense_rate * pace) * (first / (1 - 0.9**self._steps)) / size


class _Batch:
    """Some texts laid out for the network: their rows, and their words with two empty places before each text."""

    def __init__(
        self,
        bags: Bags,
        begin: int,
        end: int,
        bits: int,
        drops: tuple[float, float] = (0.0, 0.0),
        rng: np.random.Generator | None = None,
    ) -> None:
        self.begin, self.end = begin, end
        rows = bags.rows[bags.indptr[begin] : bags.indptr[end]]
        indptr = (bags.indptr[begin : end + 1] - bags.indptr[begin]).astype(np.int32)
        self.linear = _Pooled(rows, indptr, drops[0], rng)
        self.signals = bags.signals[begin:end]
        count = end - begin
        words = np.minimum(np.diff(bags.word_indptr[begin : end + 1]), MOST_WORDS)
        before = np.cumsum(words) - words
        total = int(words.sum())
        taken = np.repeat(bags.word_indptr[begin:end] - before, words) + np.arange(total)
        self.place = np.repeat(2 * (np.arange(count) + 1), words) + np.arange(total)
        self.rows = (bags.hashes[taken] >> np.uint32(32 - bits)).astype(np.int64)
        if rng is not None and drops[1]:
            kept = rng.random(total, dtype=np.float32) >= drops[1]
            self.place, self.rows = self.place[kept], self.rows[kept]
        self.places = total + 2 * count + 2
        self.starts = before + 2 * np.arange(count)
        self.sizes = words + 2
        ends = np.append(self.starts, self.places - 2)
        ones = np.ones(self.places - 2, np.float32)
        self.windows = sparse.csr_array(
            (ones, np.arange(self.places - 2), ends), shape=(count, self.places - 2)
        )
        self.window_scale = (1 / np.sqrt(self.sizes)).astype(np.float32)[:, None]

    def strongest(self, answers: Floats) -> Floats:
        """Takes the strongest answer of each text; numpy's own reduceat is eight times slower down the columns."""
        found = np.empty((len(self.starts), answers.shape[1]), np.float32)
        for row, (begin, size) in enumerate(zip(self.starts.tolist(), self.sizes.tolist(), strict=True)):
            np.maximum.reduce(answers[begin : begin + size], axis=0, out=found[row])
        return found

    def padded(self, table: Floats) -> Floats:
        """Lays out the words' vectors."""
        vectors = np.zeros((self.places, table.shape[1]), np.float32)
        vectors[self.place] = table[self.rows]
        return vectors

    def into_rows(self, slopes: Floats) -> tuple[Ints, Floats]:
        """Adds up the slopes of the places that share a row."""
        used, number = np.unique(self.rows, return_inverse=True)
        count = len(number)
        ones = np.ones(count, np.float32)
        matrix = sparse.csc_array((ones, number, np.arange(count + 1)), shape=(len(used), count))
        return used, matrix @ slopes[self.place]


class _Pooled:
    """Some texts' rows of the linear table, renumbered to those in use, and scaled by the root of their number."""

    def __init__(
        self,
        rows: NDArray[np.int32],
        indptr: NDArray[np.int32],
        drop: float,
        rng: np.random.Generator | None,
    ) -> None:
        mark = np.zeros(ROWS, bool)
        mark[rows] = True
        self.used = np.flatnonzero(mark)
        number = np.zeros(ROWS, np.int32)
        number[self.used] = np.arange(len(self.used), dtype=np.int32)
        shares = np.ones(len(rows), np.float32)
        if rng is not None and drop:
            shares = (rng.random(len(rows), dtype=np.float32) >= drop).astype(np.float32) / np.float32(
                1 - drop
            )
        self.matrix = sparse.csr_array(
            (shares, number[rows], indptr), shape=(len(indptr) - 1, len(self.used))
        )
        self.scale = (1 / np.sqrt(np.maximum(np.diff(indptr), 1))).astype(np.float32)[:, None]

    def pooled(self, table: Floats) -> Any:
        """Sums the table's rows of each text, scaled."""
        return (self.matrix @ table[self.used]) * self.scale

    def back(self, slope: Any) -> Any:
        """Carries slopes back to the rows in use."""
        return self.matrix.T @ (slope * self.scale)


@dataclass(eq=False)
class _Pass:
    """What one way forward leaves for the way back."""

    raw: Floats
    vectors: Floats
    answers: Floats
    strongest: Floats
    units: Floats
