"""The context layer: rectified units that slide over every three neighbouring words of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from classifier.features import Words
    from classifier.network import Network

Floats = NDArray[np.float32]

_STRETCH, _SLICE = 8192, 512
"""Windows whose distinct rows are multiplied together, and windows that are added up together, in the nearest cache."""
_TEXTS = 64
_KEYS, _FEW = 1 << 15, 256


@dataclass(eq=False)
class Windows:
    """The units' answers to every three neighbouring words of a batch.

    `row_of` is the vector-table row of each padded place, -1 for padding; window `i` covers places `i` to `i + 2`;
    text `d` owns windows `starts[d]` to `starts[d] + sizes[d]`. `answers` is (units, windows), before rectifying.
    """

    row_of: NDArray[np.int64]
    word_of: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    answers: Floats


def slide(network: Network, words: Words, count: int) -> Windows:
    """Lays the words out, two empty places before each text and after the last, and slides the units over them."""
    sizes = np.bincount(words.text_of, minlength=count)
    total = len(words.hashes)
    place = 2 * (words.text_of + 1) + np.arange(total)
    row_of = np.full(total + 2 * count + 2, -1, np.int64)
    row_of[place] = words.hashes >> np.uint32(32 - network.vectors.shape[0].bit_length() + 1)
    word_of = np.full(len(row_of), -1, np.int64)
    word_of[place] = np.arange(total)
    answers = _answers(network, row_of)
    starts = np.cumsum(sizes) - sizes + 2 * np.arange(count)
    return Windows(row_of, word_of, starts, sizes + 2, answers)


def summed_up(windows: Windows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the highest answer of each unit to each text, and the sum of its answers above nought: (texts, units)."""
    count, units = len(windows.starts), len(windows.answers)
    strongest, total = np.empty((count, units)), np.empty((count, units))
    ends = windows.starts + windows.sizes
    for at in range(0, count, _TEXTS):
        some = slice(at, at + _TEXTS)
        begin, starts = int(windows.starts[at]), windows.starts[some]
        answers = windows.answers[:, begin : int(ends[some][-1])]
        strongest[some] = np.maximum.reduceat(answers, starts - begin, axis=1).T
        total[some] = np.add.reduceat(np.maximum(answers, 0), starts - begin, axis=1).T
    return strongest, total


def _answers(network: Network, row_of: NDArray[np.int64]) -> Floats:
    """Slides the units over padded rows, a stretch at a time, so that a long batch needs little memory."""
    size = len(row_of) - 2
    answers = np.empty((network.kernel.shape[2], size), np.float32)
    for begin in range(0, size, _STRETCH):
        end = min(begin + _STRETCH, size)
        _stretch(network, row_of[begin : end + 2], answers[:, begin:end])
    return answers


def _stretch(network: Network, row_of: NDArray[np.int64], answers: Floats) -> None:
    """Fills in the answers to a stretch: what each distinct row gives at each of the three places, added up.

    Words repeat, so this takes far fewer products than windows times the kernel; whole numbers, so the same sums.
    """
    rows, which = distinct(row_of)
    vectors = network.meaning.take(network.vectors.take(rows, axis=0, mode="wrap").view(np.uint8))
    vectors[rows < 0] = 0
    given = [vectors @ step for step in network.kernel]
    bias = network.hidden_bias.astype(np.float32)
    room = np.empty((2, min(_SLICE, answers.shape[1]), len(bias)), np.float32)
    for begin in range(0, answers.shape[1], _SLICE):
        end = min(begin + _SLICE, answers.shape[1])
        part, more = room[:, : end - begin]
        given[0].take(which[begin:end], axis=0, out=part, mode="clip")
        for step in (1, 2):
            part += given[step].take(which[begin + step : end + step], axis=0, out=more, mode="clip")
        part *= np.float32(network.unit)
        part += bias
        answers[:, begin:end] = part.T


def distinct(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns rows without most of their repetitions, and which of those each one is; linear, and unsorted.

    Rows meet in a small table by their last bits; where different rows meet, one is found again
    and the others stay.
    """
    place = np.arange(len(rows))
    if len(rows) <= _FEW:
        return rows, place
    keys = rows & (_KEYS - 1)
    seen = np.empty(_KEYS, np.int64)
    seen[keys] = place
    first = seen.take(keys)
    first = np.where(rows.take(first) == rows, first, place)
    kept = np.flatnonzero(first == place)
    number = np.empty(len(rows), np.int64)
    number[kept] = np.arange(len(kept))
    return rows.take(kept), number.take(first)
