"""Where a text's sentences begin and end; linear time, no grammar: a mark that ends one, or a line's end."""

from __future__ import annotations

_ENDS = frozenset(".!?…。！？؟।")
_CLOSERS = frozenset("\"')]}»”’›」』）")
MOST = 200
"""Sentences of one text; the rest of a longer one is its last sentence."""


def sentences(text: str, most: int = MOST) -> list[tuple[int, int]]:
    """Return the sentences as (begin, end) in code points, `end` exclusive, without white space around them.

    At most `most`; a text of white space has none.
    """
    found: list[tuple[int, int]] = []
    begin, place, length = 0, 0, len(text)
    while place < length and len(found) < most - 1:
        place = _end_of_run(text, place)
        if place <= length and _closes(text, place):
            _add(found, text, begin, place)
            begin = place
    _add(found, text, begin, length)
    return found


def _end_of_run(text: str, place: int) -> int:
    """Return the place after the next mark or line end, with the marks and closing quotes that follow it."""
    length = len(text)
    while place < length and text[place] not in _ENDS and text[place] != "\n":
        place += 1
    if place < length and text[place] == "\n":
        return place + 1
    while place < length and (text[place] in _ENDS or text[place] in _CLOSERS):
        place += 1
    return place


def _closes(text: str, place: int) -> bool:
    """Whether what ends here is a sentence: white space follows, or the mark is one that needs none."""
    if place >= len(text) or text[place - 1] == "\n" or text[place].isspace():
        return True
    return text[place - 1] in "。！？"


def _add(found: list[tuple[int, int]], text: str, begin: int, end: int) -> None:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if begin < end:
        found.append((begin, end))
