"""The learner: one pass of adaptive gradient descent from soft labels to the arrays of a `Network`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator

from classifier.features import GAPS_FROM, ROWS, WORDS_FROM

Floats = NDArray[np.float32]


@dataclass(eq=False)
class Bags:
    """Texts as bags of table rows: those of text `d` are `rows[indptr[d]:indptr[d + 1]]`; `signals` is dense."""

    rows: NDArray[np.int32]
    indptr: NDArray[np.int64]
    signals: Floats

    def __len__(self) -> int:
        return len(self.indptr) - 1


class NgramNetwork(BaseEstimator):
    """Learns label probabilities from bags of n-grams: a linear table, a layer over word vectors, and signals.

    Rare rows learn little: each row's steps shrink with the root of `ballast` plus its squared gradients so far.
    `fit` takes soft targets in 0..1, NaN where nothing is known.
    """

    def __init__(
        self,
        dimensions: int = 32,
        hidden: int = 64,
        vector_bits: int = 18,
        epochs: int = 1,
        batch: int = 1024,
        rate: float = 0.5,
        vector_rate: float = 0.1,
        ballast: float = 1e-2,
        vector_ballast: float = 1e-4,
        drop: float = 0.3,
        random_state: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.hidden = hidden
        self.vector_bits = vector_bits
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.vector_rate = vector_rate
        self.ballast = ballast
        self.vector_ballast = vector_ballast
        self.drop = drop
        self.random_state = random_state

    def fit(
        self,
        bags: Bags,
        targets: Floats,
        sample_weight: Floats | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Fits the tables; `progress(done, total)` is called after each batch."""
        rng = np.random.default_rng(self.random_state)
        self._start(rng, targets, bags.signals.shape[1])
        known = ~np.isnan(targets)
        wanted = np.where(known, targets, 0).astype(np.float32)
        weight = np.ones(len(bags), np.float32) if sample_weight is None else sample_weight
        mask = known * weight[:, None]
        batches = -(-len(bags) // self.batch)
        total = batches * self.epochs
        for epoch in range(self.epochs):
            for done, number in enumerate(rng.permutation(batches)):
                self._step_size = 1 - (epoch * batches + done) / total
                begin, end = number * self.batch, min((number + 1) * self.batch, len(bags))
                self._step(bags, begin, end, wanted[begin:end], mask[begin:end], rng)
                if progress is not None:
                    progress(epoch * batches + done + 1, total)
        return self

    def decision_function(self, bags: Bags) -> NDArray[np.float64]:
        """Returns uncalibrated log-odds: (texts, labels)."""
        out = [
            self._forward(bags, begin, min(begin + 4096, len(bags)), None).raw
            for begin in range(0, len(bags), 4096)
        ]
        return np.concatenate(out).astype(np.float64)

    def _start(self, rng: np.random.Generator, targets: Floats, signals: int) -> None:
        """Sets every array to where learning begins."""
        labels = targets.shape[1]
        base = np.clip(np.nanmean(targets, axis=0), 1e-4, 1 - 1e-4)
        self.weights_ = np.zeros((ROWS, labels), np.float32)
        self.vectors_ = rng.normal(0, 0.1, (1 << self.vector_bits, self.dimensions)).astype(np.float32)
        self._seen = np.full((ROWS, labels), self.ballast, np.float32)
        self._seen_vectors = np.full((1 << self.vector_bits, 1), self.vector_ballast, np.float32)
        self.dense_ = {
            "bias": np.log(base / (1 - base)).astype(np.float32),
            "signal_weights": np.zeros((signals, labels), np.float32),
            "hidden_weights": rng.normal(
                0, np.sqrt(2 / self.dimensions), (self.dimensions, self.hidden)
            ).astype(np.float32),
            "hidden_bias": np.zeros(self.hidden, np.float32),
            "out_weights": rng.normal(0, 0.05, (self.hidden, labels)).astype(np.float32),
        }
        self._first = {name: np.zeros_like(array) for name, array in self.dense_.items()}
        self._second = {name: np.zeros_like(array) for name, array in self.dense_.items()}
        self._steps = 0

    def _forward(self, bags: Bags, begin: int, end: int, rng: np.random.Generator | None) -> _Pass:
        """Computes the log-odds of some texts, keeping what the way back needs."""
        rows = bags.rows[bags.indptr[begin] : bags.indptr[end]]
        indptr = (bags.indptr[begin : end + 1] - bags.indptr[begin]).astype(np.int32)
        near = (rows >= WORDS_FROM) & (rows < GAPS_FROM)
        counted = np.concatenate(([0], np.cumsum(near)))
        linear = _Pooled(rows, indptr, ROWS)
        context_rows = (rows[near] - WORDS_FROM) & ((1 << self.vector_bits) - 1)
        keep = (
            None
            if rng is None or not self.drop
            else rng.random(len(context_rows), dtype=np.float32) >= self.drop
        )
        context = _Pooled(
            context_rows, counted[indptr].astype(np.int32), 1 << self.vector_bits, keep, self.drop
        )
        dense = self.dense_
        mean = context.pooled(self.vectors_)
        before = mean @ dense["hidden_weights"] + dense["hidden_bias"]
        after = np.maximum(before, 0)
        signals = bags.signals[begin:end]
        raw = linear.pooled(self.weights_) + signals @ dense["signal_weights"] + dense["bias"]
        return _Pass(raw + after @ dense["out_weights"], linear, context, mean, before, after, signals)

    def _step(
        self, bags: Bags, begin: int, end: int, wanted: Floats, mask: Floats, rng: np.random.Generator
    ) -> None:
        """Takes one step down the cross-entropy of one batch."""
        run = self._forward(bags, begin, end, rng)
        slope = (1 / (1 + np.exp(-run.raw)) - wanted) * mask
        linear = run.linear.back(slope)
        seen = self._seen[run.linear.used] + linear * linear
        self._seen[run.linear.used] = seen
        self.weights_[run.linear.used] -= self.rate * self._step_size * linear / np.sqrt(seen)
        hidden = (slope @ self.dense_["out_weights"].T) * (run.before > 0)
        context = run.context.back(hidden @ self.dense_["hidden_weights"].T)
        seen = self._seen_vectors[run.context.used] + (context * context).mean(axis=1, keepdims=True)
        self._seen_vectors[run.context.used] = seen
        self.vectors_[run.context.used] -= self.vector_rate * self._step_size * context / np.sqrt(seen)
        count = np.float32(len(slope))
        self._adam(
            {
                "bias": slope.mean(axis=0),
                "signal_weights": run.signals.T @ slope / count,
                "hidden_weights": run.mean.T @ hidden / count,
                "hidden_bias": hidden.mean(axis=0),
                "out_weights": run.after.T @ slope / count,
            }
        )

    def _adam(self, slopes: dict[str, Floats]) -> None:
        """Moves the small dense arrays by Adam."""
        self._steps += 1
        for name, slope in slopes.items():
            first, second = self._first[name], self._second[name]
            first += 0.1 * (slope - first)
            second += 0.001 * (slope * slope - second)
            size = np.sqrt(second / (1 - 0.999**self._steps)) + 1e-8
            self.dense_[name] -= 2e-3 * self._step_size * (first / (1 - 0.9**self._steps)) / size


class _Pooled:
    """Some texts' rows, renumbered to those in use, and scaled by the root of their number."""

    def __init__(
        self,
        rows: NDArray[np.int32],
        indptr: NDArray[np.int32],
        size: int,
        keep: Any = None,
        drop: float = 0.0,
    ) -> None:
        mark = np.zeros(size, bool)
        mark[rows] = True
        self.used = np.flatnonzero(mark)
        number = np.zeros(size, np.int32)
        number[self.used] = np.arange(len(self.used), dtype=np.int32)
        data = (
            np.ones(len(rows), np.float32) if keep is None else keep.astype(np.float32) / np.float32(1 - drop)
        )
        self.matrix = sparse.csr_array((data, number[rows], indptr), shape=(len(indptr) - 1, len(self.used)))
        self.scale = (1 / np.sqrt(np.maximum(np.diff(indptr), 1))).astype(np.float32)[:, None]

    def pooled(self, table: Floats) -> Floats:
        """Sums the table's rows of each text, scaled."""
        out: Floats = (self.matrix @ table[self.used]) * self.scale
        return out

    def back(self, slope: Floats) -> Floats:
        """Carries slopes back to the rows in use."""
        out: Floats = self.matrix.T @ (slope * self.scale)
        return out


@dataclass(eq=False)
class _Pass:
    """What one way forward leaves for the way back."""

    raw: Floats
    linear: _Pooled
    context: _Pooled
    mean: Floats
    before: Floats
    after: Floats
    signals: Floats
