"""What strangers send: the longest texts take no more than moments, and no made-up input breaks anything."""

import time

import pytest

from service.domain.article_url import URL_LIMIT, article_keys
from service.domain.links import count_links
from service.domain.markup import plain_text
from service.domain.personal_data import find_personal_data
from service.domain.sentences import sentences
from service.domain.text import terms
from service.domain.threats import find_threats
from service.domain.word_list import WordList
from service.privacy.masking import mask, page_url
from service.privacy.sealing import Address
from tools.fuzz.__main__ import run
from tools.fuzz.properties import PROPERTIES

OWN = Address.parse("Me@Bücher.example")
PHRASES = WordList(tuple(f"word{n} more{n}*" for n in range(4500)) + tuple(f"pre{n}*" for n in range(500)))
SAME_FIRST_WORD = WordList(tuple(f"spam {n}" for n in range(5000)))
NEARLY = WordList(
    (
        "zozozozoz",
        *(f"{'橋' * n}山" for n in range(1, 99)),
        *(f"{'zo' * n}x" for n in range(3, 49)),
        "ก้" * 40 + "ข",
    )
)


def keys_of_page_and_host(text):
    article_keys(f"https://news.example/{text}")
    article_keys(f"https://{text[:200]}.example/")


def personal_data_and_threats(text):
    list(find_threats(text))
    list(find_personal_data(text))


# What is repeated stands apart by white space; the spaces within it are written as underscores.
IN_URLS = "% %c3 ../ /.. %2e%2e/ a& = é e\u0301 %CC%81 www."
IN_QUERIES = "@ a@ %40 %2540& a%20at%20 @a. &"
IN_LINKS = "http:// www. a [url= h_ <a_href=x_ http://a [url] http://@ www.a. ](// http://a](_ é"
IN_HTML = "<a_href= < & <a_href='x'> </a> &# <b_ href=\""
IN_WORDS = "a é 橋 ก้ z_o_ \u0301 ﷺ हि \u200b 1 е n't_"
IN_SENTENCES = "a.\"'._ a._ ._"
IN_PHRASES = """
i'll_ i_will_a_a_ 12_ 12_Aa_ lives_ lives_1a_ 'a_ “ AB12_ DE89_ Rua_a_ a- 1- plate_A_ he_lives_no_1_ key_a_
⟦phone⟧_ >_ x@ Aa-
"""
IN_LISTED = "z_o_ 橋 é ก้ z0 \u0301 ﷺ z.o a"
IN_CONTACTS = """
@ a@ a.b. 1 1_ 12-34-56-78-90_ 12-34-56-78_x_ +1 ((1 a_ a_at_ a_at_b_dot_c_ a_(at)_ %40 a%40 &#64; &# &#0 %
telegram_ telegram:_ tg_@ t.me/ https:// @a: @a:b.c "@ a@b. \u200b ＠ é@ 用@ ⟦ 0171_234567_ call_1234567_ mailto:
_@_ a_._ discord_a#1 live: me@bücher. me@b&#252;
"""
READERS = [
    # what reads, up to how many characters, in how many seconds
    (keys_of_page_and_host, URL_LIMIT // 4, 0.5, IN_URLS),
    (lambda query: page_url(f"https://courier.example/a?{query}"), URL_LIMIT - 26, 0.5, IN_QUERIES),
    (count_links, 20_000, 0.5, IN_LINKS),
    (plain_text, 100_000, 1.0, IN_HTML),
    (terms, 20_000, 4.0, IN_WORDS),
    (lambda text: sentences(text, len(text)), 600_000, 4.0, IN_SENTENCES),
    (personal_data_and_threats, 20_000, 2.0, IN_PHRASES),
    (lambda text: PHRASES.first_in([text]), 20_000, 2.0, "word1_more_ a"),
    (lambda text: SAME_FIRST_WORD.first_in([text]), 20_000, 2.0, "spam_"),
    (lambda text: NEARLY.first_in([text]), 20_000, 4.0, IN_LISTED),
    (lambda text: mask(text, "US", OWN), 100_000, 4.0, IN_CONTACTS),
]


@pytest.mark.parametrize(
    ("read", "length", "seconds", "piece"),
    [(*row[:3], piece.replace("_", " ")) for row in READERS for piece in row[3].split()],
)
def test_reading_the_longest_text_takes_moments(read, length, seconds, piece):
    text = (piece * length)[:length]
    read(text[:100])
    began = time.process_time()
    read(text)
    assert time.process_time() - began < seconds


@pytest.mark.parametrize("word", ["a" * 100_000 + "@" + "b" * 100_000 + ".com", "a@" + "b." * 50_000])
def test_masking_one_endless_word_takes_moments(word):
    began = time.process_time()
    mask(word, "DE", OWN)
    assert time.process_time() - began < 4.0


@pytest.mark.parametrize("name", PROPERTIES)
def test_strangers_inputs_break_nothing(name):
    count, fault = run(name, 60, 100.0, chance=7)
    assert (count >= 20, fault) == (True, "")
