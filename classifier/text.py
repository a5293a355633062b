"""Reads a text through its disguise; every character of the reading is traceable to the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from classifier.features import Grams, Words, grams, text_tags
from classifier.folding import (
    DIGIT,
    FANCY,
    INVISIBLE,
    LETTER,
    LOOKALIKE,
    MARK,
    SIZE,
    STRANGER,
    Tables,
    tables,
)
from classifier.reread import Lexicon, count_words, reread
from classifier.respell import LEET

if TYPE_CHECKING:
    from classifier.signals import Signals


@dataclass(eq=False)
class TextBatch:
    """A batch of texts as one buffer of folded code points.

    `codes`, `kinds` and `origin` run in parallel: folded code point, its kind, and its offset in the original text.
    Text `d` lies in `codes[starts[d]:starts[d + 1] - 1]`; the last place of each text holds a space.
    `tricks` counts, per text, characters that were invisible, fancy, lookalikes, stacked marks, and re-read ones;
    `capitals` counts A to Z as written. `reread` holds the texts that a second reading changed, as they now read.
    """

    codes: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    origin: NDArray[np.int32]
    starts: NDArray[np.int64]
    tricks: NDArray[np.float32]
    capitals: NDArray[np.int64]
    reread: dict[int, str]
    texts: Sequence[str] = ()
    known: Sequence[Signals] | None = None
    """What is known of each comment beside its text, where anybody said so."""
    _grams: tuple[list[Grams], Words] | None = None

    def grams(self) -> tuple[list[Grams], Words]:
        """Return the n-grams of the batch, computed once."""
        if self._grams is None:
            self._grams = grams(self)
        return self._grams

    def as_read(self) -> list[str]:
        """Return the texts as they read: as written, or through a disguise where there was one."""
        return [self.reread.get(row, text) for row, text in enumerate(self.texts)]

    def text(self, row: int) -> str:
        """Returns text `row` as it reads here."""
        return (
            self.codes[self.starts[row] : self.starts[row + 1] - 1]
            .tobytes()
            .decode("utf-32-le", "surrogatepass")
        )

    def disguise(self) -> NDArray[np.float64]:
        """Returns how much of each text was disguised, 0 to 1."""
        lengths = np.maximum(np.diff(self.starts) - 1, 1)
        share: NDArray[np.float64] = np.minimum(
            self.tricks[:, [0, 1, 2, 4]].sum(axis=1) / lengths, 1.0
        ).astype(np.float64)
        return share


def read_as(texts: Sequence[str], lexicon: Lexicon) -> TextBatch:
    """Folds a batch, rereads the texts that look disguised beyond single characters, and notes how those now read."""
    views = fold(texts)
    changed: dict[int, tuple[str, NDArray[np.int32]]] = {}
    touched, whole = _suspicious(views)
    places = np.flatnonzero(touched)
    first = np.searchsorted(places, views.starts)
    for row in np.flatnonzero((np.diff(first) > 0) | whole).tolist():
        spots = (places[first[row] : first[row + 1]] - views.starts[row]).tolist()
        page = reread(views.text(row), lexicon, spots, bool(whole[row]))
        if page.changed:
            begin = int(views.starts[row])
            changed[row] = (page.text, views.origin[begin + np.array(page.places, np.int64)])
            views.tricks[row, 4] = page.changed
    if changed:
        views = _spliced(views, changed)
    for row in np.flatnonzero(views.tricks[:, [0, 1, 2, 4]].any(axis=1)).tolist():
        views.reread[row] = views.text(row)
    views.texts = texts
    return views


def _spliced(views: TextBatch, changed: dict[int, tuple[str, NDArray[np.int32]]]) -> TextBatch:
    """Puts reread texts in the place of the first reading."""
    kind = tables().kind
    codes: list[NDArray[np.uint32]] = []
    kinds: list[NDArray[np.uint8]] = []
    origin: list[NDArray[np.int32]] = []
    lengths = np.diff(views.starts)
    done = 0
    for row, (text, places) in changed.items():
        begin, end = int(views.starts[row]), int(views.starts[row + 1])
        new = np.minimum(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32), SIZE - 1)
        codes += views.codes[done:begin], new
        kinds += views.kinds[done:begin], kind[new]
        origin += views.origin[done:begin], places
        lengths[row] = len(new) + 1
        done = end - 1
    codes.append(views.codes[done:])
    kinds.append(views.kinds[done:])
    origin.append(views.origin[done:])
    starts = np.concatenate(([0], np.cumsum(lengths)))
    joined = np.concatenate(codes), np.concatenate(kinds), np.concatenate(origin)
    return TextBatch(*joined, starts, views.tricks, views.capitals, views.reread)


def _suspicious(views: TextBatch) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Screens a batch: flags the places of leetspeak, masks and stretched letters, and the texts to reread whole.

    Whole are reread those with tags, character references, or three letters in a row that stand alone.
    """
    codes, kinds = views.codes, views.kinds
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
    return touched, tally(apart, views.starts) > 0


def tally(flags: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts the places flagged in each text; few are, so finding them all beats adding the texts up."""
    ends = flags.nonzero()[0].searchsorted(starts)
    return ends[1:] - ends[:-1]


_TAG, _INNER, _INITIAL = 1, 2, 3
_MARK = ord("!")


@lru_cache(maxsize=1)
def _signs() -> NDArray[np.uint8]:
    """Sorts code points: begins of tags, signs that hide a letter inside words, signs that begin one.

    The last entry stands for all from 256 on.
    """
    signs = np.zeros(257, np.uint8)
    signs[[ord(each) for each in (*LEET, *"*_~=") if ord(each) < 256]] = _INNER
    signs[[ord(each) for each in "-./"]] = 0
    signs[[ord(each) for each in "0123456789@$!|*"]] = _INITIAL
    signs[[ord(each) for each in "<[&"]] = _TAG
    return signs


def fold(texts: Sequence[str], known: Tables | None = None) -> TextBatch:
    """Folds a batch one character at a time: case, accents, compatibility forms, invisible characters, lookalikes."""
    known = known or tables()
    buffer = "\n".join([*texts, ""]).encode("utf-32-le", "surrogatepass")
    raw = np.minimum(np.frombuffer(buffer, np.uint32), SIZE - 1)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    starts = np.concatenate(([0], np.cumsum(lengths)))
    kinds = known.kind.take(raw)
    codes = known.fold.take(raw)
    origin = np.arange(len(raw), dtype=np.int32)
    tricks = np.zeros((len(texts), 5), np.float32)
    capitals = tally((raw >= 65) & (raw <= 90), starts)
    if int(raw.max(initial=0)) < 0x80:
        origin -= np.repeat(starts[:-1], lengths).astype(np.int32)
        return TextBatch(codes, kinds, origin, starts, tricks, capitals, {})
    text_of = np.repeat(np.arange(len(texts)), lengths)
    origin -= starts[text_of].astype(np.int32)
    trick = known.trick[raw]
    if (trick & LOOKALIKE).any():
        swapped = _lookalikes(codes, kinds, trick, text_of, len(texts))
        codes = np.where(swapped, known.lookalike[raw], codes)
        kinds = np.where(swapped, known.kind[codes], kinds)
        tricks[:, 2] = np.bincount(text_of[swapped], minlength=len(texts))
    for column, flag in ((0, INVISIBLE), (1, FANCY), (3, MARK)):
        tricks[:, column] = np.bincount(text_of[(trick & flag) > 0], minlength=len(texts))
    shown = kinds > 0
    if shown.all():
        return TextBatch(codes, kinds, origin, starts, tricks, capitals, {})
    left = np.bincount(text_of[shown], minlength=len(texts))
    return TextBatch(
        codes[shown],
        kinds[shown],
        origin[shown],
        np.concatenate(([0], np.cumsum(left))),
        tricks,
        capitals,
        {},
    )


def _lookalikes(
    codes: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    trick: NDArray[np.uint8],
    text_of: NDArray[np.int64],
    count: int,
) -> NDArray[np.bool_]:
    """Says which letters of another script stand for Latin ones: in mixed words, or where the script is only posed."""
    foreign = (trick & LOOKALIKE) > 0
    letters = (kinds == LETTER) | (kinds == 0)
    word_of = np.cumsum(~letters)
    latin = (codes >= 97) & (codes <= 122)
    words = int(word_of[-1]) + 1
    mixed = np.bincount(word_of[latin], minlength=words) > 0
    strangers = np.bincount(text_of[(trick & STRANGER) > 0], minlength=count)
    suspects = np.bincount(text_of[foreign | ((trick & STRANGER) > 0)], minlength=count)
    posed = strangers * 10 < suspects
    swapped: NDArray[np.bool_] = foreign & (mixed[word_of] | posed[text_of])
    return swapped


class TextReader(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Reads texts through their disguise: the first step, whose `TextBatch` all features are made from.

    `fit` counts words, so that a respelling must be a word: `words_` holds the CRC-32 of the commonest, `costs_` their
    negative log probability in tenths.
    """

    def __init__(self, least: int = 8, most: int = 40_000) -> None:
        self.least = least
        self.most = most

    def fit(self, X: Sequence[str], y: Any = None) -> Self:
        """Count the words of the texts."""
        folded = (fold([text]).text(0) for text in _checked(X))
        self.words_, self.costs_ = count_words(folded, self.least, self.most)
        return self

    def transform(self, X: Sequence[str] | TextBatch) -> TextBatch:
        """Return the batch as read; one that is read already passes through."""
        if isinstance(X, TextBatch):
            return X
        check_is_fitted(self)
        return read_as(_checked(X), self.lexicon())

    def lexicon(self) -> Lexicon:
        """Return the known words, built once."""
        if getattr(self, "_lexicon", None) is None:
            self._lexicon = Lexicon.from_arrays(self.words_, self.costs_)
        return self._lexicon

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
