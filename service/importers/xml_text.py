"""Text that an XML parser takes, of the bytes of an export that was written with less care.

Control characters that no XML may hold are dropped, bytes and characters that no text can have are replaced, and their
lines are told. HTML's names of characters are read as HTML reads them, and an ampersand that names nothing is one.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Callable
from html.entities import html5
from typing import Final

DECLARATION_LIMIT: Final = 256
DECLARED: Final = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']""")
WIDE: Final = frozenset(
    {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7", "idna"}
)
"""Encodings of text in which no declaration could be read as it was."""
REFERENCE_LIMIT: Final = 40
FOREIGN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f]|[\udc80-\udcff]+|[\ufffe\uffff\ud800-\udfff]|&#([0-9]{1,8}|[xX][0-9A-Fa-f]{1,7});"
)
"""What no XML may hold, and references to it."""
SECTION: Final = re.compile(r"(<!\[CDATA\[|\]\]>)")
LOOSE: Final = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,8}|#x[0-9A-Fa-f]{1,7});)([A-Za-z][A-Za-z0-9]{1,31};)?"
)
"""An ampersand that begins no reference that XML knows, outside CDATA."""
OPEN: Final = re.compile(r"(?:&[#A-Za-z0-9]*|<(?:!(?:\[[CDAT]*)?)?|\]\]?)\Z")
"""What a reference or the mark of a section may begin with."""


class XmlText:
    """Makes text of a file's bytes, in the encoding that it declares; what is none in it becomes U+FFFD."""

    def __init__(self, repaired: list[int]) -> None:
        self._repaired = repaired
        self._begin = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._line = 1
        self._rest = ""
        self._is_verbatim = False

    def read(self, piece: bytes, *, final: bool = False) -> str:
        """Return the text of the next bytes, as far as it can be told."""
        if self._decoder is None:
            # plugins print line ends before the declaration, for which expat would refuse the file
            whole = (self._begin + piece).removeprefix(codecs.BOM_UTF8)
            piece = whole.lstrip()
            if len(piece) < DECLARATION_LIMIT and not final:
                self._begin += piece if self._begin else whole
                return ""
            self._line += whole[: len(whole) - len(piece)].count(b"\n")
            self._decoder = codecs.getincrementaldecoder(_encoding(piece))("surrogateescape")
        text = self._rest + self._decoder.decode(piece, final)
        cut = len(text) if final else _end_of_marks(text)
        text, self._rest = text[:cut], text[cut:]
        repaired = FOREIGN.sub(self._repair(text), text)
        self._line += text.count("\n")
        return "".join(map(self._named, SECTION.split(repaired)))

    def _named(self, part: str) -> str:
        """Put characters in the place of HTML's names for them, but not in CDATA, which names none."""
        if part == "]]>" and not self._is_verbatim:
            return "]]&gt;"  # typed by a reader, and so the end of a section that was not meant to end
        if SECTION.fullmatch(part):
            self._is_verbatim = part != "]]>"
        return part if self._is_verbatim else LOOSE.sub(_character, part)

    def _repair(self, text: str) -> Callable[[re.Match[str]], str]:
        def repair(found: re.Match[str]) -> str:
            if found[0][0] == "&" and _is_reference(found[1]):
                return found[0]
            line = self._line + text.count("\n", 0, found.start())
            if self._repaired[-1:] != [line]:
                self._repaired.append(line)
            if found[0][0] < " ":
                return ""
            if "\udc80" <= found[0][0] <= "\udcff":  # bytes, which may be the beginning of one character
                return bytes(ord(one) - 0xDC00 for one in found[0]).decode("utf-8", "replace")
            return "\ufffd"

        return repair


def _encoding(begin: bytes) -> str:
    """Return the encoding that a file declares; UTF-8 where it declares none, or none of text."""
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    declared = DECLARED.match(begin)
    name = declared[1].decode() if declared else "utf-8"
    try:
        known = codecs.lookup(name)
    except LookupError:
        return "utf-8"
    return known.name if known._is_text_encoding and known.name not in WIDE else "utf-8"


def _end_of_marks(text: str) -> int:
    """Return up to where the text can be judged: a reference, or the mark of a section, may go on in the next piece."""
    last = max(0, len(text) - REFERENCE_LIMIT)
    begun = OPEN.search(text, last)
    return begun.start() if begun else len(text)


def _character(named: re.Match[str]) -> str:
    """Return as XML has it the character that HTML calls by this name; the ampersand itself where it knows none."""
    name = named[1] or ""
    return html.escape(html5[name], quote=False) if name in html5 else f"&amp;{name}"


def _is_reference(digits: str) -> bool:
    """Whether a numeric reference names a character that XML knows."""
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    return code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
