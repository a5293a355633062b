"""What a transaction does for ranges: how a queue spreads over a score, and the comments within a stretch of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.domain.comment import Comment
from service.domain.desk import Wanted


@dataclass(frozen=True, slots=True)
class Stretch:
    """Held comments whose score lies from `low` up to `high`, both included, up to the number `until_pk`.

    `by` names the label whose score is meant; None means the score that leads each verdict. Of `wanted` the filters
    count, the order and the cursor do not. What arrives after the look is not in it, so that what is decided is what
    was looked at.
    """

    low: float
    high: float
    by: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    until_pk: int | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """How a queue spreads over a score: how many comments lie in each step of it, and how many in the stretch."""

    counts: tuple[int, ...]
    inside: int


class Ranging(Protocol):
    """Ranges of a queue. Comments set aside are left out, as the queue leaves them out.

    So are those whose writers may be at risk, who are looked at one by one, unless `self_harm` is asked for.
    """

    def spread(self, stretch: Stretch, bins: int) -> Spread:
        """Count the queue in so many equal steps of the score from 0 to 1, and what of it lies in the stretch."""

    def last_held(self) -> int:
        """Return the highest number of a held comment, 0 when none is held."""

    def sample_stretch(self, stretch: Stretch, limit: int) -> list[Comment]:
        """Return comments of the stretch drawn at random, other ones each time."""

    def page_stretch(
        self, stretch: Stretch, after: int, limit: int, moderator_id: int, now: datetime
    ) -> list[Comment]:
        """Return the stretch's comments above `after`, by number, without those assigned to another moderator."""
