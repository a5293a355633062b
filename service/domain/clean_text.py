"""What a reader typed, without what spoils a page: control characters, overridden directions, towers of marks."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from service.domain.characters import IGNORED, IGNORED_BMP, stacked_marks

CONTROLS: Final = "\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
ACCENTS: Final = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
UNSEEN: Final = f"{CONTROLS}{ACCENTS}{IGNORED_BMP}\u2800"
"""What shows nothing by itself, white space aside; the inside of a character class, without what lies beyond U+FFFF."""
ACCENTS_KEPT: Final = 3
"""Accents on one letter; Vietnamese and Greek have up to three."""
MARKS_KEPT: Final = 6
"""Marks of any script on one letter; pointed Hebrew and stacked Tibetan have up to six."""

_SEEN: Final = re.compile(rf"[^\s{UNSEEN}{IGNORED}]")
_BREAKS: Final = "\x0b\x0c\x85\u2028\u2029"
_OF_LINES: Final = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_DROPPED: Final = re.compile(rf"[{CONTROLS}\u202a-\u202e\u2066-\u2069]+")
_SUSPECT: Final = re.compile(rf"[{CONTROLS}{_BREAKS}\u202a-\u202e\u2066-\u2069]")


def _tower(marks: str, kept: int) -> re.Pattern[str]:
    """Match what stands above so many marks; what is not seen between them parts no tower."""
    one = f"(?:(?![{marks}])[{IGNORED}])*+[{marks}]"
    return re.compile(rf"([{marks}](?:{one}){{{kept - 1}}})(?:{one})+")


_ACCENT_TOWER: Final = _tower(ACCENTS, ACCENTS_KEPT)


def is_blank(text: str) -> bool:
    """Whether nothing in the text is seen."""
    return _SEEN.search(text) is None


def cleaned(text: str) -> str:
    """Return a text of any number of lines without controls and overridden directions; towers of marks are cut down."""
    if text.isascii() and text.isprintable():
        return text
    if _SUSPECT.search(text):
        text = _DROPPED.sub("", text.translate(dict.fromkeys(map(ord, _BREAKS), "\n")))
    return text if text.isascii() else _mark_tower().sub(r"\1", _ACCENT_TOWER.sub(r"\1", text))


def cleaned_line(text: str) -> str:
    """Return the same of a text that is one line, such as a name or a title."""
    return cleaned(_OF_LINES.sub(" ", text))


@lru_cache(maxsize=1)
def _mark_tower() -> re.Pattern[str]:
    return _tower(stacked_marks(), MARKS_KEPT)
