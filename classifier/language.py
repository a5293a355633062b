"""Which language a text is in, and whether the model knows enough of its words to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from classifier.characters import LETTER
from classifier.ngrams import KNOWN_BITS
from classifier.text import TextBatch, fold, text_tags
from classifier.words import words as listed

TRAINED = ("en", "de", "pt", "ko", "ar")
"""Languages with training data; bit `i` of an entry of the table of known words stands for the i-th."""

_ANY = (1 << len(TRAINED)) - 1
_HOLDS = np.arange(_ANY + 1)[:, None] >> np.arange(len(TRAINED)) & 1
"""Whether an entry of the table of known words holds a language: (entries, languages)."""

FOREIGN, UNKNOWN = "language", "few_known_features"
_MODEL = Path(__file__).with_name("lid.176.ftz")
_SURE = 0.8
_SOME = 0.5
_ENOUGH = dict.fromkeys(TRAINED, _SOME) | {"ko": 0.15, "ar": 0.25}
"""The least share of known words to be believed in. Korean joins particles to its words, Arabic articles and pronouns:
there characters carry the score, and held-out comments above these shares rank as well as those of known words."""
_LONGEST = 2000
_SHORT, _ENGLISH = 12, 0.2
"""A text of at most `_SHORT` words, of which no more than a share `_ENGLISH` are English's commonest, may be anything:
the words of other languages are seen among English comments often enough to be known."""
_LIKELY, _CLEAR = 0.6, 0.9
"""How probable all untrained languages must be together to be believed against few known words, and against many."""
_LEAST = 0.01
_KIN = {"arz": "ar", "gl": "pt"}
"""Egyptian and Galician count as what the training data of their neighbours holds too."""


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Load fastText's shipped identifier of 176 languages, once, and only when a text needs it."""
    from fasttext import load_model

    return load_model(str(_MODEL))


def identify(text: str) -> dict[str, float]:
    """Return the languages (ISO 639) that the text may be in, with their probabilities, likeliest first.

    fastText reads the words up to the first line end, or to a word that means one, and parts words at NUL too; it
    refuses lone surrogates, and its error would quote the text.
    """
    lowered = text[:_LONGEST].lower().replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    words = " ".join(word for word in lowered.split() if word != "</s>")
    names, shares = _identifier().predict(words, k=-1, threshold=_LEAST)
    found: dict[str, float] = {}
    for name, share in zip(names, shares, strict=True):
        language = name.removeprefix("__label__")
        language = _KIN.get(language, language)
        found[language] = found.get(language, 0.0) + float(share)
    return dict(sorted(found.items(), key=lambda each: -each[1]))


@lru_cache(maxsize=1)
def _common() -> NDArray[np.uint32]:
    """Return the hashes of English's commonest words."""
    return np.unique(fold(listed("english")).grams[1].hashes)


def _among(hashes: NDArray[np.uint32], wanted: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Say which hashes are among the wanted ones, which are sorted."""
    place = np.minimum(np.searchsorted(wanted, hashes), len(wanted) - 1)
    found: NDArray[np.bool_] = wanted.take(place) == hashes
    return found


class LanguageIdentifier(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Judge language by known words first, and ask fastText only about texts that leave a doubt.

    `known_` marks, per hash of a word, the trained languages in which the word is at home (a bit each).
    """

    def __init__(self, least: int = 5) -> None:
        self.least = least

    def fit(self, X: TextBatch, y: Sequence[str]) -> LanguageIdentifier:
        """Learn from one batch of texts and their languages."""
        self.start()
        self.count(X, y)
        return self.finish()

    def __sklearn_tags__(self) -> Any:
        return text_tags(super().__sklearn_tags__(), learns=True)

    def start(self) -> None:
        """Begin to count words."""
        self._counts = np.zeros((len(TRAINED), 1 << KNOWN_BITS), np.int64)

    def count(self, batch: TextBatch, languages: Sequence[str]) -> None:
        """Count the words of a batch."""
        _, words = batch.grams
        spoken = np.array([TRAINED.index(each[:2]) if each[:2] in TRAINED else -1 for each in languages])
        slots, spoken = words.hashes >> np.uint32(32 - KNOWN_BITS), spoken[words.text_of]
        for language in range(len(TRAINED)):
            self._counts[language] += np.bincount(slots[spoken == language], minlength=1 << KNOWN_BITS)

    def finish(self) -> LanguageIdentifier:
        """Mark the words that are at home in a language."""
        rates = self._counts / np.maximum(self._counts.sum(axis=1, keepdims=True), 1)
        home = (self._counts >= self.least) & (rates * 5 >= rates.max(axis=0, keepdims=True))
        self.known_ = (home * (1 << np.arange(len(TRAINED)))[:, None]).sum(axis=0).astype(np.uint8)
        del self._counts
        return self

    def judge(self, batch: TextBatch) -> tuple[list[str | None], list[str | None]]:
        """Return, per text, the language (ISO 639-1, or None) and the doubt (or None where there is none)."""
        texts, views, (_, words) = batch.texts, batch, batch.grams
        count = len(texts)
        flags = self.known_.take(words.hashes >> np.uint32(32 - KNOWN_BITS)) & _ANY
        worded = views.kinds.take(words.begins) == LETTER
        cells = (words.text_of * (_ANY + 1) + flags)[worded]
        counts = np.bincount(cells, minlength=count * (_ANY + 1)).reshape(count, _ANY + 1)
        total = counts.sum(axis=1)
        best = (counts @ _HOLDS).argmax(axis=1)
        share = (total - counts[:, 0]) / np.maximum(total, 1)
        short = np.flatnonzero(total.take(words.text_of) <= _SHORT)
        common = words.text_of[short[_among(words.hashes[short], _common())]]
        strange = (total <= _SHORT) & (np.bincount(common, minlength=count) <= _ENGLISH * total)
        languages: list[str | None] = [TRAINED[each] for each in best.tolist()]
        doubts: list[str | None] = [None] * count
        for row in np.flatnonzero((best != 0) | (share < _SURE) | strange).tolist():
            languages[row], doubts[row] = _settle(
                views.reads_as.get(row, texts[row]), languages[row], float(share[row]), int(total[row])
            )
        return languages, doubts


def _settle(text: str, guess: str | None, share: float, words: int) -> tuple[str | None, str | None]:
    """Decide about one text that the known words leave open."""
    if words == 0:
        return None, UNKNOWN
    likely = identify(text)
    told = next(iter(likely), None)
    if told not in TRAINED:
        foreign = 1 - sum(likely.get(name, 0.0) for name in TRAINED)
        if foreign >= (_LIKELY if share < _SURE else _CLEAR):
            return told, FOREIGN
    known = told if told in TRAINED else guess if share > 0 else None
    if told in TRAINED and share >= _ENOUGH[told]:
        return told, None
    if share >= _SOME:
        return guess, None
    return known, UNKNOWN
