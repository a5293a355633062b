"""The only module that sees an address: it leaves as a sealed box and a keyed hash, or not at all."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Final, NoReturn, final

import idna
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from service.domain.errors import ReplydeskError
from service.privacy.keys import Keyring

MASK: Final = "***"
ADDRESS_LIMIT: Final = 320
LOCAL_LIMIT: Final = 64
BOX_LIMIT: Final = 4096
AUTHOR: Final = "author"

PLAIN_LOCAL: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-"
)
DOMAIN: Final = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){1,63}[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


class AddressError(ReplydeskError, ValueError):
    """This is not an email address: it takes a name, an @ and a domain."""


class BoxError(ReplydeskError, ValueError):
    """This private key does not open this box."""


class ContactKeyError(ReplydeskError, ValueError):
    """This is no contact key: 32 bytes in base64."""


@final
class Address:
    """An address inside one request: no repr, str, format, copy or pickle shows it, only `reveal`.

    It is kept blinded by random bytes, so that a debugger or crash dump that walks attributes shows noise.
    """

    __slots__ = ("__blind", "__pad")

    def __init__(self, plain: str) -> None:
        raw = plain.encode()
        self.__pad = secrets.token_bytes(len(raw))
        self.__blind = _xor(raw, self.__pad)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address in `text` as typed, without the space around it; AddressError never shows it."""
        plain = text.strip()
        if len(plain) > ADDRESS_LIMIT:
            del text, plain  # a traceback that prints locals must not print this one
            raise AddressError(f"This is not an email address: longer than {ADDRESS_LIMIT} characters.")
        if _normal_form(plain) is None:
            del text, plain
            raise AddressError()
        return cls(plain)

    def reveal(self) -> str:
        return _xor(self.__blind, self.__pad).decode()

    def __repr__(self) -> str:
        return "<Address ***>"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an Address is neither copied nor pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("an Address is neither copied nor pickled")


def normalise(address: Address) -> str:
    """Return the form in which equal addresses are equal.

    The rule: trim; NFKC; the part before the @ casefolded; the domain in ASCII (IDNA 2008 after UTS 46
    mapping, which lower-cases it). Plus-tags and dots are kept: `a.b+c@d.org` and `ab@d.org` are two.
    """
    normal = _normal_form(address.reveal())
    if normal is None:
        raise AddressError()
    return normal


def new_contact_keys() -> tuple[str, str]:
    """Return a fresh (public, private) pair in base64; the private one is for the site, never stored here."""
    private = PrivateKey.generate()
    return _to_base64(bytes(private.public_key)), _to_base64(bytes(private))


def seal(public_key: str, address: Address) -> bytes:
    """Return the address as typed in a libsodium sealed box: only the matching private key opens it."""
    return bytes(SealedBox(PublicKey(_contact_key(public_key))).encrypt(address.reveal().encode()))


def open_box(private_key: str, box: str | bytes) -> str:
    """Return the address in a box (raw bytes, or base64 text); ContactKeyError or BoxError otherwise."""
    key = PrivateKey(_contact_key(private_key))
    raw = _from_base64(box) if isinstance(box, str) else box
    if raw is None or len(raw) > BOX_LIMIT:
        raise BoxError("This is no sealed box: give its base64 text.")
    try:
        return SealedBox(key).decrypt(raw).decode()
    except (CryptoError, ValueError):
        raise BoxError() from None


def author_key(keyring: Keyring, site: str, address: Address, version: int | None = None) -> str:
    """Return the keyed hash (64 hex digits) by which a site knows its commenter again; never published."""
    key = keyring.derive(site, AUTHOR, version)
    return hmac.digest(key, normalise(address).encode(), hashlib.sha256).hex()


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is kept of an address: a box that the site alone opens, and the author key; either may be missing."""

    box: bytes | None = field(default=None, repr=False)
    author_keys: tuple[str, ...] = field(default=(), repr=False)
    """Under every master key at hand, the current one first."""

    @property
    def author_key(self) -> str | None:
        """The author key under the current master key."""
        return self.author_keys[0] if self.author_keys else None


class Sealer:
    """Turns an address into what the site keeps of it, by its mode."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, site: str, public_key: str | None, address: Address, mode: str = "sealed") -> Sealed:
        """Return what to keep; ValueError for an unknown mode.

        "sealed" keeps box (none without a public key) and author key, "fingerprint" the latter, "none" nothing.
        """
        if mode == "none":
            return Sealed()
        if mode not in ("sealed", "fingerprint"):
            raise ValueError('address_mode: give "sealed", "fingerprint" or "none"')
        box = seal(public_key, address) if mode == "sealed" and public_key else None
        return Sealed(box, self.author_keys(site, address))

    def author_keys(self, site: str, address: Address) -> tuple[str, ...]:
        """Return the author key under every master key at hand, the current one first (for look-ups)."""
        return tuple(author_key(self._keyring, site, address, number) for number in self._keyring.versions)


def _normal_form(text: str) -> str | None:
    """Return the normal form of an address, None when it is none; linear in its length."""
    plain = unicodedata.normalize("NFKC", text.strip())
    local, at, domain = plain.partition("@")
    if not at or "@" in domain or len(plain) > ADDRESS_LIMIT or not _is_local(local):
        return None
    host = _ascii_domain(domain)
    folded = unicodedata.normalize("NFKC", local.casefold())
    return f"{folded}@{host}" if host and _is_local(folded) else None


def _is_local(local: str) -> bool:
    if len(local) >= 3 and local[0] == local[-1] == '"':
        inside = local[1:-1]
        return len(local) <= LOCAL_LIMIT and all(_is_text(c) for c in inside) and not set('"\\') & set(inside)
    plain = all(c in PLAIN_LOCAL or (c > "\x7f" and _is_text(c)) for c in local)
    return plain and len(local) <= LOCAL_LIMIT and local.strip(".") != ""


def _is_text(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] in "LMNSP"


def _ascii_domain(domain: str) -> str | None:
    name = domain.lower() if domain.isascii() else _to_a_labels(domain)
    if name is None or len(name) > 253 or not DOMAIN.fullmatch(name):
        return None
    return None if name.rpartition(".")[2].isdigit() else name


def _to_a_labels(domain: str) -> str | None:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None


def _xor(left: bytes, right: bytes) -> bytes:
    number = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return number.to_bytes(len(left), "big")


def _contact_key(text: str) -> bytes:
    raw = _from_base64(text)
    if raw is None or len(raw) != 32:
        raise ContactKeyError()
    return raw


def _to_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _from_base64(text: str) -> bytes | None:
    """Read base64 of either alphabet, padded or not, spaces around it dropped; None when it is none."""
    plain = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    if not plain or len(plain) > 2 * BOX_LIMIT:
        return None
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
