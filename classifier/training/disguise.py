"""Disguises for the evasion test and for training: seeded, one function per trick, apart from what undoes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Rng = np.random.Generator

_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "l": "1", "b": "8", "g": "9"}
_TWINS = {
    "a": "а",
    "c": "с",
    "e": "е",
    "i": "і",
    "o": "о",
    "p": "р",
    "s": "ѕ",
    "x": "х",
    "y": "у",
    "j": "ј",
    "h": "һ",
}
_ALPHABETS = (0x1D41A, 0x1D44E, 0x1D482, 0x1D4EA, 0x1D51E, 0x1D552, 0x1D5BA, 0x1D5EE, 0x1D68A, 0x24D0, 0xFF41)
_HOLES = {0x1D44E + 7}
_ACCENTS = "\u0300\u0301\u0302\u0303\u0308\u030a\u0323\u0331"


def leet(text: str, rng: Rng) -> str:
    """Put digits and signs in the place of letters, four times in five."""
    return "".join(
        str(rng.choice(list(_LEET[each.lower()]))) if each.lower() in _LEET and rng.random() < 0.8 else each
        for each in text
    )


def homoglyph(text: str, rng: Rng) -> str:
    """Swap letters for their Cyrillic twins, four times in five."""
    return "".join(_TWINS[each] if each in _TWINS and rng.random() < 0.8 else each for each in text)


def zero_width(text: str, rng: Rng) -> str:
    """Put invisible characters into words."""
    hidden = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
    return "".join(
        each + (str(rng.choice(list(hidden))) if each.isalpha() and rng.random() < 0.4 else "")
        for each in text
    )


def spaced(text: str, rng: Rng) -> str:
    """Set the letters of each longer word apart by a space, dot or dash, the same through a text."""
    sign = str(rng.choice([" ", ".", "-", " ", "_"]))
    return (" " if sign != " " else "   ").join(
        sign.join(word) if len(word) > 2 else word for word in text.split()
    )


def stretched(text: str, rng: Rng) -> str:
    """Repeat a letter or two of each word three to six times."""
    return "".join(
        each * int(rng.integers(3, 7)) if each.isalpha() and rng.random() < 0.25 else each for each in text
    )


def fancy(text: str, rng: Rng) -> str:
    """Write the letters in one of eleven mathematical, circled or wide alphabets."""
    base = int(rng.choice(_ALPHABETS))
    return "".join(
        chr(base + ord(each) - 97) if "a" <= each <= "z" and base + ord(each) - 97 not in _HOLES else each
        for each in text.lower()
    )


def swapped(text: str, rng: Rng) -> str:
    """Swap two inner letters of each longer word; reading does not undo this one."""
    words = []
    for word in text.split(" "):
        if len(word) > 3 and word.isalpha():
            at = int(rng.integers(1, len(word) - 2))
            word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        words.append(word)
    return " ".join(words)


def accented(text: str, rng: Rng) -> str:
    """Stack accents on letters."""
    return "".join(
        each + str(rng.choice(list(_ACCENTS))) if each.isalpha() and rng.random() < 0.5 else each
        for each in text
    )


NAMED: dict[str, Callable[[str, Rng], str]] = {
    "leet": leet,
    "homoglyph": homoglyph,
    "zero_width": zero_width,
    "spaced": spaced,
    "stretched": stretched,
    "fancy": fancy,
}
DISGUISES = {**NAMED, "swapped": swapped}


def disguise(texts: list[str], name: str, seed: int) -> list[str]:
    """Disguise every text by one trick."""
    rng = np.random.default_rng(seed)
    return [DISGUISES[name](text, rng) for text in texts]
