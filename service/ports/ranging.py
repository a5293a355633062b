"""What a transaction does for ranges: how held comments spread over their leading score, and those within a stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.moderation.comment import Comment


@dataclass(frozen=True, slots=True)
class Stretch:
    """Held comments whose leading score lies from `low` up to `high`, both included, up to the number `until_pk`.

    `label` and `site_id` None mean every one. What arrives after the look is not in it, so that what is decided is
    what was looked at.
    """

    low: float
    high: float
    label: str | None = None
    site_id: int | None = None
    until_pk: int | None = None


class Ranging(Protocol):
    """Ranges of a lane. Comments set aside are left out, as the lane leaves them out."""

    def spread(self, label: str | None, site_id: int | None, bins: int) -> Sequence[int]:
        """Count held comments by leading score, in so many equal steps from 0 to 1."""

    def last_held(self) -> int:
        """Return the highest number of a held comment, 0 when none is held."""

    def count_stretch(self, stretch: Stretch) -> int: ...
    def sample_stretch(self, stretch: Stretch, limit: int) -> list[Comment]:
        """Return comments of the stretch drawn at random, other ones each time."""

    def page_stretch(
        self, stretch: Stretch, after: int, limit: int, moderator_id: int, now: datetime
    ) -> list[Comment]:
        """Return the stretch's comments above `after`, by number, without those in another moderator's hands."""
