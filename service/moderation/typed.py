"""What a reader typed, without what spoils a page: control characters, overridden directions, towers of marks."""

from __future__ import annotations

import re
from typing import Final

from service.moderation.text import IGNORED, IGNORED_BMP

CONTROLS: Final = "\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
ACCENTS: Final = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
UNSEEN: Final = f"{CONTROLS}{ACCENTS}{IGNORED_BMP}\u2800"
"""What shows nothing by itself, white space aside; the inside of a character class, without what lies beyond U+FFFF."""
ACCENTS_KEPT: Final = 3
"""Accents on one letter; Vietnamese and Greek have up to three."""
MARKS_KEPT: Final = 6
"""Marks of other scripts on one letter; pointed Hebrew and stacked Tibetan have up to six."""

_SEEN: Final = re.compile(rf"[^\s{UNSEEN}{IGNORED}]")
_BREAKS: Final = "\x0b\x0c\x85\u2028\u2029"
_OF_LINES: Final = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_DROPPED: Final = re.compile(rf"[{CONTROLS}\u202a-\u202e\u2066-\u2069]+")
_SUSPECT: Final = re.compile(rf"[{CONTROLS}{_BREAKS}\u202a-\u202e\u2066-\u2069]")
_OTHER_MARKS: Final = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4"
    "\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u08d3-\u0902\u093a\u093c\u0941-\u0948\u094d\u0951-\u0957\u0981"
    "\u09bc\u09c1-\u09c4\u09cd\u0a01-\u0a51\u0abc-\u0acd\u0b3c-\u0b4d\u0bc0\u0bcd\u0c3e-\u0c56\u0cbc-\u0ccd"
    "\u0d41-\u0d4d\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u0f18-\u0f39\u0f71-\u0fbc"
    "\u102d-\u1030\u1032-\u1037\u1039\u103a\u103d\u103e\u17b7-\u17bd\u17c6\u17c9-\u17d3\u17dd\u302a-\u302f\u3099\u309a"
)
_ACCENT_TOWER: Final = re.compile(rf"([{ACCENTS}]{{{ACCENTS_KEPT}}})[{ACCENTS}]+")
_MARK_TOWER: Final = re.compile(rf"([{_OTHER_MARKS}]{{{MARKS_KEPT}}})[{_OTHER_MARKS}]+")


def is_blank(text: str) -> bool:
    """Whether nothing in the text is seen."""
    return _SEEN.search(text) is None


def cleaned(text: str) -> str:
    """Return a text of any number of lines without controls and overridden directions; towers of marks are cut down."""
    if text.isascii() and text.isprintable():
        return text
    if _SUSPECT.search(text):
        text = _DROPPED.sub("", text.translate(dict.fromkeys(map(ord, _BREAKS), "\n")))
    return text if text.isascii() else _MARK_TOWER.sub(r"\1", _ACCENT_TOWER.sub(r"\1", text))


def cleaned_line(text: str) -> str:
    """Return the same of a text that is one line, such as a name or a title."""
    return cleaned(_OF_LINES.sub(" ", text))
