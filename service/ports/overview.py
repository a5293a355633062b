"""What a transaction counts for the overview, and reads of a site's past."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from service.moderation.consequences import Past
from service.moderation.overview import Tally


class Overview(Protocol):
    """A stretch of time, counted; and the past that a change of policy is measured on."""

    def tally(self, site_id: int | None, since: datetime, until: datetime) -> Tally:
        """Count what came in and was decided in `since` up to `until`; `site_id` None means every site."""

    def scored_lately(self, site_id: int, limit: int) -> list[Past]:
        """Return the site's newest comments that have a verdict, at most 5,000, each with the judgement that stands."""
