"""Standard Webhooks 1.0, pure: sign, verify, judge an attempt's outcome, and say when to try again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from service.domain.errors import ReplydeskError

PREFIX: Final = "whsec_"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
LEAST_SECRET, MOST_SECRET = 24, 64
TOLERANCE: Final = 300
SIGNATURES_LIMIT: Final = 16
HEADER_LIMIT: Final = 4096
MESSAGE_ID: Final = re.compile(
    r"[!-\-/-~]{1,256}"
)  # visible ASCII without the dot, which separates what is signed
UNIX_SECONDS: Final = re.compile(r"[0-9]{1,12}")

WAITS: Final = (5, 30, 120, 600, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds after each failed attempt: close together at first, then over some three days."""
LONGEST_WAIT: Final = 86400.0
JITTER: Final = 0.2
SLOW_DOWN: Final = frozenset((429, 502, 503, 504))

Kind = Literal["delivered", "retry", "slow_down", "gone", "refused"]


class SecretError(ReplydeskError, ValueError):
    """A webhook secret is `whsec_` and the base64 of 24 to 64 bytes."""


class SignatureError(ReplydeskError, ValueError):
    """The webhook's signature does not hold."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended. `detail` is our own short remark, never what the other side sent.

    "delivered" (2xx), "retry", "slow_down" (the endpoint is overloaded), "gone" (410: it wants no more), "refused" (we
    would not send there). `retry_after` is in seconds.
    """

    kind: Kind
    status: int | None = None
    retry_after: float | None = None
    detail: str = ""

    @classmethod
    def of_status(cls, status: int, retry_after: float | None = None) -> Outcome:
        """Judge an answer by its status; a redirect is a failure and is never followed."""
        if 200 <= status < 300:
            return cls("delivered", status)
        if status == 410:
            return cls("gone", status, None, "the endpoint wants no more callbacks")
        if status in SLOW_DOWN:
            return cls("slow_down", status, retry_after)
        redirect = "redirects are not followed" if 300 <= status < 400 else ""
        return cls("retry", status, retry_after, redirect)


def parse_secret(secret: str) -> bytes:
    """Return the key bytes of a `whsec_…` secret; SecretError, which does not show it, for anything else."""
    encoded = secret.removeprefix(PREFIX)
    if encoded == secret or len(encoded) > 2 * MOST_SECRET:
        raise SecretError()
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise SecretError() from None
    if not LEAST_SECRET <= len(key) <= MOST_SECRET or base64.b64encode(key).decode() != encoded:
        raise SecretError()
    return key


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers for one attempt: one signature for each secret, so that a rotation overlaps.

    `message_id` is the same on every retry; `timestamp` is the attempt's own, in Unix seconds.
    """
    if not MESSAGE_ID.fullmatch(message_id):
        raise ValueError("a webhook id is 1 to 256 visible ASCII characters without a dot")
    if not secrets:
        raise SecretError("A webhook is signed with at least one secret.")
    signed = _signed(message_id, str(timestamp), body)
    signatures = [_signature(parse_secret(secret), signed).decode() for secret in secrets]
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: " ".join(signatures)}


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: int, tolerance: int = TOLERANCE
) -> str:
    """Return the webhook's id when any of our secrets signed these bytes within `tolerance` seconds of `now`.

    SignatureError, whatever the headers are; SecretError when a secret of our own is malformed.
    """
    keys = [parse_secret(secret) for secret in secrets]
    message_id, timestamp, given = (_header(headers, name) for name in (ID, TIMESTAMP, SIGNATURE))
    if not MESSAGE_ID.fullmatch(message_id):
        raise SignatureError("webhook-id: give 1 to 256 visible ASCII characters without a dot")
    if not UNIX_SECONDS.fullmatch(timestamp):
        raise SignatureError("webhook-timestamp: give whole Unix seconds")
    if abs(now - int(timestamp)) > tolerance:
        raise SignatureError(f"webhook-timestamp: more than {tolerance} seconds from our clock")
    signed = _signed(message_id, timestamp, body)
    expected = [_signature(key, signed) for key in keys]
    candidates = [one.encode() for one in given.split(" ")[:SIGNATURES_LIMIT]]
    matches = [hmac.compare_digest(one, other) for one in candidates for other in expected]
    if not any(matches):
        raise SignatureError("webhook-signature: no signature matches; sign the raw body with this secret")
    return message_id


def next_attempt(outcome: Outcome, attempts: int, now: datetime, jitter: float) -> datetime | None:
    """Return when to try again after attempt number `attempts` (from 1), or None: delivered, or give up.

    `jitter` from 0 to 1 spreads retries later by up to a fifth. Never sooner than the endpoint's Retry-After, which
    counts up to 24 hours; an endpoint that says slow down waits one step longer.
    """
    if outcome.kind in ("delivered", "gone") or attempts > len(WAITS):
        return None
    step = attempts if outcome.kind == "slow_down" else attempts - 1
    asked = min(max(outcome.retry_after or 0.0, 0.0), LONGEST_WAIT)
    wait = max(WAITS[min(max(step, 0), len(WAITS) - 1)], asked)
    return now + timedelta(seconds=wait * (1 + JITTER * min(max(jitter, 0.0), 1.0)))


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header (a number or an HTTP date) asks for; None: it asks for nothing."""
    text = (value or "").strip()
    if not text.isascii() or len(text) > 64:
        return None
    if text.isdigit():
        return float(min(int(text), int(LONGEST_WAIT)))
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds.total_seconds(), 0.0), LONGEST_WAIT)


def _header(headers: Mapping[str, str], name: str) -> str:
    for given, value in headers.items():
        if given.lower() == name:
            if not value.isascii() or len(value) > HEADER_LIMIT:
                raise SignatureError(f"{name}: too long, or not ASCII")
            return value
    raise SignatureError(f"{name}: the header is missing")


def _signed(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _signature(key: bytes, signed: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
