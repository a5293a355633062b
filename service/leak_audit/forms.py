"""The forms in which an address may come out: what to look for so that no common encoding or hash hides it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

HASHES: Final = ("md5", "sha1", "sha256")
LEAST: Final = 12
"""Bytes of the shortest form: a shorter one would be found by chance."""


def forms_of(mark: str, addresses: Iterable[str]) -> dict[bytes, str]:
    """Return what to look for in lower-cased bytes, and each form's name.

    `mark` is ASCII and stands in each of the `addresses`: whatever encodes text character by character, or in groups as
    base64 does, is found by the mark alone. A hash takes the whole address, so each address has its own. Everything is
    folded to lower case, also base64 and raw digests: what is looked through is folded likewise.
    """
    found: dict[bytes, str] = {}
    for name, form in (*_of_mark(mark), *_of_addresses(addresses)):
        if len(form) >= LEAST:
            found.setdefault(form.lower(), name)
    return found


def _of_mark(mark: str) -> Iterator[tuple[str, bytes]]:
    for case in (mark.lower(), mark.upper()):
        for name, spell in SPELLED.items():
            yield name, "".join(spell(letter) for letter in case).encode()
        raw = case.encode()
        for name, text in {
            "": raw,
            "UTF-16 in ": case.encode("utf-16-le"),
            "reversed in ": raw[::-1],
        }.items():
            for place, form in enumerate(base64_forms(text)):
                yield f"{name}base64 at {place}", form
                yield f"{name}base64url at {place}", form.translate(URL_SAFE)
    yield "reversed", mark[::-1].encode()
    yield "UTF-16", b"\0".join(letter.encode() for letter in mark)
    yield "UTF-32", b"\0\0\0".join(letter.encode() for letter in mark)


def _of_addresses(addresses: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for spelling in {one for address in addresses for one in spellings(address)}:
        for name in HASHES:
            digest = hashlib.new(name, spelling.encode(), usedforsecurity=False).digest()
            for encoding, form in _encoded(digest).items():
                yield f"{name.upper()} {encoding}".rstrip(), form


SPELLED: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": lambda letter: letter,
    "percent-encoded": lambda letter: f"%{ord(letter):02x}",
    "percent-encoded twice": lambda letter: f"%25{ord(letter):02x}",
    "HTML decimal": lambda letter: f"&#{ord(letter)};",
    "HTML hexadecimal": lambda letter: f"&#x{ord(letter):x};",
    "quoted-printable": lambda letter: f"={ord(letter):02x}",
    "JSON escaped": lambda letter: f"\\u{ord(letter):04x}",
    "backslash escaped": lambda letter: f"\\x{ord(letter):02x}",
    "hexadecimal": lambda letter: f"{ord(letter):02x}",
    "hexadecimal, spaced": lambda letter: f"{ord(letter):02x} ",
}
URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def base64_forms(raw: bytes) -> list[bytes]:
    """Return what base64 makes of `raw` wherever it stands in a longer text: one form for each of three alignments.

    Characters that also carry bits of a neighbour are left out.
    """
    forms = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        skipped = -(-before * 4 // 3)  # characters with bits of what stands before
        whole = (before + len(raw)) * 4 // 3  # characters whose bits are all known
        forms.append(encoded[skipped:whole])
    return forms


def spellings(address: str) -> set[str]:
    """Return what somebody might hash: as typed, trimmed, lower-cased (as Gravatar does), IDN either way."""
    trimmed = address.strip()
    local, _, domain = trimmed.rpartition("@")
    found = {address, trimmed, trimmed.lower(), trimmed.upper()}
    if not domain.isascii():
        ascii_domain = domain.encode("idna").decode()
        found |= {f"{local}@{ascii_domain}", f"{local}@{ascii_domain}".lower()}
    return found


def _encoded(digest: bytes) -> dict[str, bytes]:
    plain = base64.b64encode(digest).rstrip(b"=")
    return {"": digest.hex().encode(), "raw": digest, "base64": plain, "base64url": plain.translate(URL_SAFE)}
