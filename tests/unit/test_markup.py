"""HTML of a comment box as text: nothing a reader saw is lost, and nothing a spammer hid is."""

import time

import pytest

from service.domain.markup import plain_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Plain words, 1 < 2 & 3 > 2.", "Plain words, 1 < 2 & 3 > 2."),
        ("Caf&eacute; &amp; bar", "Café & bar"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("so <b>bold</b> and <em>brave</em>", "so bold and brave"),
        ("one<br />two<p>three</p>", "one\ntwo\nthree"),
        (
            '<a href="https://shop.example/x?a=1&amp;b=2">cheap</a> now',
            "cheap (https://shop.example/x?a=1&b=2) now",
        ),
        ('<a href="https://shop.example">https://shop.example</a>', "https://shop.example"),
        ("<A HREF='https://shop.example'>cheap", "cheap (https://shop.example)"),
        ("<a href=https://shop.example></a>", "(https://shop.example)"),
        ('<img src="https://pixel.example/1.gif" />', "(https://pixel.example/1.gif)"),
        ("I <3 this <article> here", "I <3 this <article> here"),
        ("", ""),
    ],
)
def test_text_is_what_readers_saw(source, text):
    assert plain_text(source) == text


@pytest.mark.parametrize("piece", ["<a href=", "<", "&", "<a href='x'>", "</a>", "&#", "<b ", 'href="'])
def test_hostile_markup_takes_time_in_proportion(piece):
    started = time.process_time()
    plain_text(piece * (100_000 // len(piece)))
    assert time.process_time() - started < 1.0
