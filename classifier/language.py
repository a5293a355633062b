"""Which language a text is in, and whether the model knows enough of its words to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.features import KNOWN_BITS, Words
from classifier.folding import LETTER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from classifier.text import Views

TRAINED = ("en", "de", "pt", "ko", "ar")
"""Languages with training data; bit `i` of an entry of the table of known words stands for the i-th."""

FOREIGN, UNKNOWN = "language", "few_known_features"
_SURE = 0.8
_ENOUGH = 0.5
_LONGEST = 2000


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Loads py3langid's shipped model, once, and only when a text needs it."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


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
        languages: list[str | None] = [TRAINED[each] for each in best.tolist()]
        doubts: list[str | None] = [None] * count
        for row in np.flatnonzero((best != 0) | (share < _SURE) | (total < 1)).tolist():
            languages[row], doubts[row] = _settle(
                texts[row], languages[row], float(share[row]), int(total[row])
            )
        return languages, doubts


def _settle(text: str, guess: str | None, share: float, words: int) -> tuple[str | None, str | None]:
    """Decides about one text that the known words leave open."""
    if words == 0:
        return None, UNKNOWN
    told = str(_identifier().classify(text[:_LONGEST])[0])
    if told in TRAINED and share >= _ENOUGH:
        return told, None
    if told not in TRAINED and words >= 4 and share < _SURE:
        return told, FOREIGN
    if share >= _ENOUGH:
        return guess, None
    return (told if told in TRAINED else guess if share > 0 else None), UNKNOWN
