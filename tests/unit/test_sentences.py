"""Sentences: whole, in order, without white space around them, in linear time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.sentences import sentences


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


@given(text=st.text(alphabet=' .!?\n。aZ😀"’)', max_size=300), most=st.integers(1, 20))
def test_nothing_but_white_space_is_left_out(text, most):
    found = sentences(text, most)
    assert len(found) <= most
    places = [place for pair in found for place in pair]
    assert places == sorted(places)
    assert all(text[begin:end].strip() == text[begin:end] != "" for begin, end in found)
    kept = {place for begin, end in found for place in range(begin, end)}
    assert all(text[place].isspace() for place in range(len(text)) if place not in kept)


def test_time_is_linear():
    def seconds(count):
        text = "a.\"'. " * count
        began = time.perf_counter()
        sentences(text, count)
        return time.perf_counter() - began

    seconds(1_000)
    assert seconds(100_000) < 40 * max(seconds(10_000), 0.002)
