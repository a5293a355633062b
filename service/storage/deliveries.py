"""The outbox: callbacks on their way, leased in turns between sites and in order for each comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Executable, Integer, Select, Text, bindparam, exists, func, select, update

from service.domain.events import Delivery
from service.storage.bulk import POSTGRESQL, rows_of
from service.storage.columns import Instant, to_json, to_microseconds
from service.storage.comment_rows import PAGE_LIMIT
from service.storage.decision_tables import deliveries, is_dead, is_waiting
from service.storage.records import Finished
from service.storage.repository import Repository
from service.storage.rows import delivery_of
from service.storage.schema import sites, word

_TABLE = deliveries
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
_REPLAY = update(deliveries).where(is_dead).values(state="waiting", attempts=0, next_attempt_at=_NOW)
_REPLAY_SOME = _REPLAY.where(deliveries.c.pk.in_(bindparam("pks", expanding=True)))
_DROP_DEAD = (
    update(deliveries)
    .where(is_dead, deliveries.c.comment_pk == bindparam("of_comment"))
    .values(state="dropped")
)
_OF_SITE = deliveries.c.site_id == bindparam("of_site")


class DeliveryRepository(Repository):
    """The verbs about callbacks."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Store them; `id` is given by the store. States: waiting, delivered, dead, dropped."""
        self._add(
            _TABLE,
            [
                {
                    "site_id": delivery.site_id,
                    "comment_pk": delivery.comment_pk,
                    "decision_id": delivery.decision_id,
                    "webhook_id": delivery.webhook_id,
                    "type": delivery.type,
                    "payload": delivery.payload,
                    "state": delivery.state,
                    "attempts": delivery.attempts,
                    "next_attempt_at": delivery.next_attempt_at,
                    "created_at": delivery.created_at,
                    "last_outcome": delivery.last_outcome,
                    "delivered_at": delivery.delivered_at,
                }
                for delivery in deliveries
            ],
        )

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
        leased: list[Delivery] = []
        while (due := [site_id for site_id, most in left.items() if most > 0]) and len(leased) < limit:
            for place, site_id in enumerate(due):
                share = min(left[site_id], max(1, (limit - len(leased)) // (len(due) - place)))
                found = self._lease_of_site(site_id, now, until, share)
                leased += found
                left[site_id] = left[site_id] - share if len(found) == share else 0
                if len(leased) == limit:
                    break
        return leased

    def _lease_of_site(self, site_id: int, now: datetime, until: datetime, limit: int) -> list[Delivery]:
        rows = self._write(_LEASE, due_site=site_id, now=now, until=until, limit=limit).mappings()
        return sorted((delivery_of(row) for row in rows), key=lambda delivery: delivery.id)

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
        return self._write(_DROP_DEAD, of_comment=comment_pk).rowcount

    def page(self, site_id: int | None, state: str | None, limit: int, after: int = 0) -> list[Delivery]:
        values: dict[str, Any] = {"after": after, "limit": max(1, min(limit, PAGE_LIMIT))}
        if site_id is not None:
            values["of_site"] = site_id
        rows = self._read(_listed(site_id is not None, state), **values).mappings()
        return [delivery_of(row) for row in rows]

    def replay(self, site_id: int | None, ids: Sequence[int] | None, now: datetime) -> int:
        """Make dead deliveries wait again, due now, their attempts at zero; `ids` None means all of the site."""
        values: dict[str, Any] = {"now": now}
        statement = _REPLAY
        if ids is not None:
            if not ids:
                return 0
            statement, values["pks"] = _REPLAY_SOME, sorted(ids)
        if site_id is not None:
            statement, values["of_site"] = statement.where(_OF_SITE), site_id
        return self._write(statement, **values).rowcount


@cache
def _finish(dialect: str) -> Executable:
    """Record all in one statement. PostgreSQL locks in the order of pk, so that two never deadlock."""
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
    if dialect != POSTGRESQL:
        return finish
    wanted = deliveries.c.pk.in_(select(ended.c.pk))
    locked = select(deliveries.c.pk).where(wanted).order_by(deliveries.c.pk).with_for_update().cte("locked")
    return finish.where(deliveries.c.pk.in_(select(locked.c.pk)))


@cache
def _listed(by_site: bool, state: str | None) -> Select[Any]:
    statement = select(deliveries).where(deliveries.c.pk > bindparam("after"))
    if by_site:
        statement = statement.where(_OF_SITE)
    if state is not None:
        statement = statement.where(deliveries.c.state == word(state))
    return statement.order_by(deliveries.c.pk).limit(bindparam("limit"))
