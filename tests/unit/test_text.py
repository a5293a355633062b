"""The normal form of texts: what looks alike is alike, and what merely resembles stays apart."""

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.text import DENSE, folded, key, plain, terms, words

bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Straße", "STRASSE"),
        ("İSTANBUL", "istanbul"),
        ("ısırgan", "isirgan"),
        ("Ångström", "angstrom"),
        ("Łódź", "lodz"),
        ("smørrebrød", "smorrebrod"),
        ("Ælfred", "aelfred"),
        ("ﬁancée", "fiancee"),
        ("e\u0301te\u0301", "été"),
        ("ΟΔΥΣΣΕΎΣ", "οδυσσευς"),
        ("ёж", "еж"),
        ("أحمد", "احمد"),
        ("پارک", "پارك"),
        ("가나다", unicodedata.normalize("NFD", "가나다")),
        ("ﾊﾞｶ", "バカ"),
        ("Ⅷ", "viii"),
        ("don’t", "don't"),
    ],
)
def test_what_looks_alike_is_found_alike(text, same):
    assert terms(text) == terms(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("й", "и"),
        ("ї", "і"),
        ("が", "か"),
        ("पानी", "पाना"),
        ("की", "का"),
        ("ﻛ", "ل"),
        ("ก้", "ก๊"),
        ("ש", "ת"),
    ],
)
def test_what_resembles_stays_apart(one, other):
    assert terms(one) != terms(other)
    assert key(folded(one)) != key(folded(other))


def test_short_words_keep_the_accents_that_make_other_words():
    assert [key(folded(one)) for one in ("año", "ano", "más", "mas", "Größe")] == [
        "año",
        "ano",
        "mas",
        "mas",
        "grosse",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("हमें चार नई बसें मिलीं", ["हमें", "चार", "नई", "बसें", "मिलीं"]),
        ("played Iceland! 🇮🇸🇮🇸", ["played", "iceland"]),
        ("l’hôtel, z_o casino.example", ["l", "hotel", "z", "o", "casino", "example"]),
        ("zorbocoinを買う", ["zorbocoin", "を買う"]),
        ("바보야zorbo", ["바보야", "zorbo"]),
        ("בגוגל google", ["בגוגל", "google"]),
        ("3,14 2026-11-22", ["3", "14", "2026", "11", "22"]),
        ("", []),
        ("\u200b \u00ad…", []),
    ],
)
def test_words_end_where_readers_see_them_end(text, found):
    assert [plain(word.text) for word in words(text)] == found


def test_scripts_without_spaces_are_told_apart():
    dense = ["橋を渡る", "ควาย", "ໝາ", "ខ្មោច", "ခွေး", "你好"]
    spaced = ["바보", "हिन्दी", "বাংলা", "தமிழ்", "ქართული", "አማርኛ", "bridge"]
    assert {words(one)[0].kind for one in dense} == {DENSE}
    assert DENSE not in {words(one)[0].kind for one in spaced}


@bounded
@given(st.text(max_size=60))
def test_the_form_is_settled(text):
    found = [word.text for word in words(text)]
    assert [word.text for one in found for word in words(one)] == found
    assert terms(unicodedata.normalize("NFC", text)) == terms(unicodedata.normalize("NFD", text))


@bounded
@given(st.text(max_size=60))
def test_terms_can_be_stored_and_asked_for(text):
    for term in terms(text):
        assert 0 < len(term) <= 100
        assert {unicodedata.category(one)[0] for one in term} <= {"L", "M", "N"}


@pytest.mark.parametrize(
    "piece", ["a", "é", "橋", "ก้", "z o ", "\u0301", "ﷺ", "हि", "\u200b", "1", "е", "n't "]
)
def test_the_longest_text_is_folded_at_once(piece):
    text = (piece * 20_000)[:20_000]
    started = time.process_time()
    terms(text)
    assert time.process_time() - started < 2.0
