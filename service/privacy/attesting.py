"""Signed statements of the service, such as the receipt of an erasure: anyone with the published key can check one."""

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

PURPOSE: Final = "receipt signature"
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
    key = keyring.signing_key("", PURPOSE)
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
        key = keyring.signing_key("", PURPOSE, version).verify_key
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
