"""What the service signs: statements such as the receipt of an erasure, receipt tokens, and the audit log."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from service.domain.errors import ReplydeskError
from service.privacy.keys import Keyring

STATEMENT: Final = "receipt signature"
RECEIPT: Final = "receipt"
AUDIT_LOG: Final = "audit chain"
ALGORITHM: Final = "Ed25519"
KEYS_LIMIT: Final = 256


class StatementError(ReplydeskError, ValueError):
    """This is no statement that one of these keys signed."""


def canonical(content: object) -> bytes:
    """Return the bytes that are signed: JSON in the form of RFC 8785, for text, whole numbers, lists and objects."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def attest(keyring: Keyring, content: Mapping[str, object]) -> dict[str, object]:
    """Return `content` as `receipt`, with a signature under the present version of the service's key."""
    key = keyring.signing_key("", STATEMENT)
    return {
        "receipt": dict(content),
        "signature": {
            "algorithm": ALGORITHM,
            "key": _key_id(key.verify_key),
            "value": _to_url_base64(key.sign(canonical(content)).signature),
        },
    }


def public_keys(keyring: Keyring) -> list[dict[str, str]]:
    """Return the keys that check signatures, the present one first, each as a JSON Web Key (RFC 8037)."""
    found = []
    for version in keyring.versions:
        key = keyring.signing_key("", STATEMENT, version).verify_key
        public = _to_url_base64(bytes(key))
        found.append({"kty": "OKP", "crv": ALGORITHM, "use": "sig", "kid": _key_id(key), "x": public})
    return found


def check(statement: object, keys: Sequence[Mapping[str, object]]) -> dict[str, Any]:
    """Return the content of a statement that one of `keys` signed. Raises StatementError, whatever it is given."""
    try:
        content, signature = statement["receipt"], statement["signature"]  # type: ignore[index]
        named, value = signature["key"], _from_url_base64(signature["value"])
        (public,) = {str(one["x"]) for one in keys[:KEYS_LIMIT] if one.get("kid") == named}
        VerifyKey(_from_url_base64(public)).verify(canonical(content), value)
        if not isinstance(content, dict):
            raise StatementError()
    except (
        AttributeError,
        BadSignatureError,
        KeyError,
        RecursionError,
        TypeError,
        ValueError,
    ):
        raise StatementError() from None
    return content


def _key_id(key: VerifyKey) -> str:
    return hashlib.sha256(bytes(key)).hexdigest()[:16]


def _to_url_base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_url_base64(text: str) -> bytes:
    if len(text) > 1024:
        raise StatementError()
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise StatementError() from None


class KeyedSigner:
    """Implements `service.domain.audit_log.ChainSigner`: HMAC-SHA-256 under the master key's versions at hand."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @property
    def version(self) -> int:
        """The key version that vouches now."""
        return self._keyring.version

    def tag(self, message: str, version: int) -> str | None:
        """Return the tag under that version of the key, None when it is not at hand."""
        if version not in self._keyring.versions:
            return None
        return self._keyring.sign(AUDIT_LOG, message.encode(), version=version).hex()


def receipt_token(keyring: Keyring, site: str, comment_id: str) -> str:
    """Return the capability to see the receipt of one comment of the site with that name."""
    return keyring.token("", RECEIPT, json.dumps([site, comment_id]))


def read_receipt(keyring: Keyring, token: str) -> tuple[str, str] | None:
    """Return the site's name and the comment's id that a token stands for; None when it was not made here."""
    payload = keyring.read_token("", RECEIPT, token)
    if payload is None:
        return None
    site, comment_id = json.loads(payload)
    return site, comment_id
