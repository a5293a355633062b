"""One normal form of text for all that compares texts: word lists, search, links, copies.

Two texts that look the same compare as the same: case, width, compatibility forms, invisible characters, vowel points
and accents make no difference. A letter that another letter merely resembles stays itself: й is not и, が is not か.

Words follow UAX 29 where that helps: marks belong to their letter, and flags are no letters. They do not where it joins
what a list of words must tell apart (`l'hôtel`, `casino.example`), and runs of scripts without spaces are left whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Final, NamedTuple

from service.domain.characters import ALPHABETIC_LETTERS, DECORATION, DENSE_LETTERS, IGNORED, word_marks

KEPT_UP_TO: Final = 4
"""Words of so few letters keep the accents that make other words of them in many languages: `ano` is not `año`."""
TERM_LIMIT: Final = 100
"""Characters of a word that search compares."""

ALPHABETIC, REST, DENSE = "alphabetic", "rest", "dense"
"""Kinds of words: of the alphabets that share their shapes (Latin, Greek, Cyrillic …), of others, of scripts that are
written without spaces."""


class Word(NamedTuple):
    """A word in normal form, what stood between it and the word before, and its kind."""

    text: str
    gap: str
    kind: str


_IGNORED_RUN: Final = re.compile(f"[{IGNORED}]+")
_DECORATION_RUN: Final = re.compile(f"[{DECORATION}]+")
_SIGNS: Final = dict.fromkeys(map(ord, "™℠℡℻№"), " ") | dict.fromkeys(map(ord, "ϲϹ"), "c")
"""What looks other than its compatibility form: signs that belong to no word, and a Greek c, which is a sigma."""
_FLAGS: Final = re.compile("[\U0001f1e6-\U0001f1ff]+")
"""Regional indicators, of which two make a flag."""
_LETTERS: Final = re.compile(r"[^\W_]+")
_FLAGGED: Final = re.compile(rf"(?:{_LETTERS.pattern}|{_FLAGS.pattern})+")
_FLAG_LETTERS: Final = {0x1F1E6 + place: chr(97 + place) for place in range(26)}
_NEGATION: Final = re.compile(r"(?<=n)['’ʼ]t(?!\w)")
"""`won't` is a word of its own, and none that holds `won`."""
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")

_OWN_ACCENTS: Final = frozenset("\u0306\u0308\u030a\u030b\u030c\u031b\u0327\u0328")
"""Breve, diaeresis, ring, double acute, caron, horn, cedilla, ogonek; the tilde too where it stands on an n."""
_ALWAYS: Final = dict(
    zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡıѐѝё", "abcdefghijklmnoprstuvwyzagiеие", strict=True)
) | dict.fromkeys("أإآٱ", "ا") | {"ى": "ي", "ی": "ي", "ک": "ك", "œ": "oe", "æ": "ae"}  # fmt: skip
"""Letters that are another one in other clothes: small capitals, the dotless i, letters with a hamza, Persian forms,
ligatures."""
_LONGER: Final = {
    "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ƶ": "z", "ɨ": "i", "ʉ": "u", "ɵ": "o", "ɓ": "b", "ɖ": "d",
    "ƙ": "k", "ŋ": "n", "ð": "d", "þ": "th", "ⱥ": "a", "ƀ": "b", "ȼ": "c", "ɇ": "e", "ꞡ": "g", "ɉ": "j", "ꝁ": "k",
    "ƚ": "l", "ꝋ": "o", "ᴑ": "o", "ᵽ": "p", "ɍ": "r", "ꞩ": "s", "ⱦ": "t", "ɏ": "y",
}  # fmt: skip
"""Letters that are folded in longer words alone."""


def visible(text: str) -> str:
    """Return the text without invisible characters, accents composed."""
    return text if text.isascii() else unicodedata.normalize("NFC", _IGNORED_RUN.sub("", text))


def caseless(text: str) -> str:
    """Return the text without case, width and invisible characters; every accent stays."""
    if text.isascii():
        return text.lower()
    seen = unicodedata.normalize("NFKC", _IGNORED_RUN.sub("", text).translate(_SIGNS))
    return unicodedata.normalize("NFKC", seen.casefold())


def lowered(text: str) -> str:
    """Return the text in lower case, each character in its place: the few whose lower case is longer stay."""
    lower = text.lower()
    return (
        lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    )


def folded(text: str) -> str:
    """Return the normal form of a text, with the accents that make other words in short ones."""
    seen = caseless(text)
    if seen.isascii():
        return seen
    return _foreign_marks().sub("", _DECORATION_RUN.sub("", seen.translate(_kept)))


def plain(text: str) -> str:
    """Return a folded text without any accent."""
    return text if text.isascii() else text.translate(_bare)


def key(word: str) -> str:
    """Return what a folded word is compared by."""
    return word if len(word) <= KEPT_UP_TO else plain(word)


def words(text: str) -> list[Word]:
    """Return the words of a text in normal form, in order; a change of script ends a word."""
    seen = _spaced(text)
    found: list[Word] = []
    end = 0
    for match in (_ASCII_WORD if seen.isascii() else _run()).finditer(seen):
        run = match[0]
        gap, end = seen[end : match.start()], match.end()
        if run.isascii():
            found.append(Word(run, gap, ALPHABETIC))
        elif _mixing().search(run) is None:
            found.append(Word(run, gap, REST))
        else:
            for part in _pattern().finditer(run):
                found.append(Word(part[0], gap, part.lastgroup or REST))
                gap = ""
    return found


def _spaced(text: str) -> str:
    """Return the folded text, in which nothing but words and what separates them is left."""
    seen = folded(text).replace("_", " ")
    return _NEGATION.sub("t", seen) if "n" in seen else seen


def clusters(word: str) -> list[str]:
    """Return a word's letters, each with the marks that belong to it."""
    return list(word) if word.isascii() else _cluster().findall(word)


def terms(text: str) -> list[str]:
    """Return what search finds a text by, in order: words without accents, and single letters where words run on."""
    seen = _spaced(text)
    if seen.isascii():
        return [word[:TERM_LIMIT] for word in _ASCII_WORD.findall(seen)]
    found: list[str] = []
    for word in words(seen):
        if word.kind == DENSE or _is_hangul(word.text[0]):
            found += [letter[:TERM_LIMIT] for letter in clusters(word.text)]
        else:
            found.append(plain(word.text)[:TERM_LIMIT])
    return found


def asked_words(text: str, limit: int) -> list[str]:
    """Return the words that somebody looks for, each once, at most `limit`."""
    found = [plain(word.text)[:TERM_LIMIT] for word in words(text)]
    return list(dict.fromkeys(found))[:limit]


def has_mark_at(text: str, place: int) -> bool:
    """Whether a mark stands there, which belongs to the letter before it."""
    return place < len(text) and unicodedata.category(text[place])[0] == "M"


def without_flags(reading: str, text: str) -> str:
    """Return what a text reads as without the letters that its flags were read as: they are none.

    A word that a flag stands at was read as one word with it. Each is replaced as often as the text has it.
    """
    if not _FLAGS.search(text):
        return reading
    flagged = [run for run in _FLAGGED.findall(plain(folded(text))) if _FLAGS.search(run)]
    left = Counter(run.translate(_FLAG_LETTERS) for run in flagged)
    apart = {run.translate(_FLAG_LETTERS): _FLAGS.sub(" ", run) for run in flagged}

    def unflagged(word: re.Match[str]) -> str:
        spelt = plain(folded(word[0]))
        if not left[spelt]:
            return word[0]
        left[spelt] -= 1
        return apart[spelt]

    return _LETTERS.sub(unflagged, reading)


def _is_hangul(character: str) -> bool:
    return "\uac00" <= character <= "\ud7a3" or "\u1100" <= character <= "\u11ff"


class _LetterMap(dict[int, str]):
    """A table for `str.translate` that works an entry out when it is first asked for."""

    def __init__(self, bare: bool) -> None:
        self._bare = bare

    def __missing__(self, point: int) -> str:
        found = _fold(chr(point), self._bare)
        if point < 0x3000:  # beyond lie a million that are hardly ever folded
            self[point] = found
        return found


def _fold(letter: str, bare: bool) -> str:
    if found := _ALWAYS.get(letter) or (_LONGER.get(letter) if bare else None):
        return found
    point = ord(letter)
    if unicodedata.category(letter) == "Nd":
        return str(unicodedata.decimal(letter))
    for first in (0x1F150, 0x1F170):  # letters in black circles and squares have no plain form of their own
        if first <= point < first + 26:
            return chr(97 + point - first)
    parts = unicodedata.normalize("NFD", letter)
    if len(parts) == 1 or not (
        "a" <= parts[0] <= "z" or "\u0370" <= parts[0] <= "\u03ff" or parts[0] in _LONGER
    ):
        return letter
    kept = [accent for accent in parts[1:] if not bare and _is_own(parts[0], accent)]
    base = _LONGER.get(parts[0], parts[0]) if bare else parts[0]
    return unicodedata.normalize("NFC", base + "".join(kept))


def _is_own(base: str, accent: str) -> bool:
    if not base.isascii():
        return False
    return accent in _OWN_ACCENTS or (accent == "\u0303" and base == "n")


_kept: Final = _LetterMap(bare=False)
_bare: Final = _LetterMap(bare=True)


@lru_cache(maxsize=1)
def _foreign_marks() -> re.Pattern[str]:
    """Marks of other scripts on letters of the alphabets that have no use for them."""
    return re.compile(rf"(?<=[{ALPHABETIC_LETTERS}])[{word_marks()}]+")


@lru_cache(maxsize=1)
def _run() -> re.Pattern[str]:
    return re.compile(rf"[\w{word_marks()}]+")


@lru_cache(maxsize=1)
def _mixing() -> re.Pattern[str]:
    """What may stand in a run that is not of one script alone."""
    return re.compile(f"[{DENSE_LETTERS}{ALPHABETIC_LETTERS}]")


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    marks = word_marks()
    return re.compile(
        rf"(?P<dense>[{DENSE_LETTERS}][{DENSE_LETTERS}{marks}]*)|(?P<alphabetic>[{ALPHABETIC_LETTERS}]+)|(?P<rest>[^{DENSE_LETTERS}{ALPHABETIC_LETTERS}]+)"
    )


@lru_cache(maxsize=1)
def _cluster() -> re.Pattern[str]:
    marks = word_marks()
    return re.compile(f"[^{marks}][{marks}]*|[{marks}]+")
