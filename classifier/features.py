"""Hashed n-grams of characters and words, computed for a whole batch at once over one buffer of code points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from classifier.folding import DIGIT, EMOJI, LETTER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from classifier.text import Views

CHARACTER_BITS, WORD_BITS, GAP_BITS = 20, 19, 19
WORDS_FROM = 1 << CHARACTER_BITS
GAPS_FROM = WORDS_FROM + (1 << WORD_BITS)
ROWS = GAPS_FROM + (1 << GAP_BITS)
"""Table rows: character n-grams hash below `WORDS_FROM`, words and pairs below `GAPS_FROM`, gapped pairs above."""

KNOWN_BITS = 20
"""Rows of the table of known words, addressed by the word's hash alone."""

ORDERS = (3, 4, 5)
_SPACE = 32
_APOSTROPHE = 39


@dataclass(eq=False)
class Grams:
    """One kind of n-gram over a batch: table rows sorted by text, and where in the folded buffer each one lies.

    `rows[indptr[d]:indptr[d + 1]]` are those of text `d`. `first` and `last` number characters of the
    stream (or words); `begin_of` and `last_of` give their offsets in
    `Views.codes`, looked up only when somebody asks for an explanation.
    """

    kind: str
    rows: NDArray[np.int32]
    indptr: NDArray[np.int32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    begin_of: NDArray[np.int64]
    last_of: NDArray[np.int64]

    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns the offsets of each n-gram's first and last character in `Views.codes`."""
        return self.begin_of[self.first], self.last_of[self.last]

    def of(self, row: int) -> Grams:
        """Returns those of one text."""
        begin, end = int(self.indptr[row]), int(self.indptr[row + 1])
        here = slice(begin, end)
        indptr = self.indptr[row : row + 2] - self.indptr[row]
        return Grams(
            self.kind, self.rows[here], indptr, self.first[here], self.last[here], self.begin_of, self.last_of
        )


@dataclass(eq=False)
class Words:
    """The words of a batch in order: their 32-bit hashes, the text each belongs to, and their place in the buffer."""

    hashes: NDArray[np.uint32]
    text_of: NDArray[np.int64]
    begins: NDArray[np.int64]
    lasts: NDArray[np.int64]


def mix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Spreads each 32-bit hash over all its bits (Chris Wellons' low-bias mixer, two rounds)."""
    import numpy as np

    hashes = hashes ^ (hashes >> np.uint32(15))
    hashes *= np.uint32(0x2C1B3C6D)
    hashes ^= hashes >> np.uint32(12)
    hashes *= np.uint32(0x297A2D39)
    hashes ^= hashes >> np.uint32(15)
    return hashes


def grams(views: Views) -> tuple[list[Grams], Words]:
    """Computes every n-gram of every text of the batch: character orders 3 to 5 within words, words, pairs, gaps."""
    import numpy as np

    count = len(views.starts) - 1
    word_like = (views.kinds == LETTER) | (views.kinds == DIGIT) | (views.kinds == EMOJI)
    inner = views.codes == _APOSTROPHE
    inner[1:-1] &= word_like[:-2] & word_like[2:]
    word_like |= inner
    keep = word_like.copy()
    keep[1:] |= word_like[:-1]
    keep &= ~inner
    place = np.flatnonzero(keep)
    stream = np.where(word_like[place], views.codes[place], np.uint32(_SPACE))
    text_of = np.repeat(np.arange(count), np.diff(np.searchsorted(place, views.starts)))
    stream = np.concatenate((np.array([_SPACE], np.uint32), stream))
    place = np.concatenate((np.array([0]), place))
    text_of = np.concatenate((text_of[:1], text_of)) if len(text_of) else np.zeros(1, np.int64)
    spaces = np.flatnonzero(stream == _SPACE)
    hashed = (stream * np.uint32(0x9E3779B1)) ^ (stream << np.uint32(7))
    words = _words(hashed, spaces, place, text_of)
    found = _character_grams(hashed, spaces, place, text_of, count)
    return found + _word_grams(words, count), words


def _character_grams(
    hashed: NDArray[np.uint32],
    spaces: NDArray[np.int64],
    place: NDArray[np.int64],
    text_of: NDArray[np.int64],
    count: int,
) -> list[Grams]:
    """Slides windows of each order over the stream; a window may hold a space at its ends only."""
    import numpy as np

    size = len(hashed)
    begin_of, last_of = place.copy(), place.copy()
    begin_of[spaces[:-1]] = place[spaces[:-1] + 1]
    last_of[spaces[1:]] = place[spaces[1:] - 1]
    ahead = np.zeros(size, np.int64)
    ahead[: spaces[-1]] = np.repeat(spaces[1:], np.diff(spaces))
    ahead -= np.arange(size)
    rolling = hashed[: size - 1] * np.uint32(0x05008E01) + hashed[1:]
    found = []
    for order in ORDERS:
        room = max(0, size - order + 1)
        rolling = rolling[:room] * np.uint32(0x05008E01) + hashed[order - 1 : order - 1 + room]
        first = np.flatnonzero(ahead[:room] >= order - 1)
        rows = (mix(rolling[first] + np.uint32(order * 7919)) >> np.uint32(32 - CHARACTER_BITS)).astype(
            np.int32
        )
        indptr = _indptr(text_of[first + 1], count)
        found.append(Grams(f"c{order}", rows, indptr, first, first + order - 1, begin_of, last_of))
    return found


def _words(
    hashed: NDArray[np.uint32],
    spaces: NDArray[np.int64],
    place: NDArray[np.int64],
    text_of: NDArray[np.int64],
) -> Words:
    """Hashes each word whole: a sum of its characters, each multiplied by an odd number for its position."""
    import numpy as np

    lengths = np.diff(spaces)
    position = np.arange(len(hashed)) - np.repeat(spaces, np.diff(np.append(spaces, len(hashed))))
    weights = mix(np.arange(1, 65, dtype=np.uint32)) | np.uint32(1)
    summed = np.add.reduceat(hashed * weights[np.minimum(position, 63)], spaces, dtype=np.uint32)
    real = np.flatnonzero(lengths > 1)
    first = spaces[:-1][real] + 1
    last = spaces[1:][real] - 1
    return Words(mix(summed[real]), text_of[first], place[first], place[last])


def _word_grams(words: Words, count: int) -> list[Grams]:
    """Makes words, neighbouring pairs, and pairs with one word between, none across two texts."""
    import numpy as np

    hashes, text_of = words.hashes, words.text_of
    pair = mix(hashes[:-1] * np.uint32(0x85EBCA6B) + hashes[1:])
    gap = mix(hashes[:-2] * np.uint32(0x1B873593) + hashes[2:] * np.uint32(5) + np.uint32(77))
    found = []
    for kind, values, span, base, bits in (
        ("w1", hashes, 0, WORDS_FROM, WORD_BITS),
        ("w2", pair, 1, WORDS_FROM, WORD_BITS),
        ("s2", gap, 2, GAPS_FROM, GAP_BITS),
    ):
        last = np.arange(span, len(hashes))
        first = last - span
        same = np.flatnonzero(text_of[first] == text_of[last])
        rows = (mix(values[same] + np.uint32(span)) >> np.uint32(32 - bits)).astype(np.int32)
        rows += np.int32(base)
        indptr = _indptr(text_of[first[same]], count)
        found.append(Grams(kind, rows, indptr, first[same], last[same], words.begins, words.lasts))
    return found


def _indptr(text_of: NDArray[np.int64], count: int) -> NDArray[np.int32]:
    """Turns sorted text numbers into row pointers."""
    import numpy as np

    return np.searchsorted(text_of, np.arange(count + 1)).astype(np.int32)
