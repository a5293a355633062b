"""Readers of settings: each takes a text, or a JSON value, and returns what it means. All raise InvalidValue."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import TypeVar

from service.domain.faults import InvalidValue

T = TypeVar("T")
Reader = Callable[[object], T]


def flag(value: object) -> bool:
    """Return what a word for yes or no says."""
    word = str(value).lower()
    if word not in ("true", "false", "yes", "no", "on", "off", "1", "0"):
        raise InvalidValue("flag")
    return word in ("true", "yes", "on", "1")


def choice(*words: str) -> Reader[str]:
    """Return a reader that takes one of a few words."""

    def read(value: object) -> str:
        if value not in words:
            raise InvalidValue("choice", words=", ".join(words))
        return str(value)

    return read


def number(low: float, high: float, fault: str = "number") -> Reader[float]:
    """Return a reader of numbers within bounds."""

    def read(value: object) -> float:
        try:
            found = float(str(value))
        except ValueError:
            found = math.nan
        if not low <= found <= high:
            raise InvalidValue(fault, low=f"{low:g}", high=f"{high:g}")
        return found

    return read


def whole(low: int, high: int, fault: str = "whole.range") -> Reader[int]:
    """Return a reader of whole numbers within bounds."""

    def read(value: object) -> int:
        try:
            found = number(low, high)(value)
        except InvalidValue:
            found = math.nan
        if not found.is_integer():
            raise InvalidValue(fault, low=low, high=high)
        return int(found)

    return read


def optional(read: Callable[[object], T], empty: Collection[str] = ("",)) -> Reader[T | None]:
    """Return a reader that takes None and the `empty` words for None."""
    return lambda value: None if value is None or value in empty else read(value)
