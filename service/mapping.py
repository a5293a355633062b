"""A site's own webhook read as a submission, by the pointers that the site was given for its fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from service import salvage
from service.markup import plain_text
from service.moderation.pointers import Map, at

MOMENTS: Final = frozenset({"article.published_at", "submitted_at"})
MILLISECONDS_FROM: Final = 10**11
"""A moment that is such a number counts milliseconds; smaller ones count seconds."""


def mapped(value: object, places: Map) -> dict[str, object]:
    """Return the submission that lies in `value`; what is not there, or null, is left out for the check to miss.

    Numbers become texts, times become RFC 3339, and nothing else is changed: the bounds of a submission hold as ever.
    """
    made: dict[str, object] = {}
    for field, pointer in places:
        found = at(value, pointer)
        if found is None:
            continue
        if field == "body_html":
            made["body"] = plain_text(found) if isinstance(found, str) else found
            continue
        read = _moment(found) if field in MOMENTS else _text(found)
        room, _, name = field.rpartition(".")
        if read is not None or field not in MOMENTS:
            inner = made.setdefault(room, {}) if room else made
            if isinstance(inner, dict):
                inner[name] = read
    return made


def _text(found: object) -> object:
    """Return a number as text, for ids are numbers in many places."""
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found) if abs(found) < 10**18 else found
    return found


def _moment(found: object) -> str | None:
    """Return a time as RFC 3339: from a text, or from Unix seconds or milliseconds; None for what is none."""
    if isinstance(found, str):
        return salvage.moment(found)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    seconds = found / 1000 if found >= MILLISECONDS_FROM else found
    try:
        return salvage.moment(datetime.fromtimestamp(seconds, UTC).isoformat())
    except (ValueError, OverflowError, OSError):
        return None
