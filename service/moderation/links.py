"""How many links a text carries, counted in one pass without regular expressions."""

from __future__ import annotations

_STARTS = ("http://", "https://", "ftp://", "www.", "hxxp://", "hxxps://", "[url", "href=")
_DOUBLED = ("://www.", "[url=http", "[url]http", "[url=www.", "[url]www.", 'href="http', "href=http")
"""One link written with two marks."""


def count_links(text: str) -> int:
    """Return the number of links in `text`: addresses with a scheme or www., and links in HTML or BBCode."""
    folded = text.casefold()
    if not any(start in folded for start in _STARTS):
        return 0  # nearly every comment
    total = 0
    for word in folded.split():
        marks = sum(word.count(start) for start in _STARTS)
        doubled = sum(word.count(pair) for pair in _DOUBLED)
        total += max(0, marks - doubled)
    return total
