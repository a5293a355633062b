"""How values lie in the tables: instants as whole microseconds, structures as JSON text, states as words."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator

Pk = BigInteger().with_variant(Integer(), "sqlite")
"""The service's own numbers: BIGINT, and on SQLite INTEGER, since only that name makes the key the rowid."""

Word = String(32)
"""A kind or a code."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """Return an aware moment as whole microseconds since 1970 in UTC. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be stored")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """Return the aware UTC moment that many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=number)


class Instant(TypeDecorator[datetime]):
    """An aware moment, stored as BIGINT microseconds in UTC: it sorts, compares and travels alike on both stores."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class Json(TypeDecorator[Any]):
    """A plain structure as compact JSON text; an empty one is stored as NULL and read as None."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, _dialect: Dialect) -> str | None:
        return to_json(value) if value else None

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> Any | None:
        return None if value is None else json.loads(value)


class Secrets(TypeDecorator[tuple[bytes, ...]]):
    """A few ciphertexts, stored as a JSON list of base64."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[bytes, ...] | None, _dialect: Dialect) -> str:
        return to_json([base64.b64encode(secret).decode() for secret in value or ()])

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> tuple[bytes, ...]:
        return tuple(base64.b64decode(secret) for secret in json.loads(value or "[]"))


class Choice(TypeDecorator[Any]):
    """One of an enumeration's words."""

    impl = Word
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


def to_json(value: object) -> str:
    """Return compact JSON; NaN and infinities are refused, since PostgreSQL and browsers refuse them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
