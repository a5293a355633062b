"""Looks through bytes for hundreds of forms in one pass, and through what is compressed within them."""

from __future__ import annotations

import bz2
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
INNER: Final = 256 * 1024
"""Bytes of one pass over what is unpacked: many streams may be open at once."""
OPEN: Final = 256
"""Streams that are followed at once; a false one breaks within a few bytes."""
STREAMS: Final = 20_000
"""Beginnings of compressed streams that are tried in one chunk: two bytes look like one by chance often enough."""
WORD: Final = re.compile(rb"[0-9A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class Hit:
    """A form that was found: where, which, and which canary where the bytes tell."""

    place: str
    offset: int
    form: str
    canary: str | None = None


@dataclass(slots=True)
class Volume:
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

    def find(self, data: bytes, known: int = 0) -> list[tuple[int, str]]:
        """Return offset and name of each form in `data`, in any case, but for those that end in its `known` bytes."""
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
                    if begin >= 0 and begin + len(form) > known and folded.startswith(form, begin):
                        found.append((begin, name))
        return sorted(found)


def _slots(grams: Any) -> Any:
    return (grams * SPREAD) >> np.uint32(32 - TABLE_BITS)


def search(searcher: Searcher, place: str, chunks: Iterable[bytes], volume: Volume) -> Iterator[Hit]:
    """Yield what is found in the bytes that `chunks` make together, also in what is compressed within them."""
    trail = _Trail(searcher, place, volume)
    for chunk in chunks:
        volume.bytes += len(chunk)
        yield from trail.feed(chunk)
    yield from trail.end()


class _Trail:
    """Follows bytes as they come, however they are cut, and every compressed stream that begins in them to its end."""

    def __init__(self, searcher: Searcher, place: str, volume: Volume, depth: int = 0) -> None:
        self._searcher, self._place, self._volume, self._depth = searcher, place, volume, depth
        self._pass = CHUNK if depth == 0 else INNER
        self._waiting: list[bytes] = []
        self._size = 0
        self._offset = 0
        self._rest = b""
        self._streams: list[_Stream] = []

    def feed(self, chunk: bytes) -> Iterator[Hit]:
        """Take the next bytes: what is too long is cut and what is short joined, so that each pass has work."""
        for start in range(0, len(chunk), self._pass):
            piece = chunk[start : start + self._pass]
            self._waiting.append(piece)
            self._size += len(piece)
            if self._size >= self._pass:
                yield from self._look()

    def end(self) -> Iterator[Hit]:
        """Look at what is left; nothing follows."""
        yield from self._look()
        for stream in self._streams:
            yield from stream.inner.end()
        self._streams = []

    def _look(self) -> Iterator[Hit]:
        fresh = b"".join(self._waiting)
        self._waiting, self._size = [], 0
        known, data = len(self._rest), self._rest + fresh
        begin = self._offset - known
        for at, name in self._searcher.find(data, known):
            yield Hit(self._place, begin + at, name, _readable_word(data, at))
        if self._depth < DEPTH:
            going = self._streams
            self._streams = []
            for stream in going:
                yield from self._follow(stream, fresh, 0)
            yield from self._begun(data, known, begin)
        self._offset += len(fresh)
        self._rest = data[-OVERLAP:]

    def _begun(self, data: bytes, known: int, begin: int) -> Iterator[Hit]:
        """Follow each stream whose mark ends in what is new."""
        tried = 0
        for name, (magics, opener) in PACKED.items():
            for magic in magics:
                at = data.find(magic, max(0, known - len(magic) + 1))
                while at >= 0 and tried < STREAMS:
                    tried += 1
                    inner = f"{self._place} > {name} at {begin + at}"
                    trail = _Trail(self._searcher, inner, self._volume, self._depth + 1)
                    yield from self._follow(_Stream(opener(), trail), data, at)
                    at = data.find(magic, at + len(magic))

    def _follow(self, stream: _Stream, data: bytes, at: int) -> Iterator[Hit]:
        """Unpack what the stream has in these bytes; if it neither ends nor breaks there, it is gone on with."""
        for start in range(at, len(data), STEP):
            try:
                plain = stream.machine.decompress(data[start : start + STEP])
            except Exception:  # noqa: BLE001  # no stream at all, or a broken one; each library has errors of its own
                break
            stream.unpacked += len(plain)
            self._volume.unpacked += len(plain)
            yield from stream.inner.feed(plain)
            if getattr(stream.machine, "eof", False) or stream.unpacked >= UNPACKED_LIMIT:
                break
        else:
            if len(self._streams) < OPEN:
                self._streams.append(stream)
                return
        yield from stream.inner.end()


@dataclass(slots=True)
class _Stream:
    """A compressed stream that is being followed."""

    machine: Any
    inner: _Trail
    unpacked: int = 0


def _readable_word(data: bytes, at: int) -> str | None:
    """Return the readable word at that place: of a plain form it tells which canary it is."""
    word = WORD.match(data, at, at + 64)
    return word[0].decode("ascii") if word else None


def _zip_member() -> Any:
    return _ZipMember()


class _ZipMember:
    """Unpacks one member of a zip archive: its local header, then a bare deflate stream."""

    eof = False

    def __init__(self) -> None:
        self._head = b""
        self._machine: Any = None

    def decompress(self, packed: bytes) -> bytes:
        """Return what is unpacked; nothing as long as the header is not whole."""
        if self._machine is None:
            self._head += packed
            if len(self._head) < 30:
                return b""
            if self._head[8:10] != b"\x08\x00":
                self.eof = True
                return b""
            start = (
                30 + int.from_bytes(self._head[26:28], "little") + int.from_bytes(self._head[28:30], "little")
            )
            if len(self._head) < start:
                return b""
            packed, self._head = self._head[start:], b""
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
