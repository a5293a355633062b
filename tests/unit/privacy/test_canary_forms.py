"""The forms that the audit looks for: whatever an encoder or a hash makes of a canary is found, and nothing else."""

import base64
import bz2
import gzip
import hashlib
import html
import io
import json
import lzma
import quopri
import random
import sys
import zipfile
import zlib
from urllib.parse import quote

import pytest

from service.leak_audit.forms import forms_of
from service.leak_audit.planter import new_mark
from service.leak_audit.search import CHUNK, OVERLAP, Searcher, Volume, search

MARK = "canaryqvwzkjxbyhtd"
ADDRESS = f"{MARK}api@mail.example"
IDN = f"{MARK}idn@bücherei.example"
SEARCHER = Searcher(forms_of(MARK, [ADDRESS, IDN]))


def found(content):
    return {hit.form for hit in search(SEARCHER, "here", [content], Volume())}


def every(text, spell):
    return "".join(spell.format(ord(letter)) for letter in text).encode()


ENCODED = {
    "plain": ADDRESS.encode(),
    "upper case": ADDRESS.upper().encode(),
    "url": quote(ADDRESS).encode(),
    "url, every character": every(ADDRESS, "%{:02X}"),
    "url twice": quote(every(ADDRESS, "%{:02x}").decode()).encode(),
    "html": html.escape(ADDRESS).replace("@", "&commat;").encode(),
    "html, decimal": every(ADDRESS, "&#{};"),
    "html, hexadecimal": every(ADDRESS, "&#x{:X};"),
    "json": json.dumps(ADDRESS).encode(),
    "json, escaped": every(ADDRESS, "\\u{:04x}"),
    "quoted-printable": quopri.encodestring(ADDRESS.encode()),
    "quoted-printable, every character": every(ADDRESS, "={:02X}"),
    "UTF-16": ADDRESS.encode("utf-16-le"),
    "UTF-16, big end first": ADDRESS.encode("utf-16-be"),
    "UTF-32": ADDRESS.encode("utf-32-le"),
    "reversed": ADDRESS[::-1].encode(),
    "hexadecimal": ADDRESS.encode().hex().encode(),
    "hexadecimal, upper case": ADDRESS.encode().hex().upper().encode(),
    **{f"base64 after {n}": base64.b64encode(b"x" * n + ADDRESS.encode() + b"yz") for n in range(5)},
    "base64 of upper case": base64.b64encode(ADDRESS.upper().encode()),
    "base64url": base64.urlsafe_b64encode(b"?" + ADDRESS.encode()),
    "base64 of UTF-16": base64.b64encode(b"x" + ADDRESS.encode("utf-16-le")),
    "base64 of reversed": base64.b64encode(b"xy" + ADDRESS[::-1].encode()),
    "MD5": hashlib.md5(ADDRESS.encode(), usedforsecurity=False).hexdigest().encode(),
    "SHA-1": hashlib.sha1(ADDRESS.encode(), usedforsecurity=False).hexdigest().upper().encode(),
    "SHA-256": hashlib.sha256(ADDRESS.encode()).hexdigest().encode(),
    "SHA-256, raw": hashlib.sha256(ADDRESS.encode()).digest(),
    "SHA-256 in base64": base64.b64encode(hashlib.sha256(ADDRESS.encode()).digest()),
    "Gravatar's, of an IDN": hashlib.md5(IDN.lower().encode(), usedforsecurity=False).hexdigest().encode(),
    "of the IDN in ASCII": hashlib.sha256(f"{MARK}idn@xn--bcherei-n2a.example".encode()).hexdigest().encode(),
}


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("before", [b"", b"\x00", b"to: ", b'{"a":'])
def test_each_encoding_is_found_wherever_it_stands(name, before):
    assert found(before + ENCODED[name] + b" end")
    assert found(before + ENCODED[name])


def _zstd(raw):
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.compress(raw)
    import zstandard

    return zstandard.ZstdCompressor().compress(raw)


def _zip(raw):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", raw)
    return packed.getvalue()


PACKERS = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zlib, hardest": lambda raw: zlib.compress(raw, 9),
    "zstd": _zstd,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": _zip,
    "gzip in gzip": lambda raw: gzip.compress(gzip.compress(raw)),
    "gzip in zip": lambda raw: _zip(gzip.compress(raw)),
}


@pytest.mark.parametrize("name", PACKERS)
def test_what_is_compressed_is_looked_into_also_over_a_border(name, monkeypatch):
    raw = b"once upon a time " * 40 + base64.b64encode(ADDRESS.encode()) + b" and so on" * 40
    packed = PACKERS[name](raw)
    assert ADDRESS.encode() not in packed
    assert found(b"before" + packed + b"after")
    monkeypatch.setattr("service.leak_audit.search.CHUNK", 2 * OVERLAP)
    noise = random.Random(5).randbytes(600)
    packed = PACKERS[name](noise + ADDRESS.encode() + noise)
    for cut in (*range(40), len(packed) // 2, len(packed) - 1):
        assert found(b"." * (2 * OVERLAP - cut) + packed + b"." * 9), cut


def test_other_bytes_are_no_canary():
    chance = random.Random(7)
    assert found(chance.randbytes(8_000_000)) == set()
    assert found(b"The canary sang. canary canaries example@mail.example " * 50_000) == set()
    other = forms_of("canaryabcdefghijkl", ["canaryabcdefghijklapi@mail.example"])
    assert found(b"\n".join(other)) == set()


@pytest.mark.parametrize(
    "at", [CHUNK - len(ADDRESS), CHUNK - 9, CHUNK - 1, CHUNK, CHUNK + OVERLAP - 5, 2 * CHUNK - 3]
)
def test_a_border_of_two_chunks_hides_nothing(at):
    content = b"." * at + ADDRESS.encode() + b"." * CHUNK
    for size in (CHUNK, 1_000_003):
        chunks = [content[start : start + size] for start in range(0, len(content), size)]
        hits = list(search(SEARCHER, "here", chunks, Volume()))
        assert {hit.offset for hit in hits} == {at}
        assert {hit.form for hit in hits} == {"plain"}


@pytest.mark.parametrize("name", ENCODED)
def test_no_form_hides_over_a_border(name, monkeypatch):
    monkeypatch.setattr("service.leak_audit.search.CHUNK", 2 * OVERLAP)
    encoded = ENCODED[name]
    wanted = len(list(search(SEARCHER, "here", [b"." * 99 + encoded], Volume())))
    for cut in range(len(encoded) + 1):
        content = b"." * (2 * OVERLAP - cut) + encoded + b"." * OVERLAP
        assert len(list(search(SEARCHER, "here", [content], Volume()))) == wanted, cut


def test_a_long_stream_is_followed_over_many_borders():
    noise = base64.b64encode(random.Random(6).randbytes(2 * CHUNK))
    tally = Volume()
    packed = gzip.compress(noise + every(ADDRESS, "%{:02x}") + noise[:99], 1)
    assert len(packed) > 2 * CHUNK
    hits = list(search(SEARCHER, "here", [packed], tally))
    assert {(hit.place, hit.form) for hit in hits} == {("here > gzip at 0", "percent-encoded")}
    assert {hit.offset for hit in hits} == {len(noise)}
    assert tally.bytes == len(packed)
    assert tally.unpacked >= len(noise)


def test_a_hit_names_its_canary_and_every_audit_has_a_mark_of_its_own():
    (hit,) = search(SEARCHER, "here", [b"<" + ADDRESS.encode() + b">"], Volume())
    assert (hit.canary, hit.offset, hit.place) == (f"{MARK}api", 1, "here")
    marks = {new_mark() for _ in range(100)}
    assert len(marks) == 100
    assert all(mark.isascii() and mark.isalpha() and len(mark) == 18 for mark in marks)


def test_a_stream_that_grows_without_end_is_left(monkeypatch):
    monkeypatch.setattr("service.leak_audit.search.UNPACKED_LIMIT", 1_000_000)
    bomb = zlib.compress(b"\0" * 60_000_000)
    tally = Volume()
    assert list(search(SEARCHER, "here", [bomb], tally)) == []
    assert 1_000_000 <= tally.unpacked < 30_000_000
