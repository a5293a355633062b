"""What a reader wrote, quotations aside: a copy is a copy of that, and what two texts do not share is judged alone."""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import pairwise
from typing import Final

from service.domain.text import DENSE, clusters, words

REMARK: Final = 20
"""Letters in a row that another text does not have, from which on they are a remark of one's own."""
REMARK_SEEN: Final = 40
"""Likewise where a person looks at both: copies with a few words changed stay together."""
QUOTED: Final = 40
QUOTED_DENSE: Final = 20
"""Characters between quotation marks, from which on they are more than a word that is only named."""
SHARED: Final = 2
"""Words in a row that two texts must have in common to share them."""
DENSE_WEIGHT: Final = 3
"""A letter of a script without spaces says as much as so many others."""

_LINK: Final = re.compile(r"(?:\b(?:https?|ftp|hxxps?)://|\bwww\.)\S+", re.IGNORECASE)
_LINE: Final = re.compile(r"^[ \t]{0,8}[>＞][^\n]*$", re.MULTILINE)
_BLOCK: Final = re.compile(
    r"<(/?)(blockquote|q|cite)\b[^<>]{0,300}>|\[(/?)(quote|cite)\b[^\[\]]{0,300}\]", re.IGNORECASE
)
_MARKED: Final = re.compile(
    "“[^“”]*+”|„[^„“”]*+[“”]|”[^„“”]*+”|‘[^‘’]*+’|«[^«»]*+»|»[^«»]*+«|‹[^‹›]*+›|›[^‹›]*+‹|「[^「」]*+」|『[^『』]*+』|《[^《》]*+》"
    '|"[^"“”]*+"|[„“"＂][^„“”"＂]*+[“”"＂]'
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…؟।])\s|(?<=[。！？])|[\r\n]")
"""Between quotation marks; short ones too, so that what stands between two of them is taken for no quotation."""


def own_words(text: str) -> str:
    """Return the text without what it quotes by a mark; the whole where nothing that says anything is left."""
    left = _MARKED.sub(_without_long, _LINE.sub(" ", _without_blocks(html.unescape(text))))
    return left if any(unicodedata.category(one)[0] in "LNS" for one in left) else text


def adds_remark(one: str, other: str, least: int = REMARK) -> bool:
    """Whether either text, quotations and links aside, says something of its own that the other does not hold.

    `least` is how many letters in a row that takes.
    """
    ours, theirs = (_pieces(_LINK.sub(" ", own_words(text))) for text in (one, other))
    return _longest_own(ours, theirs) >= least or _longest_own(theirs, ours) >= least


def add_sentences(one: str, other: str) -> bool:
    """Whether each of two texts, quotations and links aside, has a sentence, however short, that the other has not."""
    ours, theirs = (_sentences(_LINK.sub(" ", own_words(text))) for text in (one, other))
    return _has_own_sentence(ours, theirs) and _has_own_sentence(theirs, ours)


def says_the_same(one: str, other: str) -> bool:
    """Whether two texts have the same words and pictures in the same order, quotations and links with them."""
    return _said(one) == _said(other)


def _said(text: str) -> list[str]:
    return [word.text for word in words(text)] + _pictures(text)


def _without_long(quoted: re.Match[str]) -> str:
    least = QUOTED_DENSE if quoted[0][0] in "「『《" else QUOTED
    return " " if len(quoted[0]) - 2 >= least else quoted[0]


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


def _sentences(text: str) -> list[list[str]]:
    """Return the words of each sentence; of one without a word its pictures."""
    found = [_pieces(sentence) or _pictures(sentence) for sentence in _SENTENCE_END.split(text)]
    return [sentence for sentence in found if sentence]


def _has_own_sentence(sentences: list[list[str]], others: list[list[str]]) -> bool:
    """Whether one of `sentences` shares no words in a row with the other text and is not there as a whole."""
    shared = {pair for other in others for pair in pairwise(other)}
    return any(
        sentence not in others and not any(pair in shared for pair in pairwise(sentence))
        for sentence in sentences
    )


def _pictures(text: str) -> list[str]:
    return [one for one in text if unicodedata.category(one)[0] == "S"]


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
