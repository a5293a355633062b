"""Where the fields of a submission lie in a site's own webhook: a JSON Pointer (RFC 6901) for each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from service.domain.faults import InvalidValue

FIELDS: Final = (
    "id",
    "article.url",
    "article.title",
    "article.published_at",
    "parent_id",
    "author.name",
    "author.email",
    "author.website",
    "author.staff",
    "body",
    "body_html",
    "submitted_at",
    "client.ip",
    "client.user_agent",
    "client.referrer",
)
"""What a pointer can be given for; `body_html` is read as the text that readers see."""
POINTER_LIMIT: Final = 500
STEPS_LIMIT: Final = 20
ODD: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
LOOSE_TILDE: Final = re.compile(r"~(?![01])")
Map = tuple[tuple[str, str], ...]


def read_map(text: str) -> Map:
    """Read a map from its JSON, `{"body": "/comment/text", …}`; none for an empty text.

    Raises InvalidValue, which names the field and the fix.
    """
    if not text.strip():
        return ()
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidValue("map") from None
    if not isinstance(given, dict):
        raise InvalidValue("map")
    for field, pointer in given.items():
        if field not in FIELDS:
            raise InvalidValue("map.field", names=", ".join(FIELDS))
        _judge(field, pointer)
    if not ({"body", "body_html"} & set(given)) or "article.url" not in given or "author.name" not in given:
        raise InvalidValue("map.required")
    return tuple(sorted(given.items()))


def _judge(field: str, pointer: object) -> None:
    """Raise InvalidValue, which names the field and the fix, for what is no JSON Pointer within the bounds."""
    if not isinstance(pointer, str) or not pointer.startswith("/") or len(pointer) > POINTER_LIMIT:
        raise InvalidValue("pointer", name=field, count=POINTER_LIMIT)
    if ODD.search(pointer):
        raise InvalidValue("pointer.character", name=field)
    if LOOSE_TILDE.search(pointer):
        raise InvalidValue("pointer.tilde", name=field)
    if pointer.count("/") > STEPS_LIMIT:
        raise InvalidValue("pointer.steps", name=field, count=STEPS_LIMIT)


def at(value: object, pointer: str) -> object:
    """Return what lies at the pointer, None where there is nothing."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            is_place = name.isascii() and name.isdigit() and len(name) < 7 and str(int(name)) == name
            value = value[int(name)] if is_place and int(name) < len(value) else None
        else:
            return None
    return value
