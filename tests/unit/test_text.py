"""Texts as they are read: their normal form and words, their sentences, and HTML as its readers saw it."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.markup import plain_text
from service.domain.sentences import sentences
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


@pytest.mark.parametrize("pair", ["й и", "ї і", "が か", "पानी पाना", "की का", "ﻛ ل", "ก้ ก๊", "ש ת"])
def test_what_resembles_stays_apart(pair):
    one, other = pair.split()
    assert terms(one) != terms(other)
    assert key(folded(one)) != key(folded(other))


def test_an_accent_is_kept_where_it_makes_another_word():
    given = ("año", "ano", "más", "mas", "Größe")
    assert [key(folded(one)) for one in given] == ["año", "ano", "mas", "mas", "grosse"]


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
def test_the_form_is_settled_and_its_terms_can_be_stored(text):
    found = [word.text for word in words(text)]
    assert [word.text for one in found for word in words(one)] == found
    assert terms(unicodedata.normalize("NFC", text)) == terms(unicodedata.normalize("NFD", text))
    for term in terms(text):
        assert 0 < len(term) <= 100
        assert {unicodedata.category(one)[0] for one in term} <= {"L", "M", "N"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("One... two", ["One...", "two"]),
        ("He said “No.” Then he left", ["He said “No.”", "Then he left"]),
        ("at 3.5 percent on example.org", ["at 3.5 percent on example.org"]),
        ("first line\nsecond line\n\n", ["first line", "second line"]),
        ("これは橋です。いいですね。", ["これは橋です。", "いいですね。"]),
        ("?!", ["?!"]),
        ("  \n ", []),
        ("", []),
    ],
)
def test_sentences_are_cut_where_people_would(text, expected):
    assert [text[begin:end] for begin, end in sentences(text)] == expected


@settings(deadline=None)
@given(text=st.text(alphabet=' .!?\n。aZ😀"’)', max_size=300), most=st.integers(1, 20))
def test_sentences_leave_out_nothing_but_white_space(text, most):
    found = sentences(text, most)
    assert len(found) <= most
    places = [place for pair in found for place in pair]
    assert places == sorted(places)
    assert all(text[begin:end].strip() == text[begin:end] != "" for begin, end in found)
    kept = {place for begin, end in found for place in range(begin, end)}
    assert all(text[place].isspace() for place in range(len(text)) if place not in kept)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Plain words, 1 < 2 & 3 > 2.", "Plain words, 1 < 2 & 3 > 2."),
        ("Caf&eacute; &amp; bar", "Café & bar"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("so <b>bold</b> and <em>brave</em>", "so bold and brave"),
        ("one<br />two<p>three</p>", "one\ntwo\nthree"),
        ('<a href="https://a.example/x?a=1&amp;b=2">a</a> now', "a (https://a.example/x?a=1&b=2) now"),
        ('<a href="https://shop.example">https://shop.example</a>', "https://shop.example"),
        ("<A HREF='https://shop.example'>cheap", "cheap (https://shop.example)"),
        ("<a href=https://shop.example></a>", "(https://shop.example)"),
        ('<img src="https://pixel.example/1.gif" />', "(https://pixel.example/1.gif)"),
        ("I <3 this <article> here", "I <3 this <article> here"),
        ("<!-- wp:paragraph -->one<!--more-->two <!-- three", "onetwo <!-- three"),
        ("", ""),
    ],
)
def test_html_becomes_what_readers_saw_and_what_a_spammer_hid(source, text):
    assert plain_text(source) == text
