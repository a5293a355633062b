"""Nearness: a short signature of a text, alike for texts that differ by a few words, so that a wave can be folded.

MinHash over windows of characters: the share of equal entries in two signatures estimates the share of windows that
two texts have in common (their Jaccard similarity). Case, spacing, punctuation and digits do not count: the copies of a
wave differ in those.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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
ALIKE: Final = 0.4
"""From this likeness on two texts are of one wave: on the set of tests/evidence/folding.py 0.85 of the pairs that
belong together are found and no other (exact match finds 0.015)."""


def signatures(texts: Sequence[str]) -> list[bytes | None]:
    """Returns one signature per text, 2 bytes for each of 48 entries; None for one with too few letters to tell."""
    import numpy as np

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
    starts = np.concatenate(([0], np.cumsum(lengths - WINDOW + 1)[:-1]))
    least = _least(windows[inside], starts)
    for row, n in enumerate(kept):
        made[n] = least[row].tobytes()
    return made


def bands(signature: bytes) -> list[int]:
    """Returns 16 numbers; two texts that have half their windows in common share one in nine cases of ten.

    Each fits a signed 64-bit column and carries its place, so that bands of different places never meet.
    """
    import numpy as np

    parts = np.frombuffer(signature, np.uint16).reshape(BANDS, ROWS).astype(np.int64)
    joined = (parts[:, 0] << 32) | (parts[:, 1] << 16) | parts[:, 2]
    numbered: NDArray[np.int64] = (np.arange(BANDS, dtype=np.int64) << 48) | joined
    return [int(band) for band in numbered]


def likeness(one: bytes, other: bytes) -> float:
    """Returns the estimated share of windows that two texts have in common, 0 to 1."""
    import numpy as np

    return float(np.mean(np.frombuffer(one, np.uint16) == np.frombuffer(other, np.uint16)))


def _letters(text: str) -> str:
    """Returns the letters of a text, folded, one space between words."""
    folded = unicodedata.normalize("NFKC", text[:LIMIT]).casefold()
    plain = "".join(character if character.isalpha() else " " for character in folded)
    return " ".join(plain.split())[:LIMIT]


def _windows(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Hashes every window of the buffer (FNV's prime, then a mix, since low entries are what is kept)."""
    import numpy as np

    hashed = np.full(len(codes) - WINDOW + 1, 2166136261, np.uint32)
    for shift in range(WINDOW):
        hashed = (hashed ^ codes[shift : len(codes) - WINDOW + 1 + shift]) * np.uint32(16777619)
    hashed ^= hashed >> np.uint32(16)
    hashed *= np.uint32(0x7FEB352D)
    hashed ^= hashed >> np.uint32(15)
    return hashed


def _least(windows: NDArray[np.uint32], starts: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Returns, per text and entry, the least value of its windows under that entry's own mixing."""
    import numpy as np

    draw = np.random.default_rng(SEED)
    factors = draw.integers(1, 2**32, ENTRIES, dtype=np.uint64).astype(np.uint32) | np.uint32(1)
    terms = draw.integers(0, 2**32, ENTRIES, dtype=np.uint64).astype(np.uint32)
    made = np.empty((len(starts), ENTRIES), np.uint16)
    for entry in range(ENTRIES):
        mixed = windows * factors[entry] + terms[entry]
        mixed ^= mixed >> np.uint32(15)
        least = np.minimum.reduceat(mixed, starts)
        made[:, entry] = ((least * np.uint32(0x9E3779B1)) >> np.uint32(16)).astype(np.uint16)
    return made
