"""One normal form of text for all that compares texts: word lists, search, links, copies.

Two texts that look the same compare as the same: case, width, compatibility forms, invisible characters, vowel points
and accents make no difference. A letter that another letter merely resembles stays itself: й is not и, が is not か.
A Vietnamese text keeps its accents: there each makes another word.

Words follow UAX 29 where that helps: marks belong to their letter, and flags are no letters. They do not where it joins
what a list of words must tell apart (`l'hôtel`, `casino.example`), and runs of scripts without spaces are left whole.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from service.domain.characters import ALPHABETIC_LETTERS, DECORATION, DENSE_LETTERS, IGNORED, word_marks
from service.domain.letters import (
    BARE,
    FLAG,
    WITH_OWN,
    WITH_TONES,
    is_toned,
    respelt,
    with_tones_first,
    without_false_flags,
)

KEPT_UP_TO: Final = 4
"""Words of so few letters keep the accents that make other words of them in many languages: `ano` is not `año`."""
SYLLABLE_UP_TO: Final = 7
"""Words of so few letters keep all of them in Vietnamese, where each word is a syllable: `chó` is not `cho`."""
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
_SIGNS: Final = (
    dict.fromkeys(map(ord, "™℠℡℻№"), " ")
    | dict.fromkeys(map(ord, "ϲϹ"), "c")
    | dict.fromkeys(map(ord, "\u02bb\u02bc"), "'")
)
"""What looks other than its compatibility form: signs that belong to no word, a Greek c, which is a sigma, and the
apostrophes that are letters to Unicode."""
_FLAGS: Final = re.compile(f"[{FLAG}]+")
_LETTERS: Final = re.compile(r"[^\W_]+")
_NEGATION: Final = re.compile(r"(?<=n)['’ʼ]t(?!\w)")
"""`won't` is a word of its own, and none that holds `won`."""
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")


def visible(text: str) -> str:
    """Return the text without invisible characters, accents composed."""
    return text if text.isascii() else unicodedata.normalize("NFC", _IGNORED_RUN.sub("", text))


def as_seen(text: str) -> str:
    """Return what people see of a text, in one spelling: with one blank for white space of any kind between words."""
    return " ".join(visible(text).split())


def caseless(text: str) -> str:
    """Return the text without case, width and invisible characters; every accent stays."""
    if text.isascii():
        return text.lower()
    shown = _IGNORED_RUN.sub("", respelt(without_false_flags(text)))
    seen = unicodedata.normalize("NFKC", shown.translate(_SIGNS))
    return with_tones_first(unicodedata.normalize("NFKC", seen.casefold()))


def lowered(text: str) -> str:
    """Return the text in lower case, each character in its place: the few whose lower case is longer stay."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(one.lower() if len(one.lower()) == 1 else one for one in text)


def folded(text: str, toned: bool | None = None) -> str:
    """Return the normal form of a text, with the accents that make other words in short ones.

    `toned` says whether it is read as Vietnamese is; None: where it is Vietnamese.
    """
    seen = caseless(text)
    if seen.isascii():
        return seen
    toned = is_toned(seen) if toned is None else toned
    kept = seen.translate(WITH_TONES if toned else WITH_OWN)
    return _foreign_marks().sub("", _DECORATION_RUN.sub("", kept))


def plain(text: str) -> str:
    """Return a folded text without any accent."""
    return text if text.isascii() else text.translate(BARE)


def key(word: str, toned: bool = False) -> str:
    """Return what a folded word is compared by."""
    return word if len(word) <= (SYLLABLE_UP_TO if toned else KEPT_UP_TO) else plain(word)


def words(text: str, toned: bool | None = None) -> list[Word]:
    """Return the words of a text in normal form, in order; a change of script ends a word."""
    seen = _spaced(text, toned)
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


def _spaced(text: str, toned: bool | None = None) -> str:
    """Return the folded text, in which nothing but words and what separates them is left."""
    seen = folded(text, toned).replace("_", " ")
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


def _is_hangul(character: str) -> bool:
    return "\uac00" <= character <= "\ud7a3" or "\u1100" <= character <= "\u11ff"


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
