"""What the compatibility APIs count for their callers: calls by site and month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Usage(Protocol):
    """How often a site's clients asked, and what they were told."""

    def add_usage(self, counted: Mapping[tuple[int, str, str], int]) -> None:
        """Add counts by site id, month (`2026-11`) and kind to those that are there."""

    def usage(self, site_id: int, since: str = "") -> dict[tuple[str, str], int]:
        """Return the site's counts by month and kind, of the month `since` and later ones."""
