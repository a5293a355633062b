"""What a site has chosen besides its policy: plain values with a default each, and how an operator's words are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Options:
    """A site's options. Each field holds what JSON can hold (lists as tuples), so that a new one needs no migration."""

    undo_seconds: float | None = None
    """How long a moderator's decision waits in the house, free to undo; None: as long as the installation says."""


DEFAULTS: Final = Options()


def stored(options: Options) -> str:
    """Return the options as JSON text, only what differs from its default, keys in order."""
    chosen = {
        field.name: value
        for field in fields(options)
        if (value := getattr(options, field.name)) != field.default
    }
    return json.dumps(chosen, sort_keys=True, ensure_ascii=False)


def from_stored(text: str | None) -> Options:
    """Return the options that were stored; what this version does not know is left out."""
    known = {field.name for field in fields(Options)}
    chosen = json.loads(text) if text else {}
    return Options(**{name: frozen(value) for name, value in chosen.items() if name in known})  # type: ignore[arg-type]  # as stored


def frozen(value: object) -> object:
    """Return a JSON value that cannot change: lists become tuples, all the way down."""
    if isinstance(value, list):
        return tuple(frozen(each) for each in value)
    if isinstance(value, dict):
        return {name: frozen(each) for name, each in value.items()}
    return value


def _undo_seconds(value: str) -> float | None:
    if not value:
        return None
    seconds = number(value, 0, 600)
    return float(seconds)


def number(value: str, least: float, most: float) -> float:
    """Return the number that the text names. Raises ValueError, which says the bounds."""
    try:
        read = float(value)
    except ValueError:
        read = float("nan")
    if not least <= read <= most:
        raise ValueError(f"must be a number from {least:g} to {most:g}")
    return read


READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "undo_seconds": _undo_seconds,
}
"""How `site set NAME option=VALUE` reads each option; a reader raises ValueError, which says the mend."""
