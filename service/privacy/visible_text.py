"""What a reader's eye makes of a text: escapes decoded, look-alike widths folded, invisible characters gone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")  # letters by their category, yet nothing is seen
NAMED: Final = {"commat": "@", "period": ".", "colon": ":", "plus": "+", "lowbar": "_"}
ESCAPE: Final = re.compile(
    r"((?:%[0-9a-f]{2})++)|&#x([0-9a-f]{1,7});?|&#([0-9]{1,8});?|&(commat|period|colon|plus|lowbar);"
    r"|\\u([0-9a-f]{4})",
    re.IGNORECASE,
)
PERCENT: Final = re.compile(r"%[0-9A-Fa-f]{2}")
ESCAPED_AT: Final = ("%40", "%2540", "%25%34%30", "&#", "&commat", "\\u0040")
ESCAPED_TIMES: Final = 2
"""A link inside a link is escaped twice."""


@dataclass(frozen=True, slots=True)
class VisibleText:
    """A text as it is seen, and where each of its characters stands in the text as written (code points)."""

    text: str = field(repr=False)
    begins: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def written(self, begin: int, end: int) -> tuple[int, int]:
        """Return the stretch of the written text that the seen characters `begin` to `end` come from."""
        if self.begins is None or self.ends is None:
            return begin, end
        return self.begins[begin], self.ends[end - 1]


def as_seen(text: str) -> VisibleText:
    """Return `text` as it is seen, in time linear in its length; plain ASCII without escapes stays as it is."""
    visible = VisibleText(text)
    for _ in range(ESCAPED_TIMES):
        if not _hides_an_at_sign(visible.text):
            break
        visible = _unescaped(visible)
    return visible if visible.text.isascii() else _normalised(visible)


def _hides_an_at_sign(text: str) -> bool:
    if not ("%" in text or "&" in text or "\\" in text):
        return False
    lower = text.lower()
    return any(mark in lower for mark in ESCAPED_AT) or ("@" in text and PERCENT.search(text) is not None)


def _normalised(visible: VisibleText) -> VisibleText:
    changes: dict[str, str] = {c: seen for c in set(visible.text) if c > "\x7f" and (seen := _seen(c)) != c}
    if not changes:
        return visible
    if all(changes.values()):
        return VisibleText("".join(changes.get(c, c) for c in visible.text), visible.begins, visible.ends)
    kept = [place for place, c in enumerate(visible.text) if changes.get(c, c)]
    text = "".join(changes.get(visible.text[place], visible.text[place]) for place in kept)
    begins = [visible.written(place, place + 1)[0] for place in kept]
    ends = [visible.written(place, place + 1)[1] for place in kept]
    return VisibleText(text, begins, ends)


@lru_cache(maxsize=8192)
def _seen(character: str) -> str:
    """Return the one character that is seen, or nothing for marks and format characters."""
    if unicodedata.category(character) in ("Cf", "Mn", "Me") or character in FILLERS:
        return ""
    if character in "。｡":
        return "."
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.decimal(character))
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


def _unescaped(visible: VisibleText) -> VisibleText:
    """Decode percent, HTML and JSON escapes once; each decoded character stands for its whole escape."""
    text, parts = visible.text, list[str]()
    begins: list[int] = []
    ends: list[int] = []
    at = 0

    def take(character: str, begin: int, end: int) -> None:
        first, last = visible.written(begin, end)
        parts.append(character)
        begins.append(first)
        ends.append(last)

    for match in ESCAPE.finditer(text):
        for place in range(at, match.start()):
            take(text[place], place, place + 1)
        for decoded in _decoded(match):
            take(*decoded)
        at = match.end()
    for place in range(at, len(text)):
        take(text[place], place, place + 1)
    return VisibleText("".join(parts), begins, ends)


def _decoded(match: re.Match[str]) -> list[tuple[str, int, int]]:
    begin, end = match.span()
    percent, hexadecimal, decimal, name, json = match.groups()
    if percent:
        return _percent_decoded(percent, begin)
    if name:
        return [(NAMED[name.lower()], begin, end)]
    code = int(decimal) if decimal else int(hexadecimal or json, 16)
    if not 32 <= code < 0x110000 or 0xD800 <= code < 0xE000:
        return [(c, begin + n, begin + n + 1) for n, c in enumerate(match.group())]
    return [(chr(code), begin, end)]


def _percent_decoded(escapes: str, begin: int) -> list[tuple[str, int, int]]:
    decoded = bytes.fromhex(escapes.replace("%", "")).decode("utf-8", "replace")
    found, at = [], begin
    for character in decoded:
        width = 3 if character == "\ufffd" else 3 * len(character.encode())
        until = min(at + width, begin + len(escapes))
        found.append((character, at, until))
        at = until
    return found
