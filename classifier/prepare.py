"""From texts to what the learner eats: the lexicon, the table of known words, bags of rows, soft targets."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
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
        return count >= 60 and not any(left == right for left, right in pairwise(word))
    if any(word[at] == word[at + 1] == word[at + 2] for at in range(len(word) - 2)):
        return False
    return count >= 400 if len(word) == 2 else count >= 40 if len(word) == 3 else True


def bags_of(
    texts: Iterable[str], lexicon: Lexicon, progress: Callable[[int, int], None] | None = None
) -> Bags:
    """Reads every text and collects its rows, words and signals."""
    every = [text[:LONGEST] for text in texts]
    rows, sizes, hashes, lengths, measured = [], [], [], [], []
    for begin in range(0, len(every), _BATCH):
        batch = every[begin : begin + _BATCH]
        views = read_as(batch, lexicon)
        found, words = grams(views)
        count = len(batch)
        belongs = np.concatenate(
            [np.repeat(np.arange(count, dtype=np.int16), np.diff(each.indptr)) for each in found]
        )
        order = np.argsort(belongs, kind="stable")
        rows.append(np.concatenate([each.rows for each in found])[order])
        sizes.append(np.bincount(belongs, minlength=count))
        hashes.append(words.hashes)
        lengths.append(np.bincount(words.text_of, minlength=count))
        measured.append(measure(batch, views))
        if progress is not None:
            progress(begin + count, len(every))
    return Bags(
        np.concatenate(rows),
        np.concatenate(([0], np.cumsum(np.concatenate(sizes)))),
        np.concatenate(hashes),
        np.concatenate(([0], np.cumsum(np.concatenate(lengths)))),
        np.concatenate(measured),
    )


def known_words(bags: Bags, languages: NDArray[np.str_], least: int = 5) -> NDArray[np.uint8]:
    """Marks, per word hash, the trained languages in which the word is at home (a bit each)."""
    size = 1 << KNOWN_BITS
    slots = bags.hashes >> np.uint32(32 - KNOWN_BITS)
    names = [name[:2] for name in languages.tolist()]
    spoken = np.array([TRAINED.index(name) if name in TRAINED else len(TRAINED) for name in names])
    language = np.repeat(spoken, np.diff(bags.word_indptr))
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


def starting_vectors(directory: Path) -> tuple[NDArray[np.uint32], Floats] | None:
    """Gives words of the second reader a head start: their hashes, and the 64 leading components of its vectors.

    Returns None where `directory` holds no second reader; learning then begins from chance.
    """
    weights, tokens = directory / "w1.npz", directory / "tokenizer.json"
    if not weights.is_file() or not tokens.is_file():
        return None
    vocabulary: dict[str, int] = json.loads(tokens.read_text(encoding="utf-8"))["model"]["vocab"]
    with np.load(weights, allow_pickle=False) as arrays:
        name = "enc.embeddings.word_embeddings.weight::"
        table = arrays[f"{name}q"].astype(np.float32) * arrays[f"{name}s"]
    first = vocabulary["the"]
    centred = table - table[first:].mean(axis=0)
    axes = np.linalg.eigh(centred[first:].T @ centred[first:])[1][:, ::-1][:, :64]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(64)])
    words = [(word, number) for word, number in vocabulary.items() if number >= first and word.isalpha()]
    _, found = grams(fold([word for word, _ in words]))
    return found.hashes, (centred[[number for _, number in words]] @ axes).astype(np.float32)
