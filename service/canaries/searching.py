"""Looks through bytes for hundreds of forms in one pass, and through what is compressed within them."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

if sys.version_info >= (3, 14):  # the standard library has its own from there on
    from compression import zstd

    def _zstd() -> Any:
        return zstd.ZstdDecompressor()
else:
    import zstandard

    def _zstd() -> Any:
        return zstandard.ZstdDecompressor().decompressobj()


CHUNK: Final = 4 * 1024 * 1024
OVERLAP: Final = 4096
"""Longer than any form: what lies over the border of two chunks is found in the second."""
TABLE_BITS: Final = 18
SPREAD: Final = np.uint32(0x9E3779B1)
DEPTH: Final = 3
UNPACKED_LIMIT: Final = 256 * 1024 * 1024
STEP: Final = 16 * 1024
STREAMS: Final = 20_000
"""Beginnings of compressed streams that are tried in one chunk: two bytes look like one by chance often enough."""
CONTEXT: Final = 24
WORD: Final = re.compile(rb"[0-9A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class Hit:
    """A form that was found: where, which, and which canary where the bytes tell."""

    place: str
    offset: int
    form: str
    canary: str | None = None


@dataclass(slots=True)
class Tally:
    """How much was looked through: bytes as they lie there, and bytes that were unpacked out of them."""

    bytes: int = 0
    unpacked: int = 0


class Searcher:
    """Finds any of many forms in one pass: four bytes from each form's middle are looked up at every offset at once."""

    def __init__(self, forms: Mapping[bytes, str]) -> None:
        self.forms = len(forms)
        self._table = np.zeros(1 << TABLE_BITS, dtype=bool)
        self._by_key: dict[int, list[tuple[bytes, int, str]]] = {}
        for form, name in forms.items():
            middle = len(form) // 2 - 2
            key = int.from_bytes(form[middle : middle + 4], "little")
            self._by_key.setdefault(key, []).append((form, middle, name))
            self._table[int(_slots(np.array([key], dtype=np.uint32))[0])] = True

    def find(self, data: bytes) -> list[tuple[int, str]]:
        """Return offset and name of each form in `data`, in any case."""
        folded = data.lower()
        found: list[tuple[int, str]] = []
        for shift in range(4):
            count = (len(folded) - shift) // 4
            if count < 1:
                break
            grams = np.frombuffer(folded, dtype="<u4", count=count, offset=shift)
            for place in np.flatnonzero(self._table[_slots(grams)]).tolist():
                for form, middle, name in self._by_key.get(int(grams[place]), ()):
                    begin = shift + 4 * place - middle
                    if begin >= 0 and folded.startswith(form, begin):
                        found.append((begin, name))
        return sorted(found)


def _slots(grams: Any) -> Any:
    return (grams * SPREAD) >> np.uint32(32 - TABLE_BITS)


def search(
    searcher: Searcher, place: str, chunks: Iterable[bytes], tally: Tally, depth: int = 0
) -> Iterator[Hit]:
    """Yield what is found in the bytes that `chunks` make together, also in what is compressed within them."""
    offset, rest = 0, b""
    for chunk in _sized(chunks):
        if depth == 0:
            tally.bytes += len(chunk)
        data = rest + chunk
        begin = offset - len(rest)
        for at, name in searcher.find(data):
            if at + CONTEXT > len(rest) or not rest:  # what lies wholly in the overlap was seen before
                yield Hit(place, begin + at, name, _told(data, at))
        if depth < DEPTH:
            yield from _packed(searcher, place, data, begin, tally, depth)
        offset += len(chunk)
        rest = data[-OVERLAP:]


def _told(data: bytes, at: int) -> str | None:
    """Return the readable word at that place: of a plain form it tells which canary it is."""
    word = WORD.match(data, at, at + 64)
    return word[0].decode("ascii") if word else None


def _sized(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut what is too long and join what is short, so that each pass has something to do."""
    kept: list[bytes] = []
    size = 0
    for chunk in chunks:
        for start in range(0, len(chunk), CHUNK):
            piece = chunk[start : start + CHUNK]
            kept.append(piece)
            size += len(piece)
            if size >= CHUNK:
                yield b"".join(kept)
                kept, size = [], 0
    if kept:
        yield b"".join(kept)


# -- what is compressed ------------------------------------------------------------------------------------------------


def _packed(
    searcher: Searcher, place: str, data: bytes, begin: int, tally: Tally, depth: int
) -> Iterator[Hit]:
    tried = 0
    for name, (magics, opener) in PACKED.items():
        for magic in magics:
            at = data.find(magic)
            while at >= 0 and tried < STREAMS:
                tried += 1
                inner = f"{place} > {name} at {begin + at}"
                yield from search(searcher, inner, _unpacked(data, at, opener, tally), tally, depth + 1)
                at = data.find(magic, at + len(magic))


def _unpacked(data: bytes, at: int, opener: Callable[[], Any], tally: Tally) -> Iterator[bytes]:
    """Yield what is unpacked of the stream that begins there, until it ends, breaks, or grows beyond the bound."""
    machine = opener()
    source = io.BytesIO(data)
    source.seek(at)
    total = 0
    while total < UNPACKED_LIMIT and (packed := source.read(STEP)):
        try:
            plain = machine.decompress(packed)
        except Exception:  # noqa: BLE001  # no stream at all, or a broken one; each library has errors of its own
            return
        if plain:
            total += len(plain)
            tally.unpacked += len(plain)
            yield plain
        if getattr(machine, "eof", False):
            return


def _zip_member() -> Any:
    return _ZipMember()


class _ZipMember:
    """Unpacks one member of a zip archive: its local header, then a bare deflate stream."""

    eof = False

    def __init__(self) -> None:
        self._machine: Any = None

    def decompress(self, packed: bytes) -> bytes:
        """Return what is unpacked; the first call holds the header."""
        if self._machine is None:
            if len(packed) < 30 or packed[8:10] != b"\x08\x00":
                self.eof = True
                return b""
            start = 30 + int.from_bytes(packed[26:28], "little") + int.from_bytes(packed[28:30], "little")
            packed = packed[start:]
            self._machine = zlib.decompressobj(-zlib.MAX_WBITS)
        plain: bytes = self._machine.decompress(packed)
        self.eof = self._machine.eof
        return plain


PACKED: Final[Mapping[str, tuple[tuple[bytes, ...], Callable[[], Any]]]] = {
    "gzip": ((b"\x1f\x8b\x08",), lambda: zlib.decompressobj(16 + zlib.MAX_WBITS)),
    "zlib": ((b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), lambda: zlib.decompressobj()),
    "zstd": ((b"\x28\xb5\x2f\xfd",), _zstd),
    "bzip2": ((b"BZh",), bz2.BZ2Decompressor),
    "xz": ((b"\xfd7zXZ\x00",), lzma.LZMADecompressor),
    "zip": ((b"PK\x03\x04",), _zip_member),
}
