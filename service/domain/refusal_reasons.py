"""A site's reasons for refusing a comment: a code, a title for moderators, and what the commenter is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from service.domain.faults import InvalidValue

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

    Raises InvalidValue.
    """
    if not value:
        return SHIPPED
    try:
        given = json.loads(value)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, list) or not given or len(given) > REASONS_LIMIT:
        raise InvalidValue("reasons", count=REASONS_LIMIT)
    return checked(given)


def checked(given: Iterable[object]) -> Stored:
    """Return the reasons once each is in its bounds and no code comes twice. Raises InvalidValue."""
    found: list[tuple[str, str, str]] = []
    for one in given:
        match one:
            case [str(code), str(title), str(text)]:
                found.append((code.strip(), title.strip(), text.strip()))
            case _:
                raise InvalidValue("reasons.shape")
    for code, title, text in found:
        plain = code.isascii() and code.replace("_", "").isalnum() and code == code.lower()
        if not plain or len(code) > CODE_LIMIT:
            raise InvalidValue("reasons.code", count=CODE_LIMIT)
        if not title or len(title) > TITLE_LIMIT or not title.isprintable():
            raise InvalidValue("reasons.title", count=TITLE_LIMIT)
        if not text or len(text) > TEXT_LIMIT or not text.isprintable():
            raise InvalidValue("reasons.text", count=TEXT_LIMIT)
    if len({code for code, _, _ in found}) < len(found):
        raise InvalidValue("reasons.repeated")
    return tuple(found)
