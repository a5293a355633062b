"""The moderators' alarms: one row for each site that ever had one, sent like a webhook until it arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import RowMapping, select, update

from service.domain.alarms import Alarm
from service.storage.bulk import insert_new
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of
from service.storage.schema import alarms


class AlarmRepository(Repository):
    """The state of each site's alarm."""

    def all(self) -> list[Alarm]:
        return self._all(_alarm, select(alarms).order_by(alarms.c.site_id))

    def save(self, alarm: Alarm) -> bool:
        """Store a change, due at its `next_attempt_at`; False unless its serial follows the one that is stored."""
        if alarm.serial == 1:  # another worker's maintenance may have been first
            new = insert_new(alarms, ("site_id",)).returning(alarms.c.site_id)
            return self._write(new, **values_of(alarm)).first() is not None
        before = alarms.c.site_id == alarm.site_id, alarms.c.serial == alarm.serial - 1
        changed = values_of(alarm, "attempts") | {"attempts": 0}
        return self._write(update(alarms).where(*before).values(changed)).rowcount == 1

    def lease(self, now: datetime, until: datetime, limit: int) -> list[Alarm]:
        """Lease alarms that are due, so many at most; their attempts rise by one."""
        due = (
            select(alarms.c.site_id)
            .where(alarms.c.next_attempt_at <= now)
            .order_by(alarms.c.next_attempt_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        lease = update(alarms).where(alarms.c.site_id.in_(due))
        leased = lease.values(attempts=alarms.c.attempts + 1, next_attempt_at=until).returning(alarms)
        return [_alarm(row) for row in self._write(leased).mappings()]

    def finish(self, alarm: Alarm, again: datetime | None) -> bool:
        """Record when a leased alarm is sent again, None for never; False when it changed or was leased since."""
        finished = (
            update(alarms)
            .where(
                alarms.c.site_id == alarm.site_id,
                alarms.c.serial == alarm.serial,
                alarms.c.attempts == alarm.attempts,
            )
            .values(next_attempt_at=again)
        )
        return self._write(finished).rowcount == 1


def _alarm(row: RowMapping) -> Alarm:
    return record_of(Alarm, row)
