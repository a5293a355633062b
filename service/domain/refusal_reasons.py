"""A site's reasons for refusing a comment: a code, a title for moderators, and what the commenter is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

REASONS_LIMIT: Final = 9
"""One digit key each."""
CODE_LIMIT, TITLE_LIMIT, TEXT_LIMIT = 32, 60, 300

Stored = tuple[tuple[str, str, str], ...]
SHIPPED: Final[Stored] = (
    ("off_topic", "Off topic", "it is not about the article"),
    ("insult", "Insults somebody", "it insults somebody instead of answering them"),
    ("hate", "Attacks people for who they are", "it attacks people for who they are"),
    (
        "unproven",
        "Claims without a source",
        "it states something about people without saying where it is known from",
    ),
    ("private", "Names a private person", "it tells something about a private person"),
    ("advert", "Advertising", "it is advertising"),
)


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """One reason; `text` ends a sentence that begins "It was not published because"."""

    code: str
    title: str
    text: str


def reasons(stored: Stored) -> tuple[RefusalReason, ...]:
    """Return the reasons of a site's options."""
    return tuple(RefusalReason(*one) for one in stored)


def reason_named(stored: Stored, code: str | None) -> RefusalReason | None:
    """Return the reason of that code, None for what is none of the site's."""
    return next((one for one in reasons(stored) if one.code == code), None)


def read_reasons(value: str) -> Stored:
    """Read reasons as `site set NAME reasons=…` takes them: a JSON list of [code, title, text]; empty: those shipped.

    Raises ValueError, which says how to fix it.
    """
    if not value:
        return SHIPPED
    try:
        given = json.loads(value)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, list) or not given or len(given) > REASONS_LIMIT:
        raise ValueError(f"must be a JSON list of 1 to {REASONS_LIMIT} reasons, each [code, title, text]")
    return checked(given)


def checked(given: Iterable[object]) -> Stored:
    """Return the reasons once each is in its bounds and no code comes twice. Raises ValueError."""
    found: list[tuple[str, str, str]] = []
    for one in given:
        match one:
            case [str(code), str(title), str(text)]:
                found.append((code.strip(), title.strip(), text.strip()))
            case _:
                raise ValueError("each reason must be a list of three texts: code, title, text")
    for code, title, text in found:
        plain = code.isascii() and code.replace("_", "").isalnum() and code == code.lower()
        if not plain or len(code) > CODE_LIMIT:
            raise ValueError(f"a reason's code must be of a-z, 0-9 and _, at most {CODE_LIMIT} characters")
        if not title or len(title) > TITLE_LIMIT or not title.isprintable():
            raise ValueError(f"a reason's title must be 1 to {TITLE_LIMIT} printable characters")
        if not text or len(text) > TEXT_LIMIT or not text.isprintable():
            raise ValueError(f"a reason's text must be 1 to {TEXT_LIMIT} printable characters")
    if len({code for code, _, _ in found}) < len(found):
        raise ValueError("each reason must have a code of its own")
    return tuple(found)
