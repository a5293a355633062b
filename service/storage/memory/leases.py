"""The double's leases that end before their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.status import Status
from service.storage.memory.state import Part, as_stored


class LeasesPart(Part):
    """The verbs about leases without an owner."""

    def retries_free(self, now: datetime) -> bool:
        state = self._state
        return any(
            one.status is Status.PENDING and one.attempts and state.leases.get(pk, now) <= now
            for pk, one in state.comments.items()
        )

    def abandon(self, pks: Sequence[int], until: datetime, free_at: datetime) -> int:
        state = self._change()
        left = [pk for pk in pks if state.leases.get(pk) == as_stored(until)]
        state.leases.update(dict.fromkeys(left, as_stored(free_at)))
        return len(left)

    def abandon_deliveries(self, ids: Sequence[int], until: datetime, due_at: datetime) -> int:
        kept = self._change().deliveries
        left = [
            one
            for pk in ids
            if (one := kept.get(pk)) and one.state == "waiting" and one.next_attempt_at == as_stored(until)
        ]
        for one in left:
            kept[one.id] = replace(one, next_attempt_at=as_stored(due_at))
        return len(left)
