"""What is old enough goes, a bounded number of rows at a time, so that nobody who writes waits long."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    tuple_,
    update,
)

from service.domain.status import Status
from service.storage.columns import Instant
from service.storage.comment_tables import (
    comments,
    idempotency_keys,
    is_expiring,
    is_of_client,
    is_passing,
    originals,
)
from service.storage.decision_tables import decisions, deliveries
from service.storage.people_tables import sessions, sign_ins
from service.storage.repository import Repository
from service.storage.schema import word

_BEFORE = bindparam("before", type_=Instant)
_SITE: BindParameter[Any] = bindparam("of_site")
_LIMIT: BindParameter[Any] = bindparam("limit")


@cache
def _expired(status: Status) -> Select[Any]:
    """Find them by the moment they came, which is indexed and lies before any decision, then by the decision's."""
    since = func.coalesce(decisions.c.effective_at, comments.c.decided_at, comments.c.received_at)
    return (
        select(comments.c.pk)
        .outerjoin(decisions, decisions.c.pk == comments.c.decision_id)
        .where(
            comments.c.site_id == _SITE,
            comments.c.status == word(status.value),
            is_expiring,
            comments.c.received_at < _BEFORE,
            since < _BEFORE,
        )
        .order_by(comments.c.received_at)
        .limit(_LIMIT)
        .with_for_update(of=comments, skip_locked=True)
    )


_OLD_CLIENTS = (
    select(comments.c.pk)
    .where(comments.c.site_id == _SITE, is_of_client, comments.c.received_at < _BEFORE)
    .order_by(comments.c.received_at)
    .limit(_LIMIT)
    .with_for_update(skip_locked=True)
)
_DROP_CLIENTS = (
    update(comments).where(comments.c.pk.in_(_OLD_CLIENTS)).values(ip=None, user_agent=None, referrer=None)
)
_OLD_ORIGINALS = (
    select(originals.c.comment_pk, originals.c.revision, originals.c.field)
    .join(comments, comments.c.pk == originals.c.comment_pk)
    .where(comments.c.site_id == _SITE, comments.c.received_at < _BEFORE)
    .order_by(originals.c.comment_pk)
    .limit(_LIMIT)
)
_DROP_ORIGINALS = delete(originals).where(
    tuple_(originals.c.comment_pk, originals.c.revision, originals.c.field).in_(_OLD_ORIGINALS)
)


def _drop_deliveries(*which: ColumnElement[bool]) -> Executable:
    old = (
        select(deliveries.c.pk)
        .where(deliveries.c.site_id == _SITE, and_(*which, deliveries.c.created_at < _BEFORE))
        .order_by(deliveries.c.pk)
        .limit(_LIMIT)
    )
    return delete(deliveries).where(deliveries.c.pk.in_(old))


_DROP_DELIVERIES = _drop_deliveries(deliveries.c.state != word("waiting"))
_DROP_WAITING = _drop_deliveries(deliveries.c.state == word("waiting"))
_EXPIRED_LINKS = delete(sign_ins).where(
    sign_ins.c.token_hash.in_(
        select(sign_ins.c.token_hash)
        .where(sign_ins.c.expires_at <= bindparam("now", type_=Instant))
        .limit(_LIMIT)
    )
)
_EXPIRED_SESSIONS = delete(sessions).where(
    sessions.c.token_hash.in_(
        select(sessions.c.token_hash)
        .where(sessions.c.expires_at <= bindparam("now", type_=Instant))
        .limit(_LIMIT)
    )
)
_OLD_KEYS = delete(idempotency_keys).where(
    tuple_(idempotency_keys.c.site_id, idempotency_keys.c.key).in_(
        select(idempotency_keys.c.site_id, idempotency_keys.c.key)
        .where(idempotency_keys.c.created_at < bindparam("keys_before", type_=Instant), is_passing)
        .order_by(idempotency_keys.c.created_at)
        .limit(_LIMIT)
    )
)


class RetentionRepository(Repository):
    """The verbs by which a period is forgotten."""

    def expired(self, site_id: int, status: Status, before: datetime, limit: int) -> list[int]:
        """Return and lock comments in that state whose current decision took effect before that moment."""
        self._must_write()
        found = self._read(_expired(status), of_site=site_id, before=before, limit=limit)
        return sorted(found.scalars())

    def drop_clients(self, site_id: int, before: datetime, limit: int) -> int:
        """Forget network, user agent and referring page of comments received before that moment."""
        return self._drop(_DROP_CLIENTS, site_id, before, limit)

    def drop_originals(self, site_id: int, before: datetime, limit: int) -> int:
        """Forget the encrypted originals of comments received before that moment."""
        return self._drop(_DROP_ORIGINALS, site_id, before, limit)

    def drop_deliveries(self, site_id: int, before: datetime, limit: int, waiting: bool = False) -> int:
        """Forget callbacks made before that moment: those that are over, or else those `waiting` for their delivery."""
        return self._drop(_DROP_WAITING if waiting else _DROP_DELIVERIES, site_id, before, limit)

    def _drop(self, statement: Executable, site_id: int, before: datetime, limit: int) -> int:
        return self._write(statement, of_site=site_id, before=before, limit=limit).rowcount

    def prune(self, now: datetime, keys_before: datetime, limit: int = 1_000) -> int:
        """Drop sessions and sign-in links that have expired and idempotency keys older than that; return how many.

        At most `limit` of each kind, so that no other writer waits long. A submission repeated after its key is gone
        is known by its id. Keys that begin with `KEPT_FOR_GOOD` stay.
        """
        dropped = self._write(_EXPIRED_LINKS, now=now, limit=limit).rowcount
        dropped += self._write(_EXPIRED_SESSIONS, now=now, limit=limit).rowcount
        return dropped + self._write(_OLD_KEYS, keys_before=keys_before, limit=limit).rowcount
