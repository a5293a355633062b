"""Counting links: each once, however it is written, and in linear time."""

from __future__ import annotations

import time

import pytest

from service.moderation.links import count_links


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("No link here, not even a dot.com.", 0),
        ("See https://a.example/x.", 1),
        ("HTTP://A.EXAMPLE and www.b.example", 2),
        ("http://www.a.example", 1),
        ("hxxp://a.example hxxps://b.example ftp://c.example", 3),
        ('<a href="https://a.example">a</a>', 1),
        ("<a href=https://a.example>a</a>", 1),
        ("[url=https://a.example]a[/url]", 1),
        ("[url]www.a.example[/url]", 1),
        ("[url]https://www.a.example[/url] [url=www.b.example]b[/url]", 2),
        ("https://a.examplehttps://b.example", 2),
        ("https://a.example\nhttps://b.example\thttps://c.example", 3),
    ],
)
def test_each_link_is_counted_once(text: str, count: int) -> None:
    """Scheme and www, or mark-up around an address, make one link."""
    assert count_links(text) == count


@pytest.mark.parametrize(
    "text", ["http://" * 2800, "www." * 5000, "a" * 20_000, "[url=" * 4000, "h " * 10_000]
)
def test_the_longest_text_is_counted_at_once(text: str) -> None:
    """No text takes more than linear time."""
    started = time.perf_counter()
    count_links(text)
    assert time.perf_counter() - started < 0.5
