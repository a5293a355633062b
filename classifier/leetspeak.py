"""One disguised word: what a token with leetspeak, masks, signs or stretched letters stands for, where it is a word."""

from __future__ import annotations

import re
from itertools import islice, product

from classifier.lexicon import Lexicon
from classifier.words import words

LEET = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g", "@": "a",
    "$": "s", "!": "il", "|": "il", "+": "t", "(": "c", "{": "c", "€": "e", "£": "l", "¥": "y", "¢": "c", "#": "h",
    "%": "x", "^": "a", "&": "a",
}  # fmt: skip
MASKS = frozenset("*#%$@!-_.+=?~^&x")
_MASKED = words("masked")
_ODD = re.compile(r"[^\w\s'\"]|\d|_|(.)\1\1")
_LETTERS = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"(.)\1+")
_TAIL = ".,;:?!\"')]}*"
_CANDIDATES = 64
_COMMON = 11.0


def meant_by(token: str, lexicon: Lexicon, bold: bool) -> tuple[str, str] | None:
    """Return the part of a token that is disguised and what it stands for: all of it, or all but the closing signs."""
    for part in dict.fromkeys((token, token.rstrip(_TAIL))):
        meant = _meaning(part, lexicon, bold) if part else None
        if meant is not None:
            return (part, meant) if meant != part else None
    return None


def aligned(token: str, meant: str, begin: int) -> list[int]:
    """Spread the respelt letters over the token's places: equal letters meet, the rest stay in order."""
    sources = []
    place = 0
    for index, letter in enumerate(meant):
        rest = len(meant) - index
        limit = max(place, len(token) - rest)
        ahead = next(
            (
                at
                for at in range(place, limit + 1)
                if token[at] == letter or letter in LEET.get(token[at], "")
            ),
            place,
        )
        sources.append(begin + min(ahead, len(token) - 1))
        place = min(ahead + 1, len(token) - 1)
    return sources


def leetish(token: str) -> bool:
    """Say whether a token mixes letters with digits or signs that may stand for letters."""
    core = token.rstrip(_TAIL)
    mixes = any(each in LEET for each in core) and any(each.isalpha() for each in core)
    return mixes and not is_number(core)


def _meaning(token: str, lexicon: Lexicon, bold: bool) -> str | None:
    """Return the word a token stands for, or None where it is best left alone."""
    if not _ODD.search(token):
        return None
    if not any(each in LEET or each in MASKS for each in token):
        return _LETTERS.sub(lambda match: _squeezed(match.group(), lexicon) or match.group(), token)
    if not any(each.isalpha() for each in token) and not bold:
        return None
    plain = lexicon.cost(token)
    if plain is not None and not bold and plain < _COMMON:
        return None
    for reading in (_unmasked, _unleeted, _undotted):
        meant = reading(token, lexicon, bold)
        if meant is not None:
            return meant
    squeezed = _LETTERS.sub(lambda match: _squeezed(match.group(), lexicon) or match.group(), token)
    return squeezed if squeezed != token else None


def _squeezed(token: str, lexicon: Lexicon) -> str | None:
    """Shorten stretched letters: the known word with each run cut to one or two, else all to one."""
    if not any(len(match.group()) > 2 for match in _RUN.finditer(token)):
        return None
    if lexicon.cost(token) is not None and len(token) < 4:
        return None
    pieces: list[tuple[str, ...]] = []
    done = 0
    for match in _RUN.finditer(token):
        pieces += [(token[done : match.start()],), (match.group(1), match.group(1) * 2)]
        done = match.end()
    pieces.append((token[done:],))
    choices = ["".join(each) for each in islice(product(*pieces), _CANDIDATES)]
    return _cheapest(choices, lexicon) or choices[0]


def _unmasked(token: str, lexicon: Lexicon, _bold: bool) -> str | None:
    """Read signs in the place of letters: first as one of the words people mask, then as any vowel."""
    masked = [place for place, each in enumerate(token) if each in MASKS and each != "x"]
    letters = sum(each.isalpha() for each in token)
    if not masked or len(masked) + letters != len(token) or not letters or len(token) < 3:
        return None
    if not any(token[place] == "*" for place in masked) and masked[-1] == len(token) - 1:
        return None
    if any(token[place] in "-_." for place in masked) and letters > 4 and len(masked) < 2:
        return None
    for word in _MASKED:
        if len(word) == len(token) and all(
            _stands_for(sign, letter) for sign, letter in zip(token, word, strict=True)
        ):
            return word
    if len(masked) == 1 and token[masked[0]] == "*" and letters > 2:
        return _cheapest([token.replace("*", vowel) for vowel in "aeiou"], lexicon)
    return None


def _stands_for(sign: str, letter: str) -> bool:
    """Say whether a character of a masked word may stand for a letter: itself, its leet form, or any mere mask."""
    return sign == letter or (sign in MASKS and sign != "x" and letter in LEET.get(sign, letter))


def _unleeted(token: str, lexicon: Lexicon, bold: bool) -> str | None:
    """Read digits and signs as the letters they resemble, where that makes a known word."""
    if not all(each.isalpha() or each in LEET or each == "'" for each in token):
        return None
    signs = sum(each in LEET for each in token)
    if not signs or signs > 8:
        return None
    options = [LEET.get(each, each) for each in token]
    choices = ["".join(each).replace("'", "") for each in islice(product(*options), _CANDIDATES)]
    best = _cheapest([token, *choices] if lexicon.cost(token) is not None else choices, lexicon)
    if best is not None:
        return best if len(best) > 2 or bold else None
    for choice in choices[:2]:
        if (squeezed := _squeezed(choice, lexicon)) and lexicon.cost(squeezed) is not None:
            return squeezed
    inside = any(
        token[at] in LEET and token[at - 1].isalpha() and token[at + 1].isalpha()
        for at in range(1, len(token) - 1)
    )
    return choices[0] if bold and inside else None


def is_number(token: str) -> bool:
    """Say whether a letter stands before or behind digits: a road, a vitamin, a size of paper."""
    core = token.strip(_TAIL + "([")
    return sum(each.isalpha() for each in core) == 1 and (core[1:].isdigit() or core[:-1].isdigit())


def _undotted(token: str, lexicon: Lexicon, _bold: bool) -> str | None:
    """Join pieces of a word parted by signs, where the whole is known and the pieces are not words."""
    if not any(each in ".-_*~|/+=" for each in token[1:-1]):
        return None
    joined = "".join(each for each in token if each.isalnum())
    pieces = re.split(r"[^a-z0-9]+", token)
    if len(joined) < 3 or not joined.isalpha() or lexicon.cost(joined) is None:
        return None
    return (
        joined if min(map(len, filter(None, pieces)), default=9) < 3 and max(map(len, pieces)) < 4 else None
    )


def _cheapest(choices: list[str], lexicon: Lexicon) -> str | None:
    """Return the most common known word among the choices."""
    known = [(cost, word) for word in choices if (cost := lexicon.cost(word)) is not None]
    return min(known)[1] if known else None
