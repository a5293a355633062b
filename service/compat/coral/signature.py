"""Coral's signatures: `sha256=` and the hex HMAC-SHA-256 of the raw body, several while a secret is being rolled."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

HEADER: Final = "X-Coral-Signature"
SIGNATURES_BOUND: Final = 8
HEADER_BOUND: Final = 2_000


def is_signed(secrets: Sequence[str], header: str, body: bytes) -> bool:
    """Whether one of the signatures in the header is that of these very bytes under one of the secrets.

    No secret signs nothing. Every secret is tried on every signature, so that time tells nothing of either.
    """
    if len(header) > HEADER_BOUND:
        return False
    given = [one.strip().partition("=") for one in header.split(",")[:SIGNATURES_BOUND]]
    hexes = [value.strip().lower().encode("utf-8", "replace") for kind, _, value in given if kind == "sha256"]
    expected = [sign(secret, body).encode() for secret in secrets]
    matches = [hmac.compare_digest(one, other) for one in hexes for other in expected]
    return any(matches)


def sign(secret: str, body: bytes) -> str:
    """Return the hex signature of the body."""
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()
