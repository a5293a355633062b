"""The n-grams, made for a whole batch at once, are those of the plain definition."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from classifier.features import HashedNgrams
from classifier.ngrams import CHARACTER_BITS, COLUMNS, WORD_BITS, WORDS_FROM, mix
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


def _mixed(value):
    return int(mix(np.array([value & _FULL], np.uint32))[0])


def _words_of(text):
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


def _hashed(character):
    return (ord(character) * 0x9E3779B1 & _FULL) ^ (ord(character) << 7 & _FULL)


def _character_columns(words, order):
    columns = []
    for word in words:
        padded = f" {word} "
        for at in range(len(padded) - order + 1):
            rolling = 0
            for character in padded[at : at + order]:
                rolling = (rolling * 0x05008E01 + _hashed(character)) & _FULL
            columns.append(_mixed(rolling + order * 7919) >> (32 - CHARACTER_BITS))
    return columns


def _whole(word):
    weights = [_mixed(place) | 1 for place in range(1, 65)]
    return _mixed(sum(_hashed(each) * weights[min(at, 63)] for at, each in enumerate(f" {word}")))


def _word_columns(words):
    hashes = [_whole(word) for word in words]
    pairs = [_mixed(left * 0x85EBCA6B + right) for left, right in pairwise(hashes)]
    return (
        [WORDS_FROM + (_mixed(each) >> (32 - WORD_BITS)) for each in hashes],
        [WORDS_FROM + (_mixed(each + 1) >> (32 - WORD_BITS)) for each in pairs],
    )


def _columns(text):
    words = _words_of(text)
    return [*(_character_columns(words, order) for order in (3, 4, 5)), *_word_columns(words)]


@pytest.mark.parametrize("texts", [TEXTS, TEXTS[::-1], *([text] for text in TEXTS)])
def test_a_batch_gives_every_text_its_n_grams(texts):
    found, _ = fold(texts).grams
    for number, text in enumerate(texts):
        got = [each.columns[each.indptr[number] : each.indptr[number + 1]].tolist() for each in found]
        assert got == _columns(text)
        alone = [each.of(number) for each in found]
        assert [each.columns.tolist() for each in alone] == got
        assert [each.indptr.tolist() for each in alone] == [[0, len(columns)] for columns in got]


def test_the_table_counts_them_in_rows_of_length_one():
    table = HashedNgrams().fit_transform(fold([*TEXTS, "the same word " * 3000]))
    assert table.shape == (len(TEXTS) + 1, COLUMNS)
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    assert lengths == pytest.approx([float(bool(_words_of(text))) for text in (*TEXTS, "x")], abs=1e-5)
    counts = Counter(column for columns in _columns(TEXTS[0]) for column in columns)
    row = table[0].toarray().ravel()
    wanted = np.zeros(COLUMNS)
    wanted[list(counts)] = list(counts.values())
    assert row == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-6)


def test_n_grams_know_their_places():
    views = fold(["The bridge isn't open"])
    text = views.text(0)
    found, words = views.grams
    begins, lasts = found[0].places()
    assert [text[a : b + 1] for a, b in zip(begins, lasts, strict=True)][:3] == ["th", "the", "he"]
    read = [text[a : b + 1] for a, b in zip(words.begins, words.lasts, strict=True)]
    assert read == ["the", "bridge", "isn't", "open"]
    pairs = zip(*found[4].places(), strict=True)
    assert [text[a : b + 1] for a, b in pairs] == ["the bridge", "bridge isn't", "isn't open"]
