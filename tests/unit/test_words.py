"""Word lists: whole words and phrases in any case and width, in linear time."""

from __future__ import annotations

import time

import pytest

from service.moderation.words import NO_WORDS, WordList


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("casino", "Visit the CASINO now"),
        ("casino", "casino"),
        ("casino", "(casino)"),
        ("casino", "ｃａｓｉｎｏ"),
        ("buy now", "Please BUY   now!"),
        ("buy now", "buy, now"),
        ("straße", "STRASSE"),
        ("replica*", "cheap replicas here"),
        ("replica*", "replica"),
        ("cheap replica*", "very cheap replicas"),
        ("naïve", "how NAÏVE"),
        ("7up", "a 7UP please"),
    ],
)
def test_a_word_is_found(entry: str, text: str) -> None:
    """Case, width, punctuation and white space make no difference; a trailing * takes any ending."""
    assert WordList((entry,)).first_in([text]) == entry


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("ass", "a classic assessment"),
        ("casino", "casinos"),
        ("buy now", "buy it now"),
        ("buy now", "now buy"),
        ("buy now", "you should buy"),
        ("cheap replica*", "cheap and replicas"),
        ("replica*", "unreplicated"),
        ("casino", ""),
    ],
)
def test_a_part_of_a_word_is_not_found(entry: str, text: str) -> None:
    """Only whole words and whole phrases in order count."""
    assert WordList((entry,)).first_in([text]) is None


def test_every_text_is_looked_through() -> None:
    """The name, the website and the text are searched in turn."""
    words = WordList(("seo", "casino"))
    assert words.first_in(["Ada", "", "play casino"]) == "casino"


def test_the_entry_is_named_as_the_site_wrote_it() -> None:
    """The reason shows the site's own spelling."""
    assert WordList(("Buy NOW",)).first_in(["buy now"]) == "Buy NOW"


def test_the_empty_list_finds_nothing() -> None:
    """No words, no ground."""
    assert NO_WORDS.first_in(["anything"]) is None


def test_a_list_is_compared_by_its_entries() -> None:
    """Two lists with the same entries are equal, so that policies compare."""
    assert WordList(("a", "b")) == WordList(("a", "b"))
    assert WordList(("a",)) != WordList(("b",))


def test_a_long_list_over_a_long_text_takes_linear_time() -> None:
    """Five thousand entries, prefixes among them, over the longest text take well under a second."""
    entries = tuple(f"word{n} more{n}*" for n in range(4500)) + tuple(f"pre{n}*" for n in range(500))
    text = "word1 more " * 1800
    started = time.perf_counter()
    assert WordList(entries).first_in([text]) is None
    assert time.perf_counter() - started < 2.0


def test_entries_that_share_a_first_word_take_linear_time() -> None:
    """A text that repeats the first word of every entry is no trap."""
    entries = tuple(f"spam {n}" for n in range(5000))
    started = time.perf_counter()
    assert WordList(entries).first_in(["spam " * 4000]) is None
    assert time.perf_counter() - started < 2.0
