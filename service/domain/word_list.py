"""A site's word list: whole words and phrases in the normal form of texts, in linear time whatever list and text.

A word is found through what disguises it to the eye alone: spaced-out letters, digits at its ends, letters of another
alphabet or digits among its own. Where words run on without spaces, an entry is found inside the run. An entry with
signs that stand for letters (`f***`, `$hit`) or with pictures is found as it is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Final

from service.domain.disguises import hidden_words, is_single, joined, readings
from service.domain.letters import FLAG, PICTURE, is_toned
from service.domain.text import DENSE, Word, caseless, folded, has_mark_at, key, words

ENTRY_LIMIT = 100
LIST_LIMIT = 5_000
LEAST_INSIDE: Final = 5
"""So many an entry has that is found inside a run of single letters, where nothing says where words end."""
LEAST_COMPOUNDED: Final = 3
"""So many letters each word has that a Katakana compound is made of: オンライン + カジノ, not サ + セックス."""
_SIGN: Final = re.compile(
    rf"(?<=\w)[$@#%+€£¥¢]|[$@#%+€£¥¢](?=\w)|(?<=\w)[*!|]+(?=\w)|(?<=\w)\*\*|[{PICTURE}]"
)
"""A sign of an entry that is more than what parts its words."""
_FLAG: Final = re.compile(f"[{FLAG}]{{2}}")
_LETTER_LIKE: Final = frozenset("$@!€£¥¢")
_LEADING: Final = frozenset("เแโใไເແໂໃໄ\u17d2\u1039\u1a60")
"""What belongs to the letter behind it: vowels of Thai and Lao, and signs that set a letter below another."""
_TRAILING_VOWELS: Final = frozenset("ะาๅະາ")
_KATAKANA: Final = re.compile(r"[\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff]+")
_KATAKANA_BEFORE: Final = re.compile(rf"{_KATAKANA.pattern}$")


class _Node:
    """A place in the tree of entries: what may follow, which entry ends here, which endings are left open."""

    __slots__ = ("entry", "following", "lengths", "openings")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.entry: str | None = None
        self.openings: dict[str, str] = {}
        self.lengths: tuple[int, ...] = ()

    def add(self, keys: list[str], entry: str, is_open: bool) -> None:
        node = self
        for word in keys[:-1]:
            node = node.following.setdefault(word, _Node())
        if is_open:
            node.openings.setdefault(keys[-1], entry)
            if len(keys[-1]) not in node.lengths:
                node.lengths = tuple(sorted((*node.lengths, len(keys[-1]))))
        else:
            end = node.following.setdefault(keys[-1], _Node())
            end.entry = end.entry or entry

    def opened_by(self, word: str) -> str | None:
        """Return the entry whose open ending `word` completes."""
        for length in self.lengths:
            if found := self.openings.get(word[:length]):
                return found
        return None


class _Inside:
    """Entries that are looked for at every place of a run, by the letter they begin with and their length."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[int, dict[str, str]]] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, letters: str, entry: str) -> None:
        by_length = self._entries.setdefault(letters[0], {})
        by_length.setdefault(len(letters), {}).setdefault(letters, entry)

    def at_each_place(self, run: str) -> Iterator[tuple[int, int, str]]:
        """Yield where an entry begins and ends in the run, and the entry."""
        for begin, letter in enumerate(run):
            for length, entries in self._entries.get(letter, {}).items():
                if found := entries.get(run[begin : begin + length]):
                    yield begin, begin + length, found


@dataclass(slots=True)
class _Index:
    """A list as it is searched: a tree of words and phrases, and what is found inside runs."""

    tree: _Node = field(default_factory=_Node)
    in_dense: _Inside = field(default_factory=_Inside)
    in_letters: _Inside = field(default_factory=_Inside)
    as_written: _Inside = field(default_factory=_Inside)


@dataclass(frozen=True, slots=True)
class WordList:
    """Words or phrases, compared in their normal form; a trailing * matches any ending of the last word."""

    entries: tuple[str, ...] = ()

    def first_in(self, texts: Iterable[str]) -> str | None:
        """Return the first entry that one of the texts contains, as the site wrote it, else None."""
        if not self.entries:
            return None
        read = (_read(text) for text in texts if text)
        return next((found for one in read if (found := _first(_index(self.entries, one.toned), one))), None)


NO_WORDS = WordList()


def is_sought(entry: str) -> bool:
    """Whether anything in an entry can be found: a letter, a digit, a currency or a picture."""
    return bool(words(entry)) or any(unicodedata.category(sign)[0] == "S" for sign in entry)


@lru_cache(maxsize=64)
def _index(entries: tuple[str, ...], toned: bool) -> _Index:
    """Take a list apart once, however often its policy is read from the store; `toned` for Vietnamese texts."""
    index = _Index()
    for entry in entries:
        written = _written(entry)
        found = words(entry, toned or None)
        if _SIGN.search(written) or not found:
            if is_sought(entry):
                index.as_written.add(written, entry)
        elif any(word.kind == DENSE for word in found):
            index.in_dense.add(_run_of(found), entry)
        else:
            _add_words(index, [key(word.text, toned) for word in found], entry)
    return index


def _add_words(index: _Index, keys: list[str], entry: str) -> None:
    is_open = entry.rstrip().endswith("*")
    index.tree.add(keys, entry, is_open)
    if any("ı" in one for one in keys):
        index.tree.add([one.replace("ı", "i") for one in keys], entry, is_open)  # its capital is I
    if len(keys) == 1 and len(keys[0]) >= LEAST_INSIDE and keys[0].isalpha():
        index.in_letters.add(keys[0], entry)


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as lists are held against it: what each word is compared by, and with single letters put together."""

    written: str
    toned: bool
    readings: list[tuple[str, ...]]
    joined: list[Word]
    joined_readings: list[tuple[str, ...]]
    hidden: list[Word]
    """Words that pictures or signs part."""
    hidden_readings: list[tuple[str, ...]]
    runs: list[str]


@lru_cache(maxsize=16)
def _read(text: str) -> _Read:
    """Take a text apart once for all the lists of its site."""
    toned = is_toned(caseless(text))
    found = words(text, toned)
    merged, runs = joined(found) if any(is_single(word.text) for word in found) else (found, [])
    hidden = hidden_words(text, toned)
    return _Read(
        written=_written(text),
        toned=toned,
        readings=[readings(word, toned) for word in found],
        joined=merged,
        joined_readings=[readings(word, toned) for word in merged] if runs else [],
        hidden=hidden,
        hidden_readings=[readings(word, toned) for word in hidden],
        runs=runs,
    )


def _written(text: str) -> str:
    """Return a text with its signs, in which case, accents and the width of gaps make no difference."""
    return " ".join(folded(text).split())


def _first(index: _Index, read: _Read) -> str | None:
    return (
        _walked(index.tree, read.readings)
        or _walked(index.tree, read.joined_readings)
        or next((found for one in read.hidden_readings if (found := _walked(index.tree, [one]))), None)
        or next((entry for run in read.runs for _, _, entry in index.in_letters.at_each_place(run)), None)
        or _in_dense(index.in_dense, read.joined)
        or next((found for one in read.hidden if (found := _in_dense(index.in_dense, [one]))), None)
        or _as_written(index.as_written, read.written)
    )


def _as_written(entries: _Inside, text: str) -> str | None:
    if not entries:
        return None
    inside_flags = {found.end() - 1 for found in _FLAG.finditer(text)}
    places = entries.at_each_place(text)
    return next(
        (one for begin, end, one in places if begin not in inside_flags and _is_apart(text, begin, end)), None
    )


def _is_apart(text: str, begin: int, end: int) -> bool:
    """Whether no word goes on before or behind a match that begins or ends with a letter or what stands for one."""
    before, after = text[begin - 1 : begin], text[end : end + 1]
    return not (
        (before.isalnum() and (text[begin].isalnum() or text[begin] in _LETTER_LIKE))
        or (after.isalnum() and text[end - 1].isalnum())
    )


def _walked(tree: _Node, readings: Sequence[tuple[str, ...]]) -> str | None:
    """Walk down the tree from each word; the longest entry bounds each walk, whatever the number of entries."""
    for start in range(len(readings)):
        nodes = [tree]
        for position in range(start, len(readings)):
            following: list[_Node] = []
            for node in nodes:
                for word in readings[position]:
                    below = node.following.get(word)
                    if found := node.opened_by(word) or (below and below.entry):
                        return found
                    if below:
                        following.append(below)
            if not following:
                break
            nodes = following
    return None


def _in_dense(entries: _Inside, found: Sequence[Word]) -> str | None:
    """Look inside runs of what is written without spaces, and of what stands beside it."""
    at = 0
    while entries and at < len(found):
        end = at + 1
        while end < len(found) and _goes_with(found[end - 1], found[end]):
            end += 1
        if any(word.kind == DENSE for word in found[at:end]):
            run = _run_of(found[at:end])
            places = entries.at_each_place(run)
            if entry := next((one for begin, end_, one in places if _stands_alone(run, begin, end_)), None):
                return entry
        at = end
    return None


def _goes_with(one: Word, other: Word) -> bool:
    """Whether two words are of one run: only between two that are written without spaces does a space part them."""
    return not other.gap or (other.gap.isspace() and not one.kind == other.kind == DENSE)


def _run_of(found: Sequence[Word]) -> str:
    """Return the letters of a run; a space is kept between words that have spaces in their script."""
    parts = [found[0].text]
    for one, other in pairwise(found):
        parts += [" " if other.gap and DENSE not in (one.kind, other.kind) else "", other.text]
    return "".join(parts)


def _stands_alone(run: str, begin: int, end: int) -> bool:
    """Whether a match cuts neither a letter from its marks and vowels, nor a Latin or a Katakana word in two."""
    if has_mark_at(run, end) or run[end : end + 1] in _TRAILING_VOWELS or run[begin - 1 : begin] in _LEADING:
        return False
    if _KATAKANA.fullmatch(run, begin, end):
        return _is_katakana_word(run, begin, end)
    before, after = run[begin - 1 : begin], run[end : end + 1]
    return not (_goes_on(before, run[begin]) or _goes_on(run[end - 1], after))


def _is_katakana_word(run: str, begin: int, end: int) -> bool:
    """Whether a Katakana match is a word, or one of those that a longer one is made of."""
    before, after = (
        _KATAKANA_BEFORE.search(run[max(0, begin - LEAST_COMPOUNDED) : begin]),
        _KATAKANA.match(run, end),
    )
    beside = [len(one[0]) for one in (before, after) if one]
    return not beside or min([*beside, end - begin]) >= LEAST_COMPOUNDED


def _goes_on(one: str, other: str) -> bool:
    """Whether two characters of ASCII are of one word; digits at the end of letters are none of theirs."""
    if not (one.isascii() and one.isalnum() and other.isascii() and other.isalnum()):
        return False
    return one.isdigit() == other.isdigit()
