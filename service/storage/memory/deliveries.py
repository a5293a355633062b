"""The double's outbox."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.events import Delivery
from service.ports import Finished
from service.storage.memory.state import Part, as_stored
from service.storage.reading import PAGE_LIMIT


class DeliveriesPart(Part):
    """The verbs about callbacks."""

    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        state = self._change()
        for delivery in deliveries:
            stored = replace(
                delivery,
                id=state.next("delivery"),
                next_attempt_at=as_stored(delivery.next_attempt_at),
                created_at=as_stored(delivery.created_at),
            )
            state.deliveries[stored.id] = stored

    def lease_deliveries(
        self, now: datetime, until: datetime, limit: int, skip: Collection[int] = ()
    ) -> list[Delivery]:
        due: dict[int, list[Delivery]] = {}
        for delivery in (one for one in self._leasable(now) if one.site_id not in skip):
            due.setdefault(delivery.site_id, []).append(delivery)
        turns = sorted(due.values(), key=lambda waiting: waiting[0].next_attempt_at)
        leased: list[Delivery] = []
        while any(turns) and len(leased) < limit:
            for place, waiting in enumerate(turns):
                share = -(-(limit - len(leased)) // (len(turns) - place))
                leased += sorted(waiting[:share], key=lambda delivery: delivery.id)
                del waiting[:share]
        taken = [replace(one, attempts=one.attempts + 1, next_attempt_at=as_stored(until)) for one in leased]
        self._change().deliveries.update({delivery.id: delivery for delivery in taken})
        return taken

    def release_deliveries(self, leased: Sequence[Delivery], due_at: datetime) -> None:
        for one in leased:
            stored = self._change().deliveries.get(one.id)
            if stored and (stored.state, stored.attempts) == ("waiting", one.attempts):
                self._state.deliveries[one.id] = replace(
                    stored, attempts=stored.attempts - 1, next_attempt_at=as_stored(due_at)
                )

    def _leasable(self, now: datetime) -> list[Delivery]:
        first: dict[int, int] = {}
        for pk, delivery in sorted(self._state.deliveries.items()):
            if delivery.state == "waiting":
                first.setdefault(delivery.comment_pk, pk)
        found = [self._state.deliveries[pk] for pk in first.values()]
        due = [
            one for one in found if one.next_attempt_at <= now and self._state.sites[one.site_id].is_called
        ]
        return sorted(due, key=lambda delivery: (delivery.next_attempt_at, delivery.id))

    def drop_dead_deliveries(self, comment_pk: int) -> int:
        deliveries = self._change().deliveries
        dead = [one for one in deliveries.values() if (one.comment_pk, one.state) == (comment_pk, "dead")]
        for one in dead:
            deliveries[one.id] = replace(one, state="dropped")
        return len(dead)

    def finish_delivery(
        self,
        delivery_id: int,
        attempts: int,
        state: str,
        outcome: str,
        next_attempt_at: datetime | None,
        now: datetime,
    ) -> bool:
        delivery = self._change().deliveries.get(delivery_id)
        if delivery is None or (delivery.state, delivery.attempts) != ("waiting", attempts):
            return False
        self._state.deliveries[delivery_id] = replace(
            delivery,
            state=state,
            last_outcome=outcome,
            next_attempt_at=as_stored(next_attempt_at) if next_attempt_at else delivery.next_attempt_at,
            delivered_at=as_stored(now) if state == "delivered" else None,
        )
        return True

    def finish_deliveries(self, ended: Sequence[Finished], now: datetime) -> set[int]:
        return {
            one.delivery_id
            for one in ended
            if self.finish_delivery(
                one.delivery_id, one.attempts, one.state, one.outcome, one.next_attempt_at, now
            )
        }

    def deliveries(
        self, site_id: int | None, state: str | None, limit: int, after: int = 0
    ) -> list[Delivery]:
        found = [
            delivery
            for pk, delivery in sorted(self._state.deliveries.items())
            if pk > after and site_id in (None, delivery.site_id) and state in (None, delivery.state)
        ]
        return found[: max(1, min(limit, PAGE_LIMIT))]

    def replay_deliveries(self, site_id: int | None, ids: Sequence[int] | None, now: datetime) -> int:
        dead = [
            one
            for pk, one in self._change().deliveries.items()
            if one.state == "dead" and site_id in (None, one.site_id) and (ids is None or pk in ids)
        ]
        for one in dead:
            again = replace(one, state="waiting", attempts=0, next_attempt_at=as_stored(now))
            self._state.deliveries[one.id] = again
        return len(dead)
