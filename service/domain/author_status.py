"""Author status: trusted, always reviewed or banned on one site, with a reason and an optional end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class AuthorStatus(StrEnum):
    """How an author's later comments are treated. Words, never integers."""

    TRUSTED = "trusted"
    """Uncertain holds are skipped; severe scores, word lists and rejections still count."""
    WATCHED = "watched"
    """Every comment is held for review."""
    BANNED = "banned"
    """Every comment is rejected."""


@dataclass(frozen=True, slots=True)
class AuthorStatusEntry:
    """One author's status on one site, in force until `until` or until it is ended."""

    site_id: int
    author_key: str
    status: AuthorStatus
    who: str
    created_at: datetime
    reason: str | None = None
    until: datetime | None = None
    id: int = 0

    def holds(self, now: datetime) -> bool:
        """Tell whether it is still in force."""
        return self.until is None or now < self.until


LIFTED: Final = frozenset(
    {"score", "doubtful", "first_time", "links", "language", "few_known_features", "doubt"}
)
"""Grounds that trust lifts where they would only hold."""
GRAVE: Final = frozenset(
    {"severe_toxicity", "threat", "identity_attack", "self_harm", "sexual", "personal_info"}
)
"""Labels that trust does not lift."""


def lifts(code: str, label: str | None) -> bool:
    """Whether trust in the author outweighs this ground for holding."""
    return code in LIFTED and label not in GRAVE
