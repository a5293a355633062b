"""What a transaction counts for the overview, and reads of a site's past."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from service.moderation.comment import Comment, Status
from service.moderation.consequences import Past
from service.moderation.overview import Tally
from service.moderation.surge import Surge


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

    def surges(self, now: datetime) -> list[Surge]:
        """Return the articles that drew far more than usual in the last hour, the greatest first, at most 10."""

    def scored_lately(self, site_id: int, limit: int) -> list[Past]:
        """Return the site's newest comments that have a verdict, at most 5,000, each with the judgement that stands."""
