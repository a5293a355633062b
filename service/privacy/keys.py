"""Every secret of the service: from one master key, a key of its own for each site, purpose and version."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import string
from collections.abc import Mapping
from typing import Final, NoReturn

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.signing import SigningKey

from service.domain.errors import ReplydeskError
from service.privacy.master_key import MOST_VERSION, MasterKeyError

SALT: Final = b"replydesk"
LEAST_MASTER: Final = 32
DERIVED_BOUND: Final = 4096
TAG_BYTES: Final = 16
PAYLOAD_LIMIT: Final = 1024
TOKEN_LIMIT: Final = 1400
AKISMET_ALPHABET: Final = string.ascii_lowercase + string.digits


class CiphertextError(ReplydeskError, ValueError):
    """The ciphertext was not made by this installation for this site and purpose, or its key version is gone."""


class Keyring:
    """Derives every key from the master keys by HKDF-SHA-256 (RFC 5869).

    New things use the key `version`, the first of `versions`; what older versions made still opens. Derived keys are
    remembered, up to a bound: each comment needs three.
    """

    __slots__ = ("_derived", "_extracted", "version", "versions")

    def __init__(self, master: bytes, *, version: int = 1, older: Mapping[int, bytes] | None = None) -> None:
        masters = {**(older or {}), version: master}
        for number, key in masters.items():
            if not 1 <= number <= MOST_VERSION:
                raise MasterKeyError(f"key versions go from 1 to {MOST_VERSION}, not {number}")
            if len(key) < LEAST_MASTER:
                raise MasterKeyError(f"master key version {number} must have at least {LEAST_MASTER} bytes")
        self.version: Final = version
        self.versions: Final = (version, *sorted(masters.keys() - {version}, reverse=True))
        self._extracted = {number: hkdf_extract(SALT, key) for number, key in masters.items()}
        self._derived: dict[tuple[bytes, str, str, int], bytes] = {}

    @classmethod
    def of(cls, masters: Mapping[int, bytes]) -> Keyring:
        """Return the keyring of several masters by version, the current one first, as `load_masters` gives them."""
        (version, master), *older = masters.items()
        return cls(master, version=version, older=dict(older))

    def __repr__(self) -> str:
        return "<Keyring ***>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            "a Keyring is not copied or pickled: pass it on, or build it again from the master key"
        )

    @property
    def oldest(self) -> int:
        """The oldest version at hand: what is compared with what was stored long ago goes on using it."""
        return min(self.versions)

    def derive(self, site: str, purpose: str, version: int | None = None) -> bytes:
        """Return the 32-byte key of that site and purpose; KeyError for a version that is not at hand."""
        return self._derive(b"key", site, purpose, version)

    def encrypt(self, site: str, purpose: str, plaintext: bytes) -> bytes:
        """Return `plaintext` encrypted and authenticated: one byte of key version, then a SecretBox."""
        key = self._derive(b"box", site, purpose, None)
        return bytes([self.version]) + bytes(SecretBox(key).encrypt(plaintext))

    def decrypt(self, site: str, purpose: str, ciphertext: bytes) -> bytes:
        """Return what `encrypt` was given for the same site and purpose, or raise CiphertextError."""
        if not ciphertext or ciphertext[0] not in self._extracted:
            raise CiphertextError()
        key = self._derive(b"box", site, purpose, ciphertext[0])
        try:
            return SecretBox(key).decrypt(ciphertext[1:])
        except (CryptoError, ValueError):
            raise CiphertextError() from None

    def signing_key(self, site: str, purpose: str, version: int | None = None) -> SigningKey:
        """Return the Ed25519 key of that site and purpose; its `verify_key` may be published."""
        return SigningKey(self._derive(b"ed25519", site, purpose, version))

    def sign(self, purpose: str, data: bytes, *, site: str = "", version: int | None = None) -> bytes:
        """Return the 32-byte HMAC-SHA-256 tag of `data` under a key that serves this purpose alone."""
        return hmac.digest(self._derive(b"tag", site, purpose, version), data, hashlib.sha256)

    def token(self, site: str, purpose: str, payload: str) -> str:
        """Return a URL-safe token: `payload` (readable by anyone, at most 1,024 bytes) and its tag."""
        data = payload.encode()
        if len(data) > PAYLOAD_LIMIT:
            raise ValueError(f"a token carries at most {PAYLOAD_LIMIT} bytes")
        tag = self.sign(purpose, data, site=site)[:TAG_BYTES]
        return _to_url_base64(bytes([self.version]) + tag + data)

    def read_token(self, site: str, purpose: str, token: str) -> str | None:
        """Return the payload of a token made for the same site and purpose, None for anything else."""
        raw = _from_url_base64(token)
        if raw is None or len(raw) <= TAG_BYTES or raw[0] not in self._extracted:
            return None
        tag, data = raw[1 : 1 + TAG_BYTES], raw[1 + TAG_BYTES :]
        expected = self.sign(purpose, data, site=site, version=raw[0])[:TAG_BYTES]
        return data.decode() if hmac.compare_digest(tag, expected) else None

    def _derive(self, use: bytes, site: str, purpose: str, version: int | None) -> bytes:
        number = self.version if version is None else version
        known = self._derived.get((use, site, purpose, number))
        if known is not None:
            return known
        info = _info(use, site.encode(), purpose.encode(), bytes([number]))
        made = hkdf_expand(self._extracted[number], info, 32)
        if len(self._derived) >= DERIVED_BOUND:
            self._derived.clear()
        self._derived[use, site, purpose, number] = made
        return made


def new_api_key() -> str:
    """Return a fresh API key: `rk_` and 43 URL-safe characters (256 bits)."""
    return "rk_" + secrets.token_urlsafe(32)


def new_akismet_key() -> str:
    """Return a fresh key in Akismet's form: 12 of `[a-z0-9]` (62 bits)."""
    return "".join(secrets.choice(AKISMET_ALPHABET) for _ in range(12))


def new_webhook_secret() -> str:
    """Return a fresh Standard Webhooks secret: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def fingerprint(keyring: Keyring, key: str, version: int | None = None) -> str:
    """Return the keyed hash (64 hex digits) under which an API key is stored and looked up."""
    return keyring.sign("api key", key.encode("utf-8", "surrogatepass"), version=version).hex()


CORAL: Final = "coral"
"""The purpose under which what a site shares with its Coral is encrypted."""


def seal_option(keyring: Keyring, site: str, purpose: str, secret: str) -> str:
    """Return a secret as a site's options hold it: encrypted, in base64."""
    return base64.b64encode(keyring.encrypt(site, purpose, secret.encode())).decode()


def open_option(keyring: Keyring, site: str, purpose: str, stored: str) -> str:
    """Return what `seal_option` was given. Raises CiphertextError."""
    return keyring.decrypt(site, purpose, base64.b64decode(stored)).decode()


def hkdf_extract(salt: bytes, material: bytes) -> bytes:
    """Return the pseudorandom key of RFC 5869, section 2.2, with SHA-256."""
    return hmac.digest(salt, material, hashlib.sha256)


def hkdf_expand(extracted: bytes, info: bytes, length: int) -> bytes:
    """Return `length` bytes (at most 8,160) of key for `info`: RFC 5869, section 2.3, with SHA-256."""
    block, output = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(extracted, block + info + bytes([counter]), hashlib.sha256)
        output += block
    return output[:length]


def _info(*parts: bytes) -> bytes:
    """Encode the parts so that no two lists of parts look alike: a count, then each with its length."""
    return bytes([len(parts)]) + b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _to_url_base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_url_base64(text: str) -> bytes | None:
    """Decode strictly: a text that `_to_url_base64` would not have written is None."""
    if not text.isascii() or len(text) > TOKEN_LIMIT:
        return None
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return raw if _to_url_base64(raw) == text else None
