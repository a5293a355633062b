"""Classes of characters, each as the inside of a character class of a regular expression."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

IGNORED_BMP: Final = (
    "\u00ad\u034f\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
)
IGNORED: Final = f"{IGNORED_BMP}\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
"""Default-ignorable code points: joiners, fillers, variation selectors, tags, and what sets the direction; and two that
show nothing though their names say otherwise, of an object that is left out and of a note without a head."""
DECORATION: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07fa\u0898-\u089f\u08ca-\u08e1"
    "\u08e3-\u08ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
)
"""Accents that no letter took in, vowel points of Arabic, Hebrew and Syriac, and the strokes that stretch a word."""
DENSE_LETTERS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\u2e80-\u2fdf\u3005-\u3007\u3040-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua980-\ua9ff\uaa60-\uaadf\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U000323af"
)
"""Letters of scripts that are written without spaces; the inside of a character class."""
ALPHABETIC_LETTERS: Final = (
    "a-z0-9\u00aa-\u058f\u10a0-\u10ff\u13a0-\u13ff\u1c80-\u1cbf\u1d00-\u1dbf\u1e00-\u1fff\u2c60-\u2c7f"
    "\u2d00-\u2d2f\ua4d0-\ua4ff\ua640-\ua69f\ua720-\ua7ff\uab30-\uab8f"
)


@lru_cache(maxsize=1)
def word_marks() -> str:
    """Return the marks that belong to words, as the inside of a character class."""
    dropped = re.compile(f"[{DECORATION}{IGNORED}]")
    return _points(lambda letter: unicodedata.category(letter)[0] == "M" and not dropped.match(letter))


@lru_cache(maxsize=1)
def stacked_marks() -> str:
    """Return the marks that stand above, below or around their letter, as the inside of a character class."""
    return _points(lambda letter: unicodedata.category(letter) in ("Mn", "Me"))


def _points(is_meant: Callable[[str], object]) -> str:
    found: list[str] = []
    first: int | None = None
    for point in range(0x300, 0x1F000):
        is_mark = is_meant(chr(point))
        if is_mark and first is None:
            first = point
        elif not is_mark and first is not None:
            found.append(chr(first) if first == point - 1 else f"{chr(first)}-{chr(point - 1)}")
            first = None
    return "".join(found)
