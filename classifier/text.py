"""Read a text through its disguise; every character of the reading is traceable to the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from classifier.characters import (
    DIGIT,
    FANCY,
    INVISIBLE,
    LETTER,
    LOOKALIKE,
    MARK,
    SIZE,
    STRANGER,
    tables,
)
from classifier.deobfuscation import deobfuscate
from classifier.leetspeak import LEET
from classifier.lexicon import Lexicon, count_words
from classifier.ngrams import Grams, Words, grams
from classifier.words import words


@dataclass(frozen=True)
class Signals:
    """What a site knows beside the text; every field may stay unknown. No address is among them."""

    author_name: str = ""
    website: str | None = None
    links: int | None = None
    first_comment: bool | None = None


@dataclass(eq=False)
class TextBatch:
    """A batch of texts as one buffer of folded code points.

    `codes`, `kinds` and `origin` run in parallel: folded code point, its kind, and its offset in the original text.
    Text `d` lies in `codes[starts[d]:starts[d + 1] - 1]`; the last place of each text holds a space.
    `tricks` counts, per text, characters that were invisible, fancy, lookalikes, stacked marks, and respelt ones;
    `capitals` counts A to Z as written. `reads_as` holds the texts that do not read as they were written; `known` what
    the site knows of each comment beside its text.
    """

    texts: Sequence[str]
    codes: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    origin: NDArray[np.int32]
    starts: NDArray[np.int64]
    tricks: NDArray[np.float32]
    capitals: NDArray[np.int64]
    reads_as: dict[int, str] = field(default_factory=dict)
    known: Sequence[Signals] | None = None

    @cached_property
    def grams(self) -> tuple[list[Grams], Words]:
        return grams(self.codes, self.kinds, self.starts)

    def as_read(self) -> list[str]:
        """Return the texts as they read: as written, or through a disguise where there was one."""
        return [self.reads_as.get(row, text) for row, text in enumerate(self.texts)]

    def text(self, row: int) -> str:
        """Return text `row`, folded."""
        codes = self.codes[self.starts[row] : self.starts[row + 1] - 1]
        return codes.tobytes().decode("utf-32-le", "surrogatepass")

    def disguise(self) -> NDArray[np.float64]:
        """Return how much of each text was disguised, 0 to 1."""
        lengths = np.maximum(np.diff(self.starts) - 1, 1)
        share: NDArray[np.float64] = self.tricks[:, _HIDING].sum(axis=1) / lengths
        return np.minimum(share, 1.0)


_HIDING = [0, 1, 2, 4]
"""Columns of `tricks` that hide a text: stacked marks belong to many languages."""


def read_as(texts: Sequence[str], lexicon: Lexicon) -> TextBatch:
    """Fold a batch, deobfuscate the texts that look disguised beyond single characters, and note how those read."""
    batch = fold(texts)
    changed: dict[int, tuple[str, NDArray[np.int32]]] = {}
    some, whole = _suspicious(batch)
    for row in np.flatnonzero(some | whole).tolist():
        shown = batch.origin[batch.starts[row] : batch.starts[row + 1]].tolist()
        written = "".join(texts[row][place : place + 1] or " " for place in shown)
        page = deobfuscate(batch.text(row), lexicon, bool(whole[row]), written)
        if page.changed:
            places = batch.starts[row] + np.array(page.places, np.int64)
            changed[row] = (page.text, batch.origin[places])
            batch.tricks[row, 4] = page.changed
    if changed:
        _splice(batch, changed)
    for row in np.flatnonzero(batch.tricks[:, _HIDING].any(axis=1)).tolist():
        batch.reads_as[row] = batch.text(row)
    return batch


def _splice(batch: TextBatch, changed: dict[int, tuple[str, NDArray[np.int32]]]) -> None:
    """Replace the first reading of some texts, and the offsets of their characters."""
    parts = [np.split(each, batch.starts[1:-1]) for each in (batch.codes, batch.kinds, batch.origin)]
    for row, (text, origin) in changed.items():
        codes = np.minimum(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32), SIZE - 1)
        read: tuple[NDArray[Any], ...] = (codes, tables().kind[codes], origin)
        for part, new in zip(parts, read, strict=True):
            part[row] = np.append(new, part[row][-1:])
    batch.codes, batch.kinds, batch.origin = (np.concatenate(part) for part in parts)
    batch.starts = np.concatenate(([0], np.cumsum([len(each) for each in parts[0]])))


def _suspicious(batch: TextBatch) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which texts hold leetspeak, masks or stretched letters, and which are to be read whole.

    Read whole are those with tags, character references, or three letters in a row that stand alone.
    """
    codes, kinds = batch.codes, batch.kinds
    letter = kinds == LETTER
    signs = _signs().take(codes, mode="clip")
    touched = np.zeros(len(codes), bool)
    touched[:-1] = (signs[:-1] >= _INITIAL) & letter[1:]
    hidden = letter | ((signs >= _INITIAL) & (codes != _MARK))
    touched[1:-1] |= letter[:-2] & (signs[1:-1] >= _INNER) & hidden[2:]
    touched[1:] |= letter[:-1] & (kinds[1:] == DIGIT)
    same = codes[1:] == codes[:-1]
    touched[2:] |= letter[2:] & same[1:] & same[:-1]
    solid = letter | (kinds == DIGIT)
    lonely = solid.copy()
    lonely[1:] &= ~solid[:-1]
    lonely[:-1] &= ~solid[1:]
    spots = np.flatnonzero(lonely)
    apart = np.zeros(len(codes), bool)
    apart[spots[2:][(spots[2:] - spots[:-2]) <= 8]] = True
    apart[:-1] |= (signs[:-1] == _TAG) & (letter[1:] | (codes[1:] == 47) | (codes[1:] == 35))
    return tally(touched, batch.starts) > 0, tally(apart, batch.starts) > 0


def tally(flags: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the places flagged in each text; few are, so finding them all beats adding the texts up."""
    return np.diff(flags.nonzero()[0].searchsorted(starts))


_TAG, _INNER, _INITIAL = 1, 2, 3
_MARK = ord("!")
_INDICATOR_A = 0x1F1E6
_MASKED = frozenset(word for word in words("masked") if len(word) > 4)
"""Words that people mask, which flags spell too."""


@lru_cache(maxsize=1)
def _signs() -> NDArray[np.uint8]:
    """Sort code points: begins of tags, signs that hide a letter inside words, signs that begin one.

    The last entry stands for all from 256 on.
    """
    signs = np.zeros(257, np.uint8)
    for kind, characters in (
        (_INNER, [each for each in (*LEET, *"*_~=") if ord(each) < 256]),
        (0, "-./"),
        (_INITIAL, "0123456789@$!|*"),
        (_TAG, "<[&"),
    ):
        signs[[ord(each) for each in characters]] = kind
    return signs


def fold(texts: Sequence[str]) -> TextBatch:
    """Fold a batch one character at a time: case, accents, compatibility forms, invisible characters, lookalikes."""
    known, count = tables(), len(texts)
    buffer = "\n".join([*texts, ""]).encode("utf-32-le", "surrogatepass")
    raw = _with_plain_flags(np.minimum(np.frombuffer(buffer, np.uint32), SIZE - 1))
    lengths = np.fromiter(map(len, texts), np.int64, count) + 1
    starts = np.concatenate(([0], np.cumsum(lengths)))
    origin = (np.arange(len(raw)) - np.repeat(starts[:-1], lengths)).astype(np.int32)
    tricks = np.zeros((count, 5), np.float32)
    capitals = tally((raw >= 65) & (raw <= 90), starts)
    batch = TextBatch(texts, known.fold.take(raw), known.kind.take(raw), origin, starts, tricks, capitals)
    if int(raw.max(initial=0)) < 0x80:
        return batch
    text_of = np.repeat(np.arange(count), lengths)
    trick = known.trick[raw]
    if (trick & LOOKALIKE).any():
        swapped = _lookalikes(batch, trick, text_of)
        batch.codes = np.where(swapped, known.lookalike[raw], batch.codes)
        batch.kinds = np.where(swapped, known.kind[batch.codes], batch.kinds)
        tricks[:, 2] = np.bincount(text_of[swapped], minlength=count)
    for column, flag in ((0, INVISIBLE), (1, FANCY), (3, MARK)):
        tricks[:, column] = np.bincount(text_of[(trick & flag) > 0], minlength=count)
    shown = batch.kinds > 0
    if not shown.all():
        batch.codes, batch.kinds, batch.origin = batch.codes[shown], batch.kinds[shown], origin[shown]
        batch.starts = np.concatenate(([0], np.cumsum(np.bincount(text_of[shown], minlength=count))))
    return batch


def _with_plain_flags(raw: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the code points with spaces for flags, which say no letters.

    Regional indicators of which not all make flags are shown as letters, in part at least, and stay.
    """
    found = np.flatnonzero((raw >= _INDICATOR_A) & (raw < _INDICATOR_A + 26))
    if not len(found):
        return raw
    plain = raw.copy()
    for run in np.split(found, np.flatnonzero(np.diff(found) > 1) + 1):
        letters = raw[run] - _INDICATOR_A
        spelt = "".join(chr(ord("a") + letter) for letter in letters)
        if len(run) % 2 == 0 and _flags()[letters[::2], letters[1::2]].all() and spelt not in _MASKED:
            plain[run] = ord(" ")
    return plain


@lru_cache(maxsize=1)
def _flags() -> NDArray[np.bool_]:
    """Say of each pair of letters whether it has a flag, (26, 26)."""
    table = np.zeros((26, 26), bool)
    for code in words("flags"):
        table[ord(code[0]) - ord("a"), ord(code[1]) - ord("a")] = True
    return table


def _lookalikes(batch: TextBatch, trick: NDArray[np.uint8], text_of: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which letters of another script stand for Latin ones: in mixed words, or where the script is only posed."""
    foreign, count = (trick & LOOKALIKE) > 0, len(batch.texts)
    word_of = np.cumsum((batch.kinds != LETTER) & (batch.kinds != 0))
    latin = (batch.codes >= 97) & (batch.codes <= 122)
    mixed = np.bincount(word_of[latin], minlength=int(word_of[-1]) + 1) > 0
    strange = (trick & STRANGER) > 0
    strangers = np.bincount(text_of[strange], minlength=count)
    posed = strangers * 10 < np.bincount(text_of[foreign | strange], minlength=count)
    swapped: NDArray[np.bool_] = foreign & (mixed[word_of] | posed[text_of])
    return swapped


class TextReader(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Read texts through their disguise: the first step, whose `TextBatch` all features are made from.

    `fit` counts words, so that a respelling must be a word: `words_` holds the CRC-32 of the commonest, `costs_` their
    negative log probability in tenths.
    """

    def __init__(self, least: int = 8, most: int = 40_000) -> None:
        self.least = least
        self.most = most

    def fit(self, X: Sequence[str], y: Any = None) -> Self:
        """Count the words of the texts."""
        texts = _checked(X)
        batches = (fold(texts[begin : begin + 256]) for begin in range(0, len(texts), 256))
        folded = (batch.text(row) for batch in batches for row in range(len(batch.texts)))
        self.words_, self.costs_ = count_words(folded, self.least, self.most)
        self._lexicon: Lexicon | None = None
        return self

    def transform(self, X: Sequence[str] | TextBatch) -> TextBatch:
        """Return the batch as read; one that is read already passes through."""
        if isinstance(X, TextBatch):
            return X
        check_is_fitted(self)
        return read_as(_checked(X), self.lexicon())

    def lexicon(self) -> Lexicon:
        """Return the known words, built once."""
        known: Lexicon | None = getattr(self, "_lexicon", None)
        if known is None:
            known = Lexicon.from_arrays(self.words_, self.costs_)
            self._lexicon = known
        return known

    def __getstate__(self) -> Any:
        return {name: value for name, value in super().__getstate__().items() if name != "_lexicon"}

    def __sklearn_tags__(self) -> Any:
        return text_tags(super().__sklearn_tags__(), learns=True)


def _checked(X: Sequence[str]) -> list[str]:
    """Return the texts as a list; raise ValueError for what is none."""
    if isinstance(X, str | bytes):
        raise ValueError("X: one text is given; give a list of texts")
    texts = list(X)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"X: item {place} is of type {type(text).__name__}, not str")
    return texts


def text_tags(tags: Any, learns: bool = False) -> Any:
    """Mark an estimator's tags: its input is text, one string for each row; what learns nothing needs no fit."""
    tags.input_tags.string = True
    tags.input_tags.two_d_array = False
    tags.requires_fit = learns
    tags.no_validation = True
    return tags
