"""Hashed n-grams of characters and words, computed for a whole batch at once over one buffer of code points.

scikit-learn's HashingVectorizer makes the same kind of features from one text at a time, about seven times slower, and
does not say where in the text an n-gram stands, which the explanations need.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.characters import DIGIT, EMOJI, LETTER

CHARACTER_BITS, WORD_BITS = 18, 18
WORDS_FROM = 1 << CHARACTER_BITS
COLUMNS = WORDS_FROM + (1 << WORD_BITS)
"""Character n-grams hash to columns below `WORDS_FROM`, words and pairs of words to those above."""
KNOWN_BITS = 20
"""Size of the table of known words, addressed by the word's hash alone."""

ORDERS = (3, 4, 5)
_SPACE = 32
_APOSTROPHE = 39


@dataclass(eq=False)
class Grams:
    """One kind of n-gram over a batch: columns sorted by text, and where in the folded buffer each one lies.

    `columns[indptr[d]:indptr[d + 1]]` are those of text `d`. `first` numbers characters of the stream (or words), and
    each n-gram ends `span` of them later; `begin_of` and `last_of` give their offsets in `TextBatch.codes`, looked up
    only for explanations.
    """

    columns: NDArray[np.int32]
    indptr: NDArray[np.int32]
    first: NDArray[np.int64]
    span: int
    begin_of: NDArray[np.int64]
    last_of: NDArray[np.int64]

    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the offsets of each n-gram's first and last character in `TextBatch.codes`."""
        return self.begin_of[self.first], self.last_of[self.first + self.span]

    def of(self, row: int) -> Grams:
        """Return the n-grams of one text."""
        begin, end = int(self.indptr[row]), int(self.indptr[row + 1])
        here = slice(begin, end)
        indptr = self.indptr[row : row + 2] - self.indptr[row]
        return Grams(self.columns[here], indptr, self.first[here], self.span, self.begin_of, self.last_of)


@dataclass(eq=False)
class Words:
    """The words of a batch in order: their 32-bit hashes, the text each belongs to, and their place in the buffer."""

    hashes: NDArray[np.uint32]
    text_of: NDArray[np.int64]
    begins: NDArray[np.int64]
    lasts: NDArray[np.int64]


def mix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Spread each 32-bit hash over all its bits (Chris Wellons' low-bias mixer, two rounds)."""
    shifted = hashes >> np.uint32(15)
    mixed = hashes ^ shifted
    mixed *= np.uint32(0x2C1B3C6D)
    mixed ^= np.right_shift(mixed, np.uint32(12), out=shifted)
    mixed *= np.uint32(0x297A2D39)
    mixed ^= np.right_shift(mixed, np.uint32(15), out=shifted)
    return mixed


def grams(
    codes: NDArray[np.uint32], kinds: NDArray[np.uint8], starts: NDArray[np.int64]
) -> tuple[list[Grams], Words]:
    """Compute every n-gram of every text of a batch: character orders 3 to 5 within words, words, pairs.

    The arrays are those of `TextBatch`. The stream is one empty place, then every character of a word, and one space
    after each word.
    """
    word_like = (kinds == LETTER) | (kinds == DIGIT) | (kinds == EMOJI)
    inner = codes == _APOSTROPHE
    inner[1:-1] &= word_like[:-2] & word_like[2:]
    word_like |= inner
    keep = word_like.copy()
    keep[1:] |= word_like[:-1]
    keep &= ~inner
    kept = np.flatnonzero(keep)
    bounds = np.searchsorted(kept, starts)
    place = np.empty(len(kept) + 1, np.int64)
    place[0], place[1:] = 0, kept
    stream = codes.take(place)
    space = ~word_like.take(place)
    space[0] = True
    stream[space] = _SPACE
    spaces = np.flatnonzero(space)
    hashed = stream * np.uint32(0x9E3779B1)
    hashed ^= stream << np.uint32(7)
    words, ends = _words(hashed, spaces, place, bounds)
    return _character_grams(hashed, space, spaces, place, bounds) + _word_grams(words, ends), words


def _character_grams(
    hashed: NDArray[np.uint32],
    space: NDArray[np.bool_],
    spaces: NDArray[np.int64],
    place: NDArray[np.int64],
    bounds: NDArray[np.int64],
) -> list[Grams]:
    """Slide windows of each order over the stream; a window may hold a space at its ends only."""
    size = len(hashed)
    begin_of, last_of = place.copy(), place.copy()
    begin_of[spaces[:-1]] = place[spaces[:-1] + 1]
    last_of[spaces[1:]] = place[spaces[1:] - 1]
    solid = ~space
    whole = np.ones(max(0, size - 1), bool)
    rolling = hashed[: size - 1] * np.uint32(0x05008E01)
    rolling += hashed[1:]
    found = []
    for order in ORDERS:
        room = max(0, size - order + 1)
        rolling = rolling[:room]
        rolling *= np.uint32(0x05008E01)
        rolling += hashed[order - 1 : order - 1 + room]
        whole = whole[:room]
        whole &= solid[order - 2 : order - 2 + room]
        first = np.flatnonzero(whole)
        chosen = rolling.take(first)
        chosen += np.uint32(order * 7919)
        rows = mix(chosen)
        rows >>= np.uint32(32 - CHARACTER_BITS)
        indptr = np.searchsorted(first, bounds).astype(np.int32)
        found.append(Grams(rows.view(np.int32), indptr, first, order - 1, begin_of, last_of))
    return found


def _words(
    hashed: NDArray[np.uint32],
    spaces: NDArray[np.int64],
    place: NDArray[np.int64],
    bounds: NDArray[np.int64],
) -> tuple[Words, NDArray[np.int64]]:
    """Hash each word whole: a sum of its characters, each multiplied by an odd number for its position.

    Return also where the words of each text begin and end. Sums are differences of one running sum, modulo 2^32.
    """
    lengths = np.diff(spaces)
    position = np.arange(len(hashed))
    position[: spaces[-1]] -= np.repeat(spaces[:-1], lengths)
    position[spaces[-1] :] -= spaces[-1]
    weights = mix(np.arange(1, 65, dtype=np.uint32)) | np.uint32(1)
    weighed = weights.take(position, mode="clip")
    weighed *= hashed
    before = np.cumsum(weighed, dtype=np.uint32)
    before -= weighed
    summed = np.diff(before.take(spaces))
    real = np.flatnonzero(lengths > 1)
    first = spaces.take(real) + 1
    last = spaces.take(real + 1) - 1
    ends = np.searchsorted(first, bounds + 1)
    text_of = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    return Words(mix(summed.take(real)), text_of, place.take(first), place.take(last)), ends


def _word_grams(words: Words, ends: NDArray[np.int64]) -> list[Grams]:
    """Make words and neighbouring pairs, none across two texts."""
    hashes, text_of = words.hashes, words.text_of
    pair = mix(hashes[:-1] * np.uint32(0x85EBCA6B) + hashes[1:])
    found = []
    for values, span in ((hashes, 0), (pair, 1)):
        room = max(0, len(hashes) - span)
        first = np.flatnonzero(text_of[:room] == text_of[span : span + room])
        rows = mix(values.take(first) + np.uint32(span))
        rows >>= np.uint32(32 - WORD_BITS)
        rows += np.uint32(WORDS_FROM)
        indptr = np.searchsorted(first, ends).astype(np.int32)
        found.append(Grams(rows.view(np.int32), indptr, first, span, words.begins, words.lasts))
    return found
