"""Retention: what is old enough goes, a bounded number of rows at a time, so that nobody who writes waits long."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, select, tuple_, update

from service.domain.status import Status
from service.storage.repository import Repository
from service.storage.schema import sessions, sign_ins, word
from service.storage.schema_comments import (
    comments,
    idempotency_keys,
    is_expiring,
    is_of_client,
    is_passing,
    originals,
)
from service.storage.schema_moderation import decisions, deliveries


class RetentionRepository(Repository):
    """What a period has passed for."""

    def expired(self, site_id: int, status: Status, before: datetime, limit: int) -> list[int]:
        """Return and lock comments in that state whose current decision took effect before that moment.

        They are found by the moment they came, which is indexed and lies before any decision.
        """
        self._must_write()
        since = func.coalesce(decisions.c.effective_at, comments.c.decided_at, comments.c.received_at)
        found = (
            select(comments.c.pk)
            .outerjoin(decisions, decisions.c.pk == comments.c.decision_id)
            .where(
                comments.c.site_id == site_id,
                comments.c.status == word(status.value),
                is_expiring,
                comments.c.received_at < before,
                since < before,
            )
            .order_by(comments.c.received_at)
            .limit(limit)
            .with_for_update(of=comments, skip_locked=True)
        )
        return sorted(self._read(found).scalars())

    def drop_clients(self, site_id: int, before: datetime, limit: int) -> int:
        """Forget network, user agent and referring page of comments received before that moment."""
        old = (
            select(comments.c.pk)
            .where(comments.c.site_id == site_id, is_of_client, comments.c.received_at < before)
            .order_by(comments.c.received_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        forget = update(comments).where(comments.c.pk.in_(old))
        return self._write(forget.values(ip=None, user_agent=None, referrer=None)).rowcount

    def drop_originals(self, site_id: int, before: datetime, limit: int) -> int:
        """Delete the encrypted originals of comments received before that moment."""
        key = originals.c.comment_pk, originals.c.revision, originals.c.field
        old = (
            select(*key)
            .join(comments, comments.c.pk == originals.c.comment_pk)
            .where(comments.c.site_id == site_id, comments.c.received_at < before)
            .order_by(originals.c.comment_pk)
            .limit(limit)
        )
        return self._write(delete(originals).where(tuple_(*key).in_(old))).rowcount

    def drop_deliveries(self, site_id: int, before: datetime, limit: int, waiting: bool = False) -> int:
        """Delete callbacks made before that moment: those that are over, or else those `waiting` for their delivery."""
        its_state = deliveries.c.state == word("waiting")
        old = (
            select(deliveries.c.pk)
            .where(deliveries.c.site_id == site_id, its_state if waiting else ~its_state)
            .where(deliveries.c.created_at < before)
            .order_by(deliveries.c.pk)
            .limit(limit)
        )
        return self._write(delete(deliveries).where(deliveries.c.pk.in_(old))).rowcount

    def prune(self, now: datetime, keys_before: datetime, limit: int = 1_000) -> int:
        """Delete sessions and sign-in links that have expired and idempotency keys older than that; return how many.

        At most `limit` of each kind, so that no other writer waits long. A submission repeated after its key is gone
        is known by its id. Keys that begin with `KEPT_FOR_GOOD` stay.
        """
        made = idempotency_keys.c.created_at
        return (
            self._delete_some(sign_ins, limit, sign_ins.c.expires_at <= now)
            + self._delete_some(sessions, limit, sessions.c.expires_at <= now)
            + self._delete_some(idempotency_keys, limit, made < keys_before, is_passing, order=made)
        )

    def _delete_some(
        self, table: Table, limit: int, *which: ColumnElement[bool], order: ColumnElement[Any] | None = None
    ) -> int:
        key = table.primary_key.columns
        some = select(*key).where(*which).order_by(order).limit(limit)
        return self._write(delete(table).where(tuple_(*key).in_(some))).rowcount
