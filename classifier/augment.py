"""Training texts made from others: disguised and misspelt copies, so that what read-as leaves is met in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifier import disguise
from classifier.data import LONGEST, Corpus

Rng = np.random.Generator

_TRICKS = (*disguise.NAMED.values(), disguise.accented)


def disguised(corpus: Corpus, count: int, seed: int) -> Corpus:
    """Copies `count` English texts, half of them disguised by a named trick, half misspelt; labels stay."""
    rng = np.random.default_rng(seed)
    english: NDArray[np.int64] = np.flatnonzero(corpus.languages == "en")
    copies = corpus.take(rng.choice(english, min(count, len(english)), replace=False))
    for row, text in enumerate(copies.texts):
        short = text[: LONGEST // 2]
        trick = _TRICKS[row // 2 % len(_TRICKS)]
        copies.texts[row] = misspelt(short, rng) if row % 2 else trick(short, rng)
    copies.sources = np.full(len(copies), "disguised")
    return copies


def misspelt(text: str, rng: Rng) -> str:
    """Drops, doubles, swaps or changes one letter in a third of the longer words."""
    return " ".join(
        _slip(word, rng) if len(word) > 3 and rng.random() < 0.35 else word for word in text.split(" ")
    )


def _slip(word: str, rng: Rng) -> str:
    """Makes one slip inside a word."""
    at, which = int(rng.integers(1, len(word) - 1)), rng.random()
    if which < 0.35:
        return word[:at] + word[at + 1 :]
    if which < 0.6:
        return word[:at] + word[at] + word[at:]
    if which < 0.85:
        return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return word[:at] + "aeiou"[int(rng.integers(5))] + word[at + 1 :]
