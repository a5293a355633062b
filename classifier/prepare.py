"""From texts to what the learner eats: the lexicon, the table of known words, bags of rows, soft targets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from classifier.data import LONGEST, Corpus
from classifier.features import KNOWN_BITS, grams
from classifier.language import TRAINED
from classifier.learner import Bags
from classifier.reread import Lexicon
from classifier.signals import measure
from classifier.text import fold, read_as

Floats = NDArray[np.float32]
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_BATCH = 1024


def lexicon_of(
    corpus: Corpus, least: int = 8, most: int = 40_000
) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Counts words over all texts; returns the CRC-32 and the cost in tenths of the most common ones."""
    counts: Counter[str] = Counter()
    for begin in range(0, len(corpus), _BATCH):
        views = fold([text[:LONGEST] for text in corpus.texts[begin : begin + _BATCH]])
        folded = views.codes.tobytes().decode("utf-32-le", "surrogatepass")
        counts.update(word.replace("'", "") for word in _WORD.findall(folded))
    common = [
        (word, count) for word, count in counts.most_common(most) if count >= least and _wordlike(word, count)
    ]
    total = sum(count for _, count in common)
    keyed = {crc32(word.encode("utf-8", "surrogatepass")): np.log(total / count) for word, count in common}
    words = np.array(sorted(keyed), np.uint32)
    costs = np.array([round(keyed[word] * 10) for word in words.tolist()], np.uint8)
    return words, costs


def _wordlike(word: str, count: int) -> bool:
    """Keeps real words: single letters only a and i, pairs only common ones, nothing with digits unless frequent."""
    if len(word) == 1:
        return word in "ai"
    if any(each.isdigit() for each in word):
        return count >= 60 and not any(left == right for left, right in zip(word, word[1:], strict=False))
    if any(word[at] == word[at + 1] == word[at + 2] for at in range(len(word) - 2)):
        return False
    return count >= 400 if len(word) == 2 else count >= 40 if len(word) == 3 else True


def bags_of(
    texts: Iterable[str], lexicon: Lexicon, progress: Callable[[int], None] | None = None
) -> tuple[Bags, NDArray[np.uint32]]:
    """Reads every text and collects its rows; also returns the buffer of word hashes, each with its text (2, n)."""
    every = [text[:LONGEST] for text in texts]
    rows, sizes, measured, hashes = [], [], [], []
    for begin in range(0, len(every), _BATCH):
        batch = every[begin : begin + _BATCH]
        views = read_as(batch, lexicon)
        found, words = grams(views)
        belongs = np.concatenate(
            [np.repeat(np.arange(len(batch), dtype=np.int16), np.diff(each.indptr)) for each in found]
        )
        order = np.argsort(belongs, kind="stable")
        rows.append(np.concatenate([each.rows for each in found])[order])
        sizes.append(np.bincount(belongs, minlength=len(batch)))
        measured.append(measure(batch, views))
        hashes.append(np.stack((words.hashes, (words.text_of + begin).astype(np.uint32))))
        if progress is not None:
            progress(len(batch))
    indptr = np.concatenate(([0], np.cumsum(np.concatenate(sizes))))
    return Bags(np.concatenate(rows), indptr, np.concatenate(measured)), np.concatenate(hashes, axis=1)


def known_words(hashes: NDArray[np.uint32], languages: NDArray[np.str_], least: int = 5) -> NDArray[np.uint8]:
    """Marks, per word hash, the trained languages in which the word is at home (a bit each)."""
    size = 1 << KNOWN_BITS
    slots = hashes[0] >> np.uint32(32 - KNOWN_BITS)
    spoken = np.array(
        [TRAINED.index(name[:2]) if name[:2] in TRAINED else len(TRAINED) for name in languages.tolist()]
    )
    language = spoken[hashes[1]]
    counts = np.stack([np.bincount(slots[language == each], minlength=size) for each in range(len(TRAINED))])
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    home = (counts >= least) & (rates * 5 >= rates.max(axis=0, keepdims=True))
    flags: NDArray[np.uint8] = (home * (1 << np.arange(len(TRAINED)))[:, None]).sum(axis=0).astype(np.uint8)
    return flags


def soft_targets(corpus: Corpus, trust: float) -> Floats:
    """Mixes hard labels (weight `trust`) with the teacher's probabilities; whichever is known stands alone."""
    soft = 1 / (1 + np.exp(-corpus.teacher))
    both = trust * corpus.labels + (1 - trust) * soft
    mixed: Floats = np.where(
        np.isnan(corpus.labels), soft, np.where(np.isnan(corpus.teacher), corpus.labels, both)
    ).astype(np.float32)
    return mixed
