"""The moderators' alarms: one row for each site that ever had one, told like a callback until it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from service.domain.alarms import Alarm
from service.storage.columns import Instant
from service.storage.people_tables import alarms
from service.storage.repository import Repository

_ALL = select(alarms).order_by(alarms.c.site_id)
_TURN = (
    update(alarms)
    .where(alarms.c.site_id == bindparam("of_site"), alarms.c.serial == bindparam("seen"))
    .values(
        raised=bindparam("is_raised"),
        serial=bindparam("number"),
        changed_at=bindparam("changed", type_=Instant),
        payload=bindparam("sent"),
        attempts=0,
        next_attempt_at=bindparam("due", type_=Instant),
    )
)
_LEASE = (
    update(alarms)
    .where(
        alarms.c.site_id.in_(
            select(alarms.c.site_id)
            .where(alarms.c.next_attempt_at <= bindparam("now", type_=Instant))
            .order_by(alarms.c.next_attempt_at)
            .limit(bindparam("limit"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(attempts=alarms.c.attempts + 1, next_attempt_at=bindparam("until", type_=Instant))
    .returning(alarms)
)
_FINISH = (
    update(alarms)
    .where(
        alarms.c.site_id == bindparam("of_site"),
        alarms.c.serial == bindparam("number"),
        alarms.c.attempts == bindparam("tried"),
    )
    .values(next_attempt_at=bindparam("again", type_=Instant))
)


class AlarmRepository(Repository):
    """The verbs of the alarms."""

    def all(self) -> list[Alarm]:
        return [Alarm(**row) for row in self._read(_ALL).mappings()]

    def save(self, alarm: Alarm) -> bool:
        """Store a change, due at its `next_attempt_at`; False unless its serial follows the one that is stored."""
        if alarm.serial == 1:
            return self._begin(alarm)
        turned = self._write(
            _TURN,
            of_site=alarm.site_id,
            seen=alarm.serial - 1,
            is_raised=alarm.raised,
            number=alarm.serial,
            changed=alarm.changed_at,
            sent=alarm.payload,
            due=alarm.next_attempt_at,
        )
        return turned.rowcount == 1

    def _begin(self, alarm: Alarm) -> bool:
        self._must_write()
        try:
            with self._connection.begin_nested():
                self._connection.execute(
                    insert(alarms),
                    {
                        "site_id": alarm.site_id,
                        "raised": alarm.raised,
                        "serial": alarm.serial,
                        "changed_at": alarm.changed_at,
                        "payload": alarm.payload,
                        "attempts": alarm.attempts,
                        "next_attempt_at": alarm.next_attempt_at,
                    },
                )
        except IntegrityError:  # another worker's sweep was first
            return False
        return True

    def lease(self, now: datetime, until: datetime, limit: int) -> Sequence[Alarm]:
        """Take alarms that are due to be told until that moment, so many at most; their attempts rise by one."""
        return [Alarm(**row) for row in self._write(_LEASE, now=now, until=until, limit=limit).mappings()]

    def finish(self, alarm: Alarm, again: datetime | None) -> bool:
        """Record when a leased alarm is told again, None for never; False when it changed or was leased since."""
        finished = self._write(
            _FINISH, of_site=alarm.site_id, number=alarm.serial, tried=alarm.attempts, again=again
        )
        return finished.rowcount == 1
