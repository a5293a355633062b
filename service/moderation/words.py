"""A site's word list: whole words and phrases, found in linear time whatever the list or the text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

ENTRY_LIMIT = 100
LIST_LIMIT = 5_000


class _Node:
    """A place in the tree of entries: what may follow, which entry ends here, which endings are left open."""

    __slots__ = ("entry", "following", "lengths", "openings")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.entry: str | None = None
        self.openings: dict[str, str] = {}
        self.lengths: tuple[int, ...] = ()

    def add(self, words: list[str], entry: str) -> None:
        node = self
        for word in words[:-1]:
            node = node.following.setdefault(word, _Node())
        last = words[-1]
        if last.endswith("*"):
            node.openings.setdefault(last[:-1], entry)
            node.lengths = tuple(sorted({len(opening) for opening in node.openings}))
        else:
            end = node.following.setdefault(last, _Node())
            end.entry = end.entry or entry

    def opened_by(self, word: str) -> str | None:
        """Return the entry whose open ending `word` completes."""
        for length in self.lengths:
            if found := self.openings.get(word[:length]):
                return found
        return None


@dataclass(frozen=True, slots=True)
class WordList:
    """Words or phrases, compared without case or width; a trailing * matches any ending of the last word."""

    entries: tuple[str, ...] = ()
    _tree: _Node = field(default_factory=_Node, repr=False, compare=False, init=False)

    def __post_init__(self) -> None:
        for entry in self.entries:
            words = _words(entry, keep="*")
            if words and words != ["*"]:
                self._tree.add(words, entry)

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
        """Walk down the tree from each word; the longest entry bounds each walk, whatever the number of entries."""
        for start in range(len(words)):
            node: _Node | None = self._tree
            for position in range(start, len(words)):
                if node is None:
                    break
                word = words[position]
                opened, node = node.opened_by(word), node.following.get(word)
                if found := opened or (node and node.entry):
                    return found
        return None


NO_WORDS = WordList()


def _words(text: str, keep: str = "") -> list[str]:
    """Split into case-folded runs of letters, marks and digits; `keep` names further characters of words."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        character if character.isalnum() or character in keep or unicodedata.combining(character) else " "
        for character in folded
    ).split()
