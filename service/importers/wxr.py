"""Reads the comments of a WordPress export (WXR) off a stream: XML in bounded pieces, and nothing kept behind it.

WordPress leaves spam out of its exports, and writes what its database holds: control characters that no XML may hold
are dropped here, bytes and characters that no text can have are replaced, and the line is told. HTML's names of
characters are read as HTML reads them, and an ampersand that names nothing is one.
"""

from __future__ import annotations

import codecs
import html
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.entities import html5
from typing import IO, Any, Final
from xml.parsers import (
    expat,  # bounded below: no document type, so no entity, and no element beyond its limit
)

from service.domain.errors import Invalid
from service.domain.faults import Fault

PIECE: Final = 64 * 1024
TEXT_LIMIT: Final = 1024 * 1024
"""Bytes of one element; WordPress' own limit of a comment is 64 kB, an article may be longer and is not kept."""
DEPTH_LIMIT: Final = 64
HELD_LIMIT: Final = 4 * 1024 * 1024
"""Characters of comments that wait for the end of their article, which may say that it is private."""
ITEM: Final = {
    "link": "link",
    "title": "title",
    "post_date_gmt": "published",
    "post_date": "published_local",
    "post_id": "post_id",
    "status": "status",
    "post_password": "password",
}
PUBLIC: Final = frozenset({"", "publish"})
"""States of an article that anyone can read; exports by others than WordPress say none."""
UNKNOWN: Final = "unknown"
"""The state of an article of which the end, where it may be said, was not read."""
OF_COMMENT: Final = {
    "comment_id": "number",
    "comment_author": "name",
    "comment_author_email": "email",
    "comment_author_url": "website",
    "comment_author_IP": "ip",
    "comment_date_gmt": "written",
    "comment_date": "written_local",
    "comment_content": "content",
    "comment_approved": "state",
    "comment_type": "kind",
    "comment_parent": "parent",
}
BLOG: Final = ("base_blog_url", "base_site_url", "link")
"""What the export says of the blog that it is of, the surest first."""
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
ID_KEY: Final = "replydesk_id"
"""The comment's meta field in which our WordPress plugin keeps the id that the comment has here."""


@dataclass(slots=True)
class Exported:
    """One comment as the export has it, in WordPress' own words; `line` is where it began. It prints no value."""

    line: int
    link: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    published: str = field(default="", repr=False)
    published_local: str = field(default="", repr=False)
    post_id: str = ""
    status: str = ""
    password: str = field(default="", repr=False)
    blog: str = field(default="", repr=False)
    number: str = ""
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    website: str = field(default="", repr=False)
    ip: str = field(default="", repr=False)
    written: str = field(default="", repr=False)
    written_local: str = field(default="", repr=False)
    content: str = field(default="", repr=False)
    state: str = ""
    kind: str = ""
    parent: str = ""
    known_as: str = ""
    """The id that this comment has here already, where the WordPress plugin noted one."""

    @property
    def is_private(self) -> bool:
        """Whether its article is not for everyone: a draft, a page for members, one with a password."""
        return bool(self.password) or self.status.lower() not in PUBLIC


def read_export(
    stream: IO[bytes], sizes: list[int] | None = None, repaired: list[int] | None = None
) -> Iterator[Exported]:
    """Yield the comments in the order of the file, with bounded memory.

    `sizes` is told how many bytes were read, `repaired` each line with a replaced character. Raises Invalid where
    it is no XML, holds a document type, or an element beyond the bounds; the line is named, and what came before it is
    yielded.
    """
    reader, text = _Reader(), _Text([] if repaired is None else repaired)
    try:
        while piece := stream.read(PIECE):
            if sizes is not None:
                sizes.append(len(piece))
            reader.feed(text.read(piece))
            yield from reader.taken()
        reader.feed(text.read(b"", final=True), final=True)
    except Invalid:
        reader.release(is_whole=False)
        yield from reader.taken()
        raise
    yield from reader.taken()


class _Text:
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
            if found[0][0] < " ":
                return ""
            if found[0][0] == "&" and _is_reference(found[1]):
                return found[0]
            line = self._line + text.count("\n", 0, found.start())
            if self._repaired[-1:] != [line]:
                self._repaired.append(line)
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


class _Reader:
    """An expat parser that keeps what belongs to the comment it is in, and forgets the rest as it goes."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=None)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._size = 0
        self._item: dict[str, str] = {}
        self._channel: dict[str, str] = {}
        self._held: list[Exported] = []
        self._held_size = 0
        self._comment: Exported | None = None
        self._meta: dict[str, str] = {}
        self._done: deque[Exported] = deque()
        self._is_export = False

    def feed(self, piece: str, *, final: bool = False) -> None:
        """Parse one piece. Raises Invalid."""
        try:
            self._parser.Parse(piece, final)
        except expat.ExpatError as wrong:
            raise self._fault("xml", said=expat.ErrorString(wrong.code)) from None
        if final and not self._is_export:
            raise self._fault("xml.no_export")

    def release(self, *, is_whole: bool = True) -> None:
        """Let go of the comments of an article, as it is known by now; one that goes on may be private."""
        told = {"status": "" if is_whole else UNKNOWN} | self._item
        blog = next((self._channel[name] for name in BLOG if self._channel.get(name)), "")
        for one in self._held:
            for name, value in told.items():
                setattr(one, name, value)
            one.blog = blog
            self._done.append(one)
        self._held, self._held_size = [], 0

    def taken(self) -> Iterator[Exported]:
        """Hand over the comments that are complete."""
        while self._done:
            yield self._done.popleft()

    def _fault(self, code: str, **values: object) -> Invalid:
        return Invalid([Fault(f"line {self._parser.CurrentLineNumber}", code, **values)])

    def _refuse_doctype(self, *_: Any) -> None:
        raise self._fault("xml.document_type")

    def _start(self, name: str, _attributes: object) -> None:
        local = name.rpartition(":")[2]
        if not self._path:
            self._is_export = local == "rss"
        self._path.append(local)
        if len(self._path) > DEPTH_LIMIT:
            raise self._fault("xml.deep", count=DEPTH_LIMIT)
        if local == "item":
            self._item = {}
        elif local == "comment" and self._path[-2:-1] == ["item"]:
            self._comment = Exported(self._parser.CurrentLineNumber)
        elif local == "commentmeta":
            self._meta = {}
        self._text, self._size = ([], 0) if self._is_wanted(local) else (None, 0)

    def _is_wanted(self, local: str) -> bool:
        above = self._path[-2] if len(self._path) > 1 else ""
        return (
            (above == "comment" and local in OF_COMMENT)
            or (above == "item" and local in ITEM)
            or (above == "channel" and local in BLOG)
            or (above == "commentmeta" and local in ("meta_key", "meta_value"))
        )

    def _characters(self, text: str) -> None:
        if self._text is None:
            if "\ufffd" in text and len(self._path) < 3:  # between elements it is the file that is broken
                raise self._fault("xml", said="there is no text here")
            return
        self._size += len(text)
        if self._size > TEXT_LIMIT:
            raise self._fault("xml.long", count=TEXT_LIMIT)
        self._text.append(text)

    def _end(self, _name: str) -> None:
        local = self._path.pop()
        above = self._path[-1] if self._path else ""
        text, self._text = ("".join(self._text) if self._text is not None else None), None
        if local == "comment" and self._comment is not None:
            self._hold(self._comment)
            self._comment = None
        elif local == "item":
            self.release()
        elif local == "commentmeta" and self._comment is not None:
            if self._meta.get("meta_key") == ID_KEY:
                self._comment.known_as = self._meta.get("meta_value", "")
        elif text is not None:
            self._keep(above, local, text)

    def _hold(self, comment: Exported) -> None:
        self._held.append(comment)
        self._held_size += len(comment.content)
        if self._held_size > HELD_LIMIT:
            self.release(is_whole=False)

    def _keep(self, above: str, local: str, text: str) -> None:
        if above == "item":
            self._item[ITEM[local]] = text.strip()
        elif above == "channel":
            self._channel[local] = text.strip()
        elif above == "commentmeta":
            self._meta[local] = text.strip()
        elif self._comment is not None:
            setattr(self._comment, OF_COMMENT[local], text.strip() if local != "comment_content" else text)
