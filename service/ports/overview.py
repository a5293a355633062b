"""What a transaction counts for the overview, and reads of a site's past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.comment import Comment
from service.domain.consequences import Past
from service.domain.overview import Tally
from service.domain.status import Status
from service.domain.surge import Surge
from service.domain.verdict import Action, Who


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose decisions are asked for, and which; None means any."""

    who_kind: Who | None = None
    who: str | None = None
    action: Action | None = None


class Overview(Protocol):
    """A stretch of time, counted; and the past that a change of policy is measured on."""

    def tally(self, site_id: int | None, since: datetime, until: datetime) -> Tally:
        """Count what came in and was decided in `since` up to `until`; `site_id` None means every site."""

    def arrivals(
        self,
        site_id: int | None,
        since: datetime,
        until: datetime,
        status: Status | None,
        article_url: str | None,
        before: int | None,
        limit: int,
    ) -> list[Comment]:
        """Return what came in in `since` up to `until`, newest first, with a number below `before`."""

    def decided_in(
        self,
        site_id: int | None,
        since: datetime,
        until: datetime,
        hand: Hand,
        before: int | None,
        limit: int,
    ) -> list[tuple[int, Comment]]:
        """Return what was decided in `since` up to `until` and not undone, newest first.

        Each is the decision's number, which is below `before`, with its comment as it is now. What took another
        decision back comes only where that action is asked for.
        """

    def surges(self, site_id: int | None, now: datetime) -> list[Surge]:
        """Return the articles that drew far more than usual in the last hour, the greatest first, at most 10.

        `site_id` None means every site.
        """

    def scored_lately(self, site_id: int, limit: int) -> list[Past]:
        """Return the site's newest comments that have a verdict, at most 5,000, each with the judgement that stands."""
