"""A site's word list: whole words and phrases in the normal form of texts, in linear time whatever list and text.

A word is found through what disguises it to the eye alone: spaced-out letters, digits at its ends, letters of another
alphabet or digits among its own. Where words run on without spaces, an entry is found inside the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Final

from service.domain.text import ALPHABETIC, DENSE, Word, has_mark_at, key, words

ENTRY_LIMIT = 100
LIST_LIMIT = 5_000
LEAST_LETTERS: Final = 3
"""So many letters a word has at least that is found between digits, and a run of letters that reads as one word."""
LEAST_DISGUISED: Final = 4
"""So many a word has in which letters or digits stand for others."""
LEAST_INSIDE: Final = 5
"""So many an entry has that is found inside a run of single letters, where nothing says where words end."""
LEAST_COMPOUNDED: Final = 3
"""So many letters each word has that a Katakana compound is made of: オンライン + カジノ, not サ + セックス."""
GAP_LIMIT: Final = 3
"""Characters that may stand between the letters of a spaced-out word."""
SINGLE_LIMIT: Final = 4
"""Characters of one letter with its marks."""

_TWINS: Final = str.maketrans(
    {
        # Cyrillic
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ғ": "f", "ԍ": "g", "һ": "h", "н": "h", "і": "i", "ї": "i",
        "ј": "j", "к": "k", "ӏ": "l", "м": "m", "п": "n", "о": "o", "р": "p", "ԛ": "q", "г": "r", "ѕ": "s", "т": "t",
        "ц": "u", "ѵ": "v", "ԝ": "w", "ѡ": "w", "х": "x", "у": "y", "з": "z", "ь": "b",
        # Greek
        "α": "a", "β": "b", "ϲ": "c", "ε": "e", "ι": "i", "ϳ": "j", "κ": "k", "η": "n", "ο": "o", "σ": "o", "ρ": "p",
        "τ": "t",
        "μ": "u", "υ": "u", "ν": "v", "ω": "w", "χ": "x", "γ": "y", "ζ": "z",
        # Armenian
        "ց": "g", "հ": "h", "յ": "j", "ո": "n", "օ": "o", "զ": "q", "ս": "u",
    }
)  # fmt: skip
"""Letters of other alphabets that pass for a Latin one in a word that is Latin otherwise."""
_CAPITAL_TWINS: Final = _TWINS | dict(zip(map(ord, "ηνυμ"), "hnym", strict=True))
"""The same for Greek capitals, which pass for other letters than the small ones do."""
_CYRILLIC: Final = re.compile("[а-џґ]")
_CYRILLIC_TWINS: Final = str.maketrans("abcehikmnoprtuxy013", "авсенікмпоргтихуоиз")
"""Latin letters and digits that pass for a Cyrillic letter in a word that is Cyrillic otherwise."""
_DIGITS: Final = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
_SPELT: Final = (str.maketrans(_DIGITS), str.maketrans({**_DIGITS, "1": "l"}))
_LATIN: Final = re.compile(r"[a-z]")
_DIGIT: Final = re.compile(r"[0-9]")
_KATAKANA: Final = re.compile(r"[\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff]+")
_KATAKANA_BEFORE: Final = re.compile(rf"{_KATAKANA.pattern}$")
_PARTICLES: Final = re.compile(
    "[은는이가을를의에와과도만야아여들로랑네다요님임냐니죠군놈년]|으로|에[게서]|한테|처럼|보다|까지|부터|마다|이[나다야네요라랑냐죠]|하고"
    "|라[고서도며니]|니까|였[다어네]|같은|들[이은을아의]|놈[이들아]|입니다|이라[고서도]|이었다|이니까|한테만|에게만|같은놈|인가요?|인데"
)
"""Endings that Korean sets behind a word."""


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


@dataclass(frozen=True, slots=True)
class WordList:
    """Words or phrases, compared in their normal form; a trailing * matches any ending of the last word."""

    entries: tuple[str, ...] = ()

    def first_in(self, texts: Iterable[str]) -> str | None:
        """Return the first entry that one of the texts contains, as the site wrote it, else None."""
        if not self.entries:
            return None
        index = _index(self.entries)
        return next((found for text in texts if text and (found := _first(index, _read(text)))), None)


NO_WORDS = WordList()


@lru_cache(maxsize=64)
def _index(entries: tuple[str, ...]) -> _Index:
    """Take a list apart once, however often its policy is read from the store."""
    index = _Index()
    for entry in entries:
        found = words(entry)
        if not found:
            continue
        if any(word.kind == DENSE for word in found):
            index.in_dense.add(_run_of(found), entry)
            continue
        keys = [key(word.text) for word in found]
        is_open = entry.rstrip().endswith("*")
        index.tree.add(keys, entry, is_open)
        if len(keys) == 1 and len(keys[0]) >= LEAST_INSIDE and keys[0].isalpha():
            index.in_letters.add(keys[0], entry)
    return index


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as lists are held against it: what each word is compared by, and with single letters put together."""

    readings: list[tuple[str, ...]]
    joined: list[Word]
    joined_readings: list[tuple[str, ...]]
    runs: list[str]


@lru_cache(maxsize=16)
def _read(text: str) -> _Read:
    """Take a text apart once for all the lists of its site."""
    found = words(text)
    joined, runs = _joined(found) if any(_is_single(word.text) for word in found) else (found, [])
    readings = [_readings(word) for word in found]
    return _Read(readings, joined, [_readings(word) for word in joined] if runs else [], runs)


def _first(index: _Index, read: _Read) -> str | None:
    return (
        _walked(index.tree, read.readings)
        or _walked(index.tree, read.joined_readings)
        or next((entry for run in read.runs for _, _, entry in index.in_letters.at_each_place(run)), None)
        or _in_dense(index.in_dense, read.joined)
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


def _readings(word: Word) -> tuple[str, ...]:
    """Return what a word is compared by: as it stands, and through what disguises or ends it."""
    text = word.text
    if text.isalpha() and text.isascii():
        return (key(text),)
    found = [text]
    if word.kind == ALPHABETIC:
        found += _undisguised(text)
    else:
        found += [
            text[:-length]
            for length in (1, 2, 3)
            if _PARTICLES.fullmatch(text[-length:]) and len(text) > length + 1
        ]
    return tuple(dict.fromkeys(key(one) for one in found))


def _undisguised(text: str) -> list[str]:
    bare = text.strip("0123456789")
    found = [bare] if len(bare) >= LEAST_LETTERS and bare != text else []
    if len(text) < LEAST_DISGUISED:
        return found
    if _CYRILLIC.search(bare):
        found += [key(one).translate(_CYRILLIC_TWINS) for one in (text, bare)]
    if not _LATIN.search(text):
        return found
    latin = dict.fromkeys(key(text).translate(table) for table in (_TWINS, _CAPITAL_TWINS))
    forms = [form for one in latin for form in (one, one.strip("0123456789"))]
    spelt = [form.translate(table) for form in forms for table in _SPELT] if _DIGIT.search(bare) else []
    return [*found, *forms, *spelt]


def _joined(found: Sequence[Word]) -> tuple[list[Word], list[str]]:
    """Return the words with each run of single letters put together, and those runs."""
    joined: list[Word] = []
    runs: list[str] = []
    at = 0
    while at < len(found):
        end = _end_of_run(found, at)
        least = 2 if found[at].kind == DENSE or _is_parted_hangul(found, at) else LEAST_LETTERS
        if end - at < least:
            joined.append(found[at])
            at += 1
            continue
        run = "".join(word.text for word in found[at:end])
        joined.append(Word(run, found[at].gap, found[at].kind))
        runs.append(run)
        at = end
    return joined, runs


def _end_of_run(found: Sequence[Word], at: int) -> int:
    """Return where the run of single letters ends that begins there: one kind, set apart in one way."""
    if not _is_single(found[at].text):
        return at
    end = at + 1
    while end < len(found):
        word = found[end]
        apart = 0 < len(word.gap) <= GAP_LIMIT and word.gap.isspace() == found[at + 1].gap.isspace()
        if not (apart and _is_single(word.text) and word.kind == found[at].kind):
            break
        end += 1
    return end


def _is_parted_hangul(found: Sequence[Word], at: int) -> bool:
    """Whether a sign stands behind a syllable of Korean, where a space may stand between two words."""
    is_hangul = "\uac00" <= found[at].text[0] <= "\ud7a3"
    return is_hangul and at + 1 < len(found) and not found[at + 1].gap.isspace()


def _is_single(text: str) -> bool:
    return len(text) == 1 or (len(text) <= SINGLE_LIMIT and not text.isascii() and has_mark_at(text, 1))


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
    """Whether a match cuts neither a letter from its marks, nor a Latin or a Katakana word in two."""
    if has_mark_at(run, end):
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
    return one.isascii() and other.isascii() and one.isalnum() and other.isalnum()
