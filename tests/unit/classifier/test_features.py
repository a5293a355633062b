"""The n-grams and the units' answers, made for a whole batch at once, are those of the plain definition."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from classifier.network import pool
from classifier.windows import distinct

from classifier.features import (
    CHARACTER_BITS,
    GAP_BITS,
    GAPS_FROM,
    WORD_BITS,
    WORDS_FROM,
    grams,
    mix,
)
from classifier.model import Model
from classifier.text import fold

TEXTS = [
    "The bridge isn't open yet, is it?",
    "",
    "'",
    "  'quoted' and o'clock, ''twice''  ",
    "😀😀 x 12:30 Straße",
    "one",
    "a b c",
    "antidisestablishmentarianismantidisestablishmentarianismantidisestablishmentarianism " * 3,
]
_FULL = (1 << 32) - 1


def _mixed(value: int) -> int:
    return int(mix(np.array([value & _FULL], np.uint32))[0])


def _words_of(text: str) -> list[str]:
    """Splits a folded text into words: letters, digits and emoji, with apostrophes inside them left out."""
    views = fold([text])
    codes, kinds = views.codes.tolist()[:-1], views.kinds.tolist()[:-1]
    solid = [kind in (1, 2, 5) for kind in kinds]
    words, word = [], ""
    for at, code in enumerate(codes):
        inside = code == 39 and 0 < at < len(codes) - 1 and solid[at - 1] and solid[at + 1]
        if solid[at]:
            word += chr(code)
        elif not inside and word:
            words.append(word)
            word = ""
    return words + [word] * bool(word)


def _hashed(character: str) -> int:
    return (ord(character) * 0x9E3779B1 & _FULL) ^ (ord(character) << 7 & _FULL)


def _character_rows(words: list[str], order: int) -> list[int]:
    rows = []
    for word in words:
        padded = f" {word} "
        for at in range(len(padded) - order + 1):
            rolling = 0
            for character in padded[at : at + order]:
                rolling = (rolling * 0x05008E01 + _hashed(character)) & _FULL
            rows.append(_mixed(rolling + order * 7919) >> (32 - CHARACTER_BITS))
    return rows


def _whole(word: str) -> int:
    weights = [_mixed(place) | 1 for place in range(1, 65)]
    return _mixed(sum(_hashed(each) * weights[min(at, 63)] for at, each in enumerate(f" {word}")))


def _word_rows(words: list[str]) -> tuple[list[int], list[int], list[int]]:
    hashes = [_whole(word) for word in words]
    pairs = [_mixed(left * 0x85EBCA6B + right) for left, right in pairwise(hashes)]
    gaps = [
        _mixed(left * 0x1B873593 + right * 5 + 77) for left, right in zip(hashes, hashes[2:], strict=False)
    ]
    return (
        [WORDS_FROM + (_mixed(each) >> (32 - WORD_BITS)) for each in hashes],
        [WORDS_FROM + (_mixed(each + 1) >> (32 - WORD_BITS)) for each in pairs],
        [GAPS_FROM + (_mixed(each + 2) >> (32 - GAP_BITS)) for each in gaps],
    )


@pytest.mark.parametrize("texts", [TEXTS, TEXTS[::-1], *([text] for text in TEXTS)])
def test_a_batch_gives_every_text_its_n_grams(texts: list[str]) -> None:
    """Rows, and their order, are those that a plain loop over the characters and words of each text gives."""
    found, _ = grams(fold(texts))
    for number, text in enumerate(texts):
        words = _words_of(text)
        wanted = [*(_character_rows(words, order) for order in (3, 4, 5)), *_word_rows(words)]
        got = [each.rows[each.indptr[number] : each.indptr[number + 1]].tolist() for each in found]
        assert got == wanted


def test_n_grams_know_their_places() -> None:
    """Each n-gram names its first and last character in the text as it reads."""
    views = fold(["The bridge isn't open"])
    text = views.text(0)
    found, words = grams(views)
    begins, lasts = found[0].places()
    assert [text[begin : last + 1] for begin, last in zip(begins, lasts, strict=True)][:3] == [
        "th",
        "the",
        "he",
    ]
    assert [text[a : b + 1] for a, b in zip(words.begins, words.lasts, strict=True)] == [
        "the", "bridge", "isn't", "open",
    ]  # fmt: skip
    pairs = zip(*found[4].places(), strict=True)
    assert [text[a : b + 1] for a, b in pairs] == ["the bridge", "bridge isn't", "isn't open"]


@pytest.mark.parametrize(
    "texts", [["the same word " * 3000, "one", ""], ["word"], [""], ["a b"] * 5, ["xy " * 9000]]
)
def test_sums_do_not_overflow(texts: list[str]) -> None:
    """Each text's rows are summed exactly, however many and however heavy they are, beside short and empty ones."""
    table = np.random.default_rng(0).integers(1 << 19, 1 << 20, (GAPS_FROM + (1 << GAP_BITS), 3), np.int32)
    found, _ = grams(fold(texts))
    wanted = np.zeros((len(texts), 3), np.int64)
    for each in found:
        for text in range(len(wanted)):
            wanted[text] += table[each.rows[each.indptr[text] : each.indptr[text + 1]]].sum(
                axis=0, dtype=np.int64
            )
    assert (pool(table, found) == wanted).all()


def test_distinct_rows_stand_for_all() -> None:
    """Every row is found again among the distinct ones, also where many meet in one place of the table."""
    rng = np.random.default_rng(0)
    rows = np.concatenate((rng.integers(0, 1 << 18, 4000), np.arange(100) << 15, np.full(50, -1)))
    rows = rng.permutation(np.concatenate((rows, rows)))
    kept, which = distinct(rows)
    assert (kept.take(which) == rows).all()
    assert len(np.unique(rows)) <= len(kept) < len(rows) * 0.6


def test_the_units_answer_as_the_plain_product_does() -> None:
    """The answers to three neighbouring words are kernel times vectors, scaled, plus the bias; nothing is rounded."""
    network = Model.load().network
    texts = [f"word{n} the bridge is open and word{n + 1} {'very ' * (n % 50)}" for n in range(300)]
    windows = network.sums(texts).windows
    rows = windows.row_of
    vectors = network.meaning[network.vectors[rows].view(np.uint8)]
    vectors[rows < 0] = 0
    threes = np.concatenate([vectors[step : len(rows) - 2 + step] for step in range(3)], axis=1)
    whole = threes.astype(np.float64) @ network.kernel.reshape(threes.shape[1], -1).astype(np.float64)
    scaled = whole.astype(np.float32) * np.float32(network.unit) + network.hidden_bias.astype(np.float32)
    assert (windows.answers == scaled.T).all()
