"""The lists of words.txt, by name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def _sections() -> dict[str, tuple[str, ...]]:
    sections: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in Path(__file__).with_name("words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            name = line[1:-1]
        elif name and line:
            sections[name] = (*sections.get(name, ()), line)
    return sections


def lines(name: str) -> tuple[str, ...]:
    """Return one list, a line each, in the order of the file."""
    return _sections()[name]


def words(name: str) -> tuple[str, ...]:
    """Return one list, a word each, in the order of the file."""
    return tuple(word for line in lines(name) for word in line.split())
