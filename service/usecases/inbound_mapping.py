"""A site's own webhook read as a submission, by the pointers that the site was given for its fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from service.domain.comment import Source
from service.domain.errors import Invalid
from service.domain.faults import Fault
from service.domain.json_pointers import FIELDS, Map, at
from service.domain.markup import plain_text
from service.usecases import foreign_fields
from service.usecases.submission import read_submission

MOMENTS: Final = frozenset({"article.published_at", "submitted_at"})
SAMPLE_LIMIT: Final = 256 * 1024
HIDDEN: Final = "***"
NO_PARENT: Final = (0, "0")
"""What many systems have in the place of a parent's number, for a comment that answers none."""
SO: Final = (True, "true", "1")
"""What says that somebody is of the staff; anything else, such as the name of a role, says nothing."""
MILLISECONDS_FROM: Final = 10**11
"""A moment that is such a number counts milliseconds; smaller ones count seconds."""


def mapped(value: object, places: Map) -> dict[str, object]:
    """Return the submission that lies in `value`; what is not there, null or empty is left out for the check to miss.

    An empty website is none; an edit would keep one that is left out.

    Numbers become texts, times become RFC 3339, and nothing else is changed: the bounds of a submission hold as ever.
    """
    made: dict[str, object] = {}
    for field, pointer in places:
        found = at(value, pointer)
        is_empty = isinstance(found, str) and not found.strip()
        if is_empty and field == "author.website":
            found = None  # it was taken away
        elif found is None or is_empty:
            continue
        if field == "parent_id" and found in NO_PARENT:
            continue
        if field == "body_html":
            made["body"] = plain_text(found) if isinstance(found, str) else found
            continue
        read = _moment(found) if field in MOMENTS else _text(found)
        if field == "author.staff":
            read = found in SO
        parent, _, name = field.rpartition(".")
        if read is not None or field not in MOMENTS:
            inner = made.setdefault(parent, {}) if parent else made
            if isinstance(inner, dict):
                inner[name] = read
    return made


def tried(sample: bytes | str, places: Map, *, email_required: bool = True) -> dict[str, object]:
    """Return what a sample of a webhook is read as, by field, its address not shown; nothing is stored.

    Raises Invalid with every fault that the webhook itself would be refused for.
    """
    if len(sample) > SAMPLE_LIMIT:
        raise Invalid([Fault("sample", "too_long.kib", count=SAMPLE_LIMIT // 1024)])
    try:
        value = json.loads(sample)
    except (ValueError, RecursionError):
        raise Invalid([Fault("sample", "malformed")]) from None
    read = mapped(value, places)
    read_submission(read, Source.INBOUND, email_required=email_required)
    shown = {field: at(read, "/" + field.replace(".", "/")) for field in FIELDS}
    if shown["author.email"] is not None:
        shown["author.email"] = HIDDEN
    return {field: text for field, text in shown.items() if text is not None}


def _text(found: object) -> object:
    """Return a number as text, for ids are numbers in many places."""
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found) if abs(found) < 10**18 else found
    return found


def _moment(found: object) -> str | None:
    """Return a time as RFC 3339: from a text, or from Unix seconds or milliseconds; None for what is none."""
    if isinstance(found, str):
        return foreign_fields.moment(found)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        seconds = found / 1000 if found >= MILLISECONDS_FROM else found
        return foreign_fields.moment(datetime.fromtimestamp(seconds, UTC).isoformat())
    except (ValueError, OverflowError, OSError):
        return None
