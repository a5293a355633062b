"""Long texts, a piece at a time: abuse is not thinned out by what stands around it, however much that is."""

from __future__ import annotations

LONG, PIECE = 600, 200
"""Texts of more than `LONG` characters are read whole and in pieces of at most `PIECE`; the gravest reading counts."""

MARGIN = 2.5
"""A piece counts by so much less in log-odds: of many looks at one text, one is grave by chance."""


def cut(text: str) -> list[tuple[int, int]]:
    """Returns where the pieces of a long text begin and end, at spaces where there are any; none for a short text."""
    if len(text) <= LONG:
        return []
    found, begin = [], 0
    while begin < len(text):
        end = min(begin + PIECE, len(text))
        if end < len(text):
            space = text.rfind(" ", begin + PIECE // 2, end)
            end = space + 1 if space > 0 else end
        found.append((begin, end))
        begin = end
    return found
