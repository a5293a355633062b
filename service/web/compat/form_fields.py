"""Fields of a form as old clients send them: URL-encoded or multipart, in UTF-8 or in what their blog was made in."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from flask import request
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from service.domain.errors import ReplydeskError
from service.web.api.gate import SINGLE_LIMIT, bounded_body

FIELD_LIMIT: Final = 1000
QUERY_LIMIT: Final = 16 * 1024
CHARSETS: Final = frozenset(
    ("ascii", "big5", "big5hkscs", "cp949", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "shift_jis")
)
"""Beside UTF-8 and the one-byte ones, the charsets that blogs were made in; no other codec is let near a text."""
ONE_BYTE: Final = ("iso8859", "cp125", "koi8", "cp87", "mac")
LAST: Final = "cp1252"
"""What most bytes are that are no UTF-8 and have no name."""


class NoForm(ReplydeskError):
    """The body is no form that can be read, or it has more than a thousand fields."""

    code = "malformed"


def read_form() -> dict[str, str]:
    """Return the fields of the request, those of the body before those of the query, the last of equal names.

    Bytes that are no UTF-8 are read in the charset that the request or its field `blog_charset` names, else in
    Windows-1252; none is refused. NUL characters are dropped. Raises NoForm or the problem
    "too-large".
    """
    raw = bounded_body(SINGLE_LIMIT)
    if len(request.query_string) > QUERY_LIMIT:
        raise NoForm()
    pairs = [*_urlencoded(request.query_string), *_of_body(raw)]
    if len(pairs) > FIELD_LIMIT:
        raise NoForm()
    found = dict(pairs)
    charset = request.mimetype_params.get("charset", "")
    named = (found.get(b"blog_charset", b"")[:40].decode("ascii", "ignore"), charset[:40])
    codec = next((one for name in named if (one := _codec(name))), LAST)
    return {
        name.decode("utf-8", "replace"): _text(value, codec)
        for name, value in found.items()
        if len(name) <= 200
    }


def _of_body(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not raw:
        return iter(())
    if request.mimetype == "multipart/form-data":
        return iter(list(_multipart(raw)))
    return _urlencoded(raw)


def _urlencoded(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    pieces = raw.split(b"&", FIELD_LIMIT)
    if len(pieces) > FIELD_LIMIT:
        raise NoForm()
    for piece in pieces:
        name, equals, value = piece.partition(b"=")
        if name or equals:
            yield unquote_to_bytes(name.replace(b"+", b" ")), unquote_to_bytes(value.replace(b"+", b" "))


def _multipart(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Read the fields of a multipart body as bytes; files are passed over."""
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1", "ignore")
    if not 0 < len(boundary) <= 200:
        raise NoForm()
    decoder = MultipartDecoder(boundary, max_form_memory_size=SINGLE_LIMIT, max_parts=FIELD_LIMIT)
    name: bytes | None = None
    value: list[bytes] = []
    try:
        decoder.receive_data(raw)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Field | File):
                name = event.name.encode() if isinstance(event, Field) else None
                value = []
            elif isinstance(event, Data) and name is not None:
                value.append(event.data)
                if not event.more_data:
                    yield name, b"".join(value)
    except (ValueError, HTTPException):
        raise NoForm() from None


def _text(value: bytes, codec: str) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode(codec, "replace")
    return text.replace("\0", "")


def _codec(name: str) -> str | None:
    """Return the codec of a charset that a blog may have; None for UTF-8, which was tried, and for all others."""
    try:
        found = codecs.lookup(name.strip()).name.replace("-", "_")
    except (LookupError, ValueError):
        return None
    if found in ("iso8859_1", "latin_1", "ascii"):
        return LAST  # what says so writes Windows' quotes all the same, as browsers know
    return found if found in CHARSETS or found.startswith(ONE_BYTE) else None
