"""Coral's bodies: which of their tags are its own markup, and which were typed by a reader and are read as text."""

from __future__ import annotations

import re
from typing import Final

MARK: Final = re.compile(r"<([^<>]*)>")
OWN: Final = re.compile(
    r"/?[a-z][a-z0-9]*"
    r'(?:\s+(?:(?:href|src|target)="[^"\s]*"|class="coral-[a-z-]*"|rel="(?:noopener|noreferrer|nofollow|ugc|\s)*"))*'
    r"\s*/?",
    re.IGNORECASE,
)
"""A tag as Coral's cleaning leaves it: attributes that hold no words. In a plain text `<i hate you>` is none."""


def typed_as_text(body: str) -> str:
    """Return the body with what only looks like a tag written so that it is read as the text that it is."""
    if "<" not in body:
        return body
    return MARK.sub(lambda mark: mark[0] if OWN.fullmatch(mark[1]) else f"&lt;{mark[1]}&gt;", body)
