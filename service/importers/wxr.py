"""Reads the comments of a WordPress export (WXR) off a stream: XML in bounded pieces, and nothing kept behind it.

WordPress leaves spam out of its exports.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final
from xml.parsers import expat  # bounded below: no document type, so no entity, no element beyond its limit

from service.domain.errors import Invalid
from service.domain.faults import Fault
from service.importers.xml_text import XmlText

PIECE: Final = 64 * 1024
TEXT_LIMIT: Final = 1024 * 1024
"""Characters of one element that are read; WordPress' own limit of a comment is 64 kB, what plugins note has none."""
DEPTH_LIMIT: Final = 64
HELD_LIMIT: Final = 4 * 1024 * 1024
"""Characters of comments that wait for the end of their article, which may say that it is private."""
ITEM: Final = {
    "link": "link",
    "title": "title",
    "post_date_gmt": "published",
    "post_date": "published_local",
    "post_id": "post_id",
    "post_type": "post_type",
    "status": "status",
    "post_password": "password",
}
PUBLIC: Final = frozenset({"", "publish"})
"""States of an article that anyone can read; exports by others than WordPress say none."""
INTERNAL_TYPES: Final = re.compile(
    "revision|nav_menu_item|wp_.*|custom_css|customize_changeset|oembed_cache|user_request|acf-.*|shop_.*|edd_payment"
)
"""Types of what WordPress and its shops keep as posts and show to nobody."""
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
MADE: Final = "pubDate"
"""What it says of the moment at which it was made."""
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
    post_type: str = ""
    status: str = ""
    password: str = field(default="", repr=False)
    blog: str = field(default="", repr=False)
    made: str = field(default="", repr=False)
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
        """Whether its article is not for everyone: a draft, a page for members, one with a password, an order.

        What has a type of its own and no page is linked to by that type.
        """
        is_public = self.status.lower() in PUBLIC and "post_type=" not in self.link
        return bool(self.password) or not is_public or bool(INTERNAL_TYPES.fullmatch(self.post_type))


def read_export(
    stream: IO[bytes], sizes: list[int] | None = None, repaired: list[int] | None = None
) -> Iterator[Exported]:
    """Yield the comments in the order of the file, with bounded memory.

    `sizes` is told how many bytes were read, `repaired` each line with a replaced or dropped character. Raises Invalid
    where it is no XML, holds a document type, or an element beyond the bounds; the line is named, and what came before
    it is yielded.
    """
    reader, text = _Reader(), XmlText([] if repaired is None else repaired)
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
            one.blog, one.made = blog, self._channel.get(MADE, "")
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
            or (above == "channel" and local in (*BLOG, MADE))
            or (above == "commentmeta" and local in ("meta_key", "meta_value"))
        )

    def _characters(self, text: str) -> None:
        if self._text is None:
            if "\ufffd" in text and len(self._path) < 3:  # between elements it is the file that is broken
                raise self._fault("xml", said="there is no text here")
            return
        self._size += len(text)
        if self._size <= TEXT_LIMIT:
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
