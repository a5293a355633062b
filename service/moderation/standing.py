"""Where an author stands with a site: trusted, looked at first, or banned, with a reason and perhaps an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Standing(StrEnum):
    """What a moderator decided about everything that an author will write. Words, never integers."""

    TRUSTED = "trusted"
    """What would only be held for doubt is approved; grave scores, word lists and refusals still count."""
    WATCHED = "watched"
    """Everything waits for a person."""
    BANNED = "banned"
    """Everything is refused."""


@dataclass(frozen=True, slots=True)
class AuthorStanding:
    """One author's standing on one site; over at `until`, where that is given, or when it is ended."""

    site_id: int
    author_key: str
    standing: Standing
    who: str
    created_at: datetime
    reason: str | None = None
    until: datetime | None = None
    id: int = 0

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
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
