"""The double's alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.alarms import Alarm
from service.storage.memory.state import Part


class AlarmsPart(Part):
    """The verbs of the alarms."""

    def alarms(self) -> list[Alarm]:
        return [self._state.alarms[site_id] for site_id in sorted(self._state.alarms)]

    def turn_alarm(self, alarm: Alarm) -> bool:
        known = self._state.alarms.get(alarm.site_id)
        if alarm.serial != (known.serial if known else 0) + 1:
            return False
        self._change().alarms[alarm.site_id] = replace(alarm, attempts=0)
        return True

    def lease_alarms(self, now: datetime, until: datetime, limit: int) -> Sequence[Alarm]:
        due = [
            one
            for one in self._change().alarms.values()
            if one.next_attempt_at is not None and one.next_attempt_at <= now
        ]
        leased = [replace(one, attempts=one.attempts + 1, next_attempt_at=until) for one in due[:limit]]
        self._state.alarms.update({one.site_id: one for one in leased})
        return leased

    def finish_alarm(self, alarm: Alarm, again: datetime | None) -> bool:
        known = self._state.alarms.get(alarm.site_id)
        if known is None or (known.serial, known.attempts) != (alarm.serial, alarm.attempts):
            return False
        self._change().alarms[alarm.site_id] = replace(known, next_attempt_at=again)
        return True
