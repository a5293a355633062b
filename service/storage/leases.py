"""Leases that end before their time, for their owner is gone or the next try has a moment of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update

from service.storage.columns import Instant
from service.storage.comment_tables import comments, is_tried
from service.storage.decision_tables import deliveries, is_waiting
from service.storage.part import Part

_UNTIL, _THEN = bindparam("until", type_=Instant), bindparam("then", type_=Instant)
_FREE = (
    select(comments.c.pk)
    .where(
        is_tried,
        or_(comments.c.lease_until.is_(None), comments.c.lease_until <= bindparam("now", type_=Instant)),
    )
    .limit(1)
)
_ABANDON = (
    update(comments)
    .where(comments.c.pk.in_(bindparam("pks", expanding=True)), comments.c.lease_until == _UNTIL)
    .values(lease_until=_THEN)
)
_ABANDON_DELIVERIES = (
    update(deliveries)
    .where(
        deliveries.c.pk.in_(bindparam("pks", expanding=True)),
        is_waiting,
        deliveries.c.next_attempt_at == _UNTIL,
    )
    .values(next_attempt_at=_THEN)
)


class LeasesPart(Part):
    """The verbs about leases without an owner."""

    def retries_free(self, now: datetime) -> bool:
        """Say whether a comment that was tried before waits with its lease free."""
        return self._read(_FREE, now=now).first() is not None

    def abandon(self, pks: Sequence[int], until: datetime, free_at: datetime) -> int:
        """End the leases of comments that run until that very moment; return how many.

        They are free at `free_at`, alone, for the attempt stays counted. A lease that another has is not touched.
        """
        return self._write(_ABANDON, pks=sorted(pks), until=until, then=free_at).rowcount if pks else 0

    def abandon_deliveries(self, ids: Sequence[int], until: datetime, due_at: datetime) -> int:
        """Likewise of deliveries: due at `due_at`, the attempt counted."""
        if not ids:
            return 0
        return self._write(_ABANDON_DELIVERIES, pks=sorted(ids), until=until, then=due_at).rowcount
