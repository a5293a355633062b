"""Reading sees through disguise, leaves plain text alone, and traces every character to the original."""

from zlib import crc32

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifier.lexicon import Lexicon
from classifier.text import TextReader, read_as

WORDS = "you are an a i idiot stupid the and what fuck fucking shit is so this that moron hello world dont go asshole"
LEXICON = Lexicon({crc32(word.encode()): 5.0 + at / 20 for at, word in enumerate(WORDS.split())})


@pytest.mark.parametrize(
    ("disguised", "meant"),
    [
        ("you are an 1d10t", "you are an idiot"),
        ("y0u 4r3 4n 1d10t 4nd stup1d", "you are an idiot and stupid"),
        ("you are an i d i o t", "you are an idiot"),
        ("y o u a r e a n i d i o t", "you are an idiot"),
        ("you i.d.i.o.t go", "you idiot go"),
        ("f*ck you and sh!t", "fuck you and shit"),
        ("y\u200bou ar\u2060e an id\u200biot", "you are an idiot"),
        ("\u202eyou are an idiot\u202c", "you are an idiot"),
        ("уоu аrе аn іdіоt", "you are an idiot"),
        ("𝔶𝔬𝔲 𝓪𝓻𝓮 ａｎ ⓘⓓⓘⓞⓣ", "you are an idiot"),
        ("you are sooooo stuuuupid", "you are so stupid"),
        ("<b>id</b>iot [b]you[/b] &#105;diot", "idiot you idiot"),
        ("a$$h0le", "asshole"),
        ("fu_ck you, 1d!0t", "fuck you, idiot"),
        ("f🇺ck 🇫🇺🇨🇰", "fuck fuck"),
        ("you s 7 u p 1 d", "you stupid"),
    ],
)
def test_a_disguised_text_reads_as_what_it_means(disguised, meant):
    views = read_as([disguised], LEXICON)
    assert views.text(0) == meant
    assert views.reads_as == {0: meant}
    assert views.disguise()[0] > 0


@pytest.mark.parametrize(
    "plain",
    [
        "You are an idiot!",
        "the 1st of 20, at 4pm, for $5",
        "so what is this? hello @john, e.g. 3.5% - and so on...",
        "Ты дурак и идиот",
        "عربي نص",
        "한국어 댓글",
        "Das ist schön, nicht wahr?",
        "😀 ❤️ fine",
        "well played Iceland! 🇮🇸🇮🇸🇮🇸",
        "The A55, the M1 and the B12 are closed",
        "He won 3-6 6-3 7-5 at 8.30, 7 - 5 6 - 4",
        "",
    ],
)
def test_a_plain_text_is_left_alone(plain):
    views = read_as([plain], LEXICON)
    assert views.reads_as == {}
    assert views.disguise()[0] == 0


def test_every_character_keeps_its_place_in_the_original():
    text = "so: i d\u200b i o t"
    views = read_as(["hello", text], LEXICON)
    begin, end = views.starts[1], views.starts[2] - 1
    word = views.text(1).index("idiot")
    assert "".join(text[at] for at in views.origin[begin + word : begin + word + 5]) == "idiot"
    assert (views.origin[begin:end][1:] >= views.origin[begin:end][:-1]).all()


def test_a_reader_fitted_again_forgets_words_and_passes_on_what_is_read():
    reader = TextReader(least=1).fit(["idiot moron clown"])
    batch = reader.transform(["1d10t"])
    assert batch.as_read() == ["idiot"]
    assert reader.transform(batch) is batch
    assert reader.fit(["train bridge"]).transform(["1d10t"]).as_read() == ["1d10t"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.one_of(st.sampled_from("aeiou t01345$@!*.-_<>[]&#;'\n\u200b"), st.characters()))))
@example(["you 1d10t", "", "hello", "i d i o t", "\u200b", "so"])
def test_any_text_keeps_its_order_and_places_and_reads_in_a_batch_as_alone(texts):
    batch = read_as(texts, LEXICON)
    for row, text in enumerate(texts):
        places = batch.origin[batch.starts[row] : batch.starts[row + 1] - 1]
        assert (np.diff(places) >= 0).all()
        assert ((places >= 0) & (places < len(text))).all()
        assert batch.text(row) == read_as([text], LEXICON).text(0)
    assert ((batch.disguise() >= 0) & (batch.disguise() <= 1)).all()
