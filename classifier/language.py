"""Which language a text is in, and whether the model knows enough of its words to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.features import KNOWN_BITS, Words, grams
from classifier.folding import LETTER
from classifier.text import fold
from classifier.words import words as listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from classifier.text import Views

TRAINED = ("en", "de", "pt", "ko", "ar")
"""Languages with training data; bit `i` of an entry of the table of known words stands for the i-th."""

FOREIGN, UNKNOWN = "language", "few_known_features"
_SURE = 0.8
_ENOUGH = 0.5
_LONGEST = 2000
_SHORT, _ENGLISH = 12, 0.2
"""A text of at most `_SHORT` words, of which no more than a share `_ENGLISH` are English's commonest, may be anything:
the words of other languages are seen among English comments often enough to be known."""
_CLEARLY = 5.0
"""By how much (log-likelihood) another language must be likelier than every trained one to be believed in few words."""
_NO_OTHER = ("pcm", "zxx")
"""What the identifier calls Nigerian Pidgin and no language at all is, in comments, English written carelessly."""


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Loads py3langid's shipped model, once, and only when a text needs it."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


@lru_cache(maxsize=1)
def _common() -> NDArray[np.uint32]:
    """Returns the hashes of English's commonest words."""
    return np.unique(grams(fold(listed("english")))[1].hashes)


class Languages:
    """Judges language by known words first, and asks py3langid only about texts that leave a doubt."""

    def __init__(self, known: NDArray[np.uint8]) -> None:
        self.known = known

    def judge(
        self, texts: Sequence[str], views: Views, words: Words
    ) -> tuple[list[str | None], list[str | None]]:
        """Returns, per text, the language (ISO 639-1, or None) and the doubt (or None where there is none)."""
        count = len(texts)
        flags = self.known[words.hashes >> np.uint32(32 - KNOWN_BITS)]
        worded = views.kinds[words.begins] == LETTER
        total = np.bincount(words.text_of[worded], minlength=count)
        familiar = np.bincount(words.text_of[worded & (flags > 0)], minlength=count)
        shares = np.stack(
            [
                np.bincount(words.text_of[worded & ((flags & (1 << bit)) > 0)], minlength=count)
                for bit in range(len(TRAINED))
            ]
        )
        best = shares.argmax(axis=0)
        share = familiar / np.maximum(total, 1)
        short = np.flatnonzero((np.bincount(words.text_of, minlength=count) <= _SHORT)[words.text_of])
        common = words.text_of[short[np.isin(words.hashes[short], _common())]]
        strange = (total <= _SHORT) & (np.bincount(common, minlength=count) <= _ENGLISH * total)
        languages: list[str | None] = [TRAINED[each] for each in best.tolist()]
        doubts: list[str | None] = [None] * count
        for row in np.flatnonzero((best != 0) | (share < _SURE) | strange).tolist():
            languages[row], doubts[row] = _settle(
                views.reread.get(row, texts[row]), languages[row], float(share[row]), int(total[row])
            )
        return languages, doubts


def _settle(text: str, guess: str | None, share: float, words: int) -> tuple[str | None, str | None]:
    """Decides about one text that the known words leave open."""
    if words == 0:
        return None, UNKNOWN
    ranked = _identifier().rank(text[:_LONGEST])
    told = str(ranked[0][0])
    if told in TRAINED and share >= _ENOUGH:
        return told, None
    if told not in TRAINED and words >= 4 and share < _SURE:
        return told, FOREIGN
    nearest = max(float(likely) for name, likely in ranked if name in TRAINED)
    if told not in (*TRAINED, *_NO_OTHER) and float(ranked[0][1]) - nearest >= _CLEARLY:
        return told, FOREIGN
    if share >= _ENOUGH:
        return guess, None
    return (told if told in TRAINED else guess if share > 0 else None), UNKNOWN
