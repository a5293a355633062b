"""The lists of words.txt, by name, and the format of its sections."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_WORDS = Path(__file__).with_name("words.txt")


@lru_cache
def sections(path: Path) -> dict[str, tuple[str, ...]]:
    """Read the lines of each `[section]` of a file; what stands before the first is a comment."""
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            name = line[1:-1]
        elif name and line:
            found[name] = (*found.get(name, ()), line)
    return found


def lines(name: str) -> tuple[str, ...]:
    """Return one list, a line each, in the order of the file."""
    return sections(_WORDS)[name]


def words(name: str) -> tuple[str, ...]:
    """Return one list, a word each, in the order of the file."""
    return tuple(word for line in lines(name) for word in line.split())
