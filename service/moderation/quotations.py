"""What a reader wrote, quotations aside: a copy is a copy of that, and what two texts do not share is judged alone."""

from __future__ import annotations

import re
from typing import Final

from service.moderation.text import DENSE, clusters, words

LEAST_OWN: Final = 12
"""Letters that a text must have beside its quotations; with fewer it is compared as a whole."""
REMARK: Final = 20
"""Letters in a row that another text does not have, from which on they are a remark of one's own."""
SHARED: Final = 2
"""Words in a row that two texts must have in common to share them."""
DENSE_WEIGHT: Final = 3
"""A letter of a script without spaces says as much as so many others."""

_LINK: Final = re.compile(r"(?:\b(?:https?|ftp|hxxps?)://|\bwww\.)\S+", re.IGNORECASE)
_LINE: Final = re.compile(r"^[ \t]{0,8}>[^\n]*$", re.MULTILINE)
_BLOCK: Final = re.compile(
    r"<(/?)(blockquote|q)\b[^<>]{0,300}>|\[(/?)(quote|cite)\b[^\[\]]{0,300}\]", re.IGNORECASE
)
_MARKED: Final = re.compile(
    '“[^“”]{40,}+”|„[^„“”]{40,}+[“”]|«[^«»]{40,}+»|»[^«»]{40,}+«|「[^「」]{20,}+」|『[^『』]{20,}+』|"[^"]{40,}+"'
)
"""Between quotation marks, and too long to be a word that is only named."""


def own_words(text: str) -> str:
    """Return the text without what it quotes by a mark; the whole where hardly anything is left."""
    left = _MARKED.sub(" ", _LINE.sub(" ", _without_blocks(text)))
    return text if left == text or sum(map(str.isalpha, left)) < LEAST_OWN else left


def adds_remark(one: str, other: str) -> bool:
    """Whether either text, quotations and links aside, says something of its own that the other does not hold."""
    ours, theirs = (_pieces(_LINK.sub(" ", own_words(text))) for text in (one, other))
    return _longest_own(ours, theirs) >= REMARK or _longest_own(theirs, ours) >= REMARK


def _without_blocks(text: str) -> str:
    """Leave out what stands in quotation tags, however they are nested; what is not closed stays."""
    kept: list[str] = []
    at = depth = opened = 0
    for tag in _BLOCK.finditer(text):
        if not (tag[1] or tag[3]):
            if depth == 0:
                opened = tag.start()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                kept.append(text[at:opened])
                at = tag.end()
    return " ".join([*kept, text[at:]])


def _pieces(text: str) -> list[str]:
    found: list[str] = []
    for word in words(text):
        found += clusters(word.text) if word.kind == DENSE else [word.text]
    return found


def _longest_own(pieces: list[str], other: list[str]) -> int:
    """Return the letters of the longest run of `pieces` that no stretch of `other` covers."""
    shared = {tuple(other[n : n + SHARED]) for n in range(len(other) - SHARED + 1)}
    covered = [False] * len(pieces)
    for n in range(len(pieces) - SHARED + 1):
        if tuple(pieces[n : n + SHARED]) in shared:
            covered[n : n + SHARED] = [True] * SHARED
    longest = run = 0
    for piece, is_shared in zip(pieces, covered, strict=True):
        run = 0 if is_shared else run + _weight(piece)
        longest = max(longest, run)
    return longest


def _weight(piece: str) -> int:
    return len(piece) if piece.isascii() or len(piece) > 1 else DENSE_WEIGHT
