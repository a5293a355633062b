"""A site's word list: whole words and phrases, found in linear time whatever the list or the text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

ENTRY_LIMIT = 100
LIST_LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class WordList:
    """Words or phrases, compared without case or width; a trailing * matches any ending of the last word."""

    entries: tuple[str, ...] = ()
    _index: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = field(
        default_factory=dict, repr=False, compare=False, init=False
    )
    _prefixes: tuple[tuple[str, tuple[str, ...]], ...] = field(
        default=(), repr=False, compare=False, init=False
    )

    def __post_init__(self) -> None:
        index: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        prefixes = []
        for entry in self.entries:
            words = tuple(_words(entry, keep="*"))
            if not words:
                continue
            if len(words) == 1 and words[0].endswith("*"):
                prefixes.append((entry, words))
            else:
                index.setdefault(words[0], []).append((entry, words))
        object.__setattr__(self, "_index", {first: tuple(found) for first, found in index.items()})
        object.__setattr__(self, "_prefixes", tuple(prefixes))

    def first_in(self, texts: Iterable[str]) -> str | None:
        """Return the first entry that one of the texts contains, as the site wrote it, else None."""
        if not self.entries:
            return None
        for text in texts:
            found = self._first(_words(text))
            if found:
                return found
        return None

    def _first(self, words: list[str]) -> str | None:
        for position, word in enumerate(words):
            for entry, wanted in self._index.get(word, ()):
                if _matches(words[position : position + len(wanted)], wanted):
                    return entry
        if self._prefixes:
            distinct = set(words)
            for entry, (prefix,) in self._prefixes:
                if any(word.startswith(prefix[:-1]) for word in distinct):
                    return entry
        return None


NO_WORDS = WordList()


def _matches(found: list[str], wanted: tuple[str, ...]) -> bool:
    if len(found) < len(wanted):
        return False
    if wanted[-1].endswith("*"):
        return found[:-1] == list(wanted[:-1]) and found[-1].startswith(wanted[-1][:-1])
    return found == list(wanted)


def _words(text: str, keep: str = "") -> list[str]:
    """Split into case-folded runs of letters, marks and digits; `keep` names further characters of words."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        character if character.isalnum() or character in keep or unicodedata.combining(character) else " "
        for character in folded
    ).split()
