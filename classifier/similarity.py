"""Similarity: a short signature of a text, alike for texts that differ by a few words, to find near-duplicates.

MinHash over windows of characters: the share of equal entries in two signatures estimates the share of windows that
two texts have in common (their Jaccard similarity). Case, spacing, punctuation and digits do not count: copies
of one comment differ in those.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

WINDOW: Final = 5
ENTRIES: Final = 48
ROWS: Final = 3
BANDS: Final = ENTRIES // ROWS
LIMIT: Final = 4_000
"""Characters of a text that count: copies agree from the start, and a signature must not cost what a score costs."""
LEAST: Final = 12
"""Letters that a text must have; below, what agrees says nothing ("so true")."""
SEED: Final = 20261123
EMPTY: Final = 0xFFFFFFFF
BORROWINGS: Final = 64
WORD: Final = re.compile(r"[^\W\d_]+")


def signatures(texts: Sequence[str]) -> list[bytes | None]:
    """Return one signature per text, 2 bytes for each of 48 entries; None for one with too few letters to tell."""
    buffers = [_letters(text) for text in texts]
    kept = [n for n, letters in enumerate(buffers) if len(letters) >= LEAST]
    made: list[bytes | None] = [None] * len(texts)
    if not kept:
        return made
    codes = np.concatenate([np.frombuffer(buffers[n].encode("utf-32-le"), np.uint32) for n in kept])
    lengths = np.array([len(buffers[n]) for n in kept])
    ends = np.cumsum(lengths)
    windows = _windows(codes)
    inside = np.ones(len(windows), np.bool_)
    for end in ends[:-1].tolist():
        inside[end - WINDOW + 1 : end] = False  # a window must not reach into the next text
    rows = np.repeat(np.arange(len(kept)), lengths - WINDOW + 1)
    least = _least(windows[inside], rows, len(kept))
    for row, n in enumerate(kept):
        made[n] = least[row].tobytes()
    return made


def bands(signature: bytes) -> list[int]:
    """Return 16 numbers; two texts that have half their windows in common share one in nine cases of ten.

    Each fits a signed 64-bit column and carries its place, so that bands of different places never meet.
    """
    parts = np.frombuffer(signature, np.uint16).reshape(BANDS, ROWS).astype(np.int64)
    joined = (parts[:, 0] << 32) | (parts[:, 1] << 16) | parts[:, 2]
    numbered: NDArray[np.int64] = (np.arange(BANDS, dtype=np.int64) << 48) | joined
    return [int(band) for band in numbered]


def likeness(one: bytes, other: bytes) -> float:
    """Return the estimated share of windows that two texts have in common, 0 to 1."""
    return float(np.mean(np.frombuffer(one, np.uint16) == np.frombuffer(other, np.uint16)))


def _letters(text: str) -> str:
    """Return the letters of a text, folded, one space between words."""
    folded = unicodedata.normalize("NFKC", text[:LIMIT]).casefold()
    return " ".join(WORD.findall(folded))[:LIMIT]


def _windows(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Hash every window of the buffer (FNV's prime, then a mix, since the high bits choose the entry)."""
    hashed = np.full(len(codes) - WINDOW + 1, 2166136261, np.uint32)
    for shift in range(WINDOW):
        hashed = (hashed ^ codes[shift : len(codes) - WINDOW + 1 + shift]) * np.uint32(16777619)
    hashed ^= hashed >> np.uint32(16)
    hashed *= np.uint32(0x7FEB352D)
    hashed ^= hashed >> np.uint32(15)
    hashed *= np.uint32(0x846CA68B)
    hashed ^= hashed >> np.uint32(16)
    return hashed


def _least(windows: NDArray[np.uint32], rows: NDArray[np.int64], count: int) -> NDArray[np.uint16]:
    """Return, per text and entry, the least value among the windows that fall to that entry.

    One hash per window does for all entries (one-permutation MinHash); an entry that no window fell to borrows from
    another, chosen by draws that are the same for every text, so that equal texts borrow alike.
    """
    entry = (windows.astype(np.uint64) * ENTRIES >> np.uint64(32)).astype(np.int64)
    value = (windows * np.uint32(0x9E3779B1)) >> np.uint32(16)
    made = np.full(count * ENTRIES, EMPTY, np.uint32)
    np.minimum.at(made, rows * ENTRIES + entry, value)
    own = made.reshape(count, ENTRIES)
    lenders = np.random.default_rng(SEED).integers(0, ENTRIES, (BORROWINGS, ENTRIES))
    full = own.copy()
    for draw in lenders:
        empty = full == EMPTY
        if not empty.any():
            break
        full = np.where(empty, own[:, draw], full)
    return np.minimum(full, 0xFFFF).astype(np.uint16)
