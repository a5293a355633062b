"""The outbox: callbacks on their way, leased in turns between sites and in order for each comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Executable,
    Integer,
    RowMapping,
    Select,
    Text,
    Update,
    bindparam,
    exists,
    func,
    select,
    update,
)

from service.domain.events import Delivery
from service.storage.bulk import locked_in_order, rows_of
from service.storage.columns import Instant, to_json, to_microseconds
from service.storage.comment_rows import PAGE_LIMIT
from service.storage.records import Finished
from service.storage.repository import Repository, in_turns
from service.storage.rows import record_of, values_of
from service.storage.schema import sites, word
from service.storage.schema_moderation import deliveries, is_dead, is_waiting

S = TypeVar("S", Select[Any], Update)
_NOW = bindparam("now", type_=Instant)
_EARLIEST = (
    select(func.min(deliveries.c.next_attempt_at))
    .where(deliveries.c.site_id == sites.c.pk, is_waiting)
    .scalar_subquery()
)
_DUE_SITES = (
    select(sites.c.pk)
    .where(sites.c.callback_url.is_not(None), sites.c.callback_disabled.is_(None), _EARLIEST <= _NOW)
    .order_by(_EARLIEST)
)
_earlier = deliveries.alias("earlier")
_is_first = ~exists().where(
    _earlier.c.comment_pk == deliveries.c.comment_pk,
    _earlier.c.state == word("waiting"),
    _earlier.c.pk < deliveries.c.pk,
)
_CHOSEN = (
    select(deliveries.c.pk)
    .where(
        deliveries.c.site_id == bindparam("due_site"),
        is_waiting,
        deliveries.c.next_attempt_at <= _NOW,
        _is_first,
    )
    .order_by(deliveries.c.next_attempt_at, deliveries.c.pk)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=deliveries)
    .cte("chosen")
)
_LEASE = (
    update(deliveries)
    .where(deliveries.c.pk.in_(select(_CHOSEN.c.pk)))
    .values(attempts=deliveries.c.attempts + 1, next_attempt_at=bindparam("until", type_=Instant))
    .returning(deliveries)
)


class DeliveryRepository(Repository):
    """Callbacks and their leases."""

    def add(self, added: Sequence[Delivery]) -> None:
        """Store them; `id` is given by the store. States: waiting, delivered, dead, dropped."""
        self._add(deliveries, [values_of(delivery, "id") for delivery in added])

    def lease(
        self,
        now: datetime,
        until: datetime,
        limit: int,
        *,
        per_site: int | None = None,
        site_limits: Mapping[int, int] = MappingProxyType({}),
    ) -> list[Delivery]:
        """Lease waiting deliveries that are due, the first outstanding one of each comment only; attempts rise.

        Sites take fair turns, `per_site` each at the most or what `site_limits` says by a site's id; one that is
        switched off costs nothing. The lease is the next attempt's moment itself: a worker that dies leaves the row due
        again at `until`.
        """
        left = {
            site_id: site_limits.get(site_id, per_site or limit)
            for site_id in self._read(_DUE_SITES, now=now).scalars()
        }

        def lease_of_site(site_id: int, share: int) -> list[Delivery]:
            leased = self._lease_of_site(site_id, now, until, min(share, left[site_id]))
            left[site_id] -= len(leased)
            return leased

        return in_turns([site_id for site_id, most in left.items() if most > 0], limit, lease_of_site)

    def _lease_of_site(self, site_id: int, now: datetime, until: datetime, limit: int) -> list[Delivery]:
        rows = self._write(_LEASE, due_site=site_id, now=now, until=until, limit=limit).mappings()
        return sorted((_delivery(row) for row in rows), key=lambda delivery: delivery.id)

    def finish(self, ended: Sequence[Finished], now: datetime) -> set[int]:
        """Record how attempts ended; return the ids of those that no other worker has leased since."""
        if not ended:
            return set()
        rows = [
            {
                "pk": one.delivery_id,
                "attempts": one.attempts,
                "state": one.state,
                "outcome": one.outcome,
                "again": to_microseconds(one.next_attempt_at) if one.next_attempt_at else None,
                "arrived": to_microseconds(now) if one.state == "delivered" else None,
            }
            for one in ended
        ]
        return set(self._write(_finish(self._dialect), ended=to_json(rows)).scalars())

    def drop_dead(self, comment_pk: int) -> int:
        """Put the comment's dead deliveries out of reach of a replay (state dropped); return how many."""
        dead = update(deliveries).where(is_dead, deliveries.c.comment_pk == comment_pk)
        return self._write(dead.values(state="dropped")).rowcount

    def page(self, site_id: int | None, state: str | None, limit: int, after: int = 0) -> list[Delivery]:
        found = _of_site(select(deliveries).where(deliveries.c.pk > after), site_id)
        if state is not None:
            found = found.where(deliveries.c.state == word(state))
        return self._all(_delivery, found.order_by(deliveries.c.pk).limit(max(1, min(limit, PAGE_LIMIT))))

    def replay(self, site_id: int | None, ids: Sequence[int] | None, now: datetime) -> int:
        """Make dead deliveries wait again, due now, their attempts at zero; `ids` None means all of the site."""
        dead = _of_site(update(deliveries).where(is_dead), site_id)
        if ids is not None:
            dead = dead.where(deliveries.c.pk.in_(ids))
        return self._write(dead.values(state="waiting", attempts=0, next_attempt_at=now)).rowcount


@cache
def _finish(dialect: str) -> Executable:
    ended = rows_of(
        "ended",
        dialect,
        pk=BigInteger,
        attempts=Integer,
        state=Text,
        outcome=Text,
        again=BigInteger,
        arrived=BigInteger,
    )
    finish = (
        update(deliveries)
        .where(deliveries.c.pk == ended.c.pk, is_waiting, deliveries.c.attempts == ended.c.attempts)
        .values(
            state=ended.c.state,
            last_outcome=ended.c.outcome,
            next_attempt_at=func.coalesce(ended.c.again, deliveries.c.next_attempt_at),
            delivered_at=ended.c.arrived,
        )
        .returning(deliveries.c.pk)
    )
    return locked_in_order(finish, deliveries, ended, dialect)


def _of_site(statement: S, site_id: int | None) -> S:
    return statement if site_id is None else statement.where(deliveries.c.site_id == site_id)


def _delivery(row: RowMapping) -> Delivery:
    return record_of(Delivery, row)
