"""Counts of what the compatibility APIs were asked, by site and month."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from service.storage.bulk import POSTGRESQL
from service.storage.part import Part
from service.storage.schema import compat_usage

_OF_SITE = select(compat_usage.c.month, compat_usage.c.what, compat_usage.c.count.label("counted")).where(
    compat_usage.c.site_id == bindparam("of_site"), compat_usage.c.month >= bindparam("since")
)


class UsagePart(Part):
    """The verbs about counts."""

    def add_usage(self, counted: Mapping[tuple[int, str, str], int]) -> None:
        """Add counts by site id, month (`2026-11`) and kind to those that are there."""
        # in one order, so that two processes never wait for each other in a circle
        rows = [
            {"site_id": site_id, "month": month, "what": what, "count": count}
            for (site_id, month, what), count in sorted(counted.items())
        ]
        insert = (postgresql if self._dialect == POSTGRESQL else sqlite).insert(compat_usage)
        self._write_each(
            insert.on_conflict_do_update(
                index_elements=["site_id", "month", "what"],
                set_={"count": compat_usage.c.count + insert.excluded.count},
            ),
            rows,
        )

    def usage(self, site_id: int, since: str = "") -> dict[tuple[str, str], int]:
        """Return the site's counts by month and kind, of the month `since` and later ones."""
        rows = self._read(_OF_SITE, of_site=site_id, since=since)
        return {(row.month, row.what): row.counted for row in rows}
