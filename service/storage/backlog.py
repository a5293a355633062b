"""What waits, counted by index: in all, and by site."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select

from service.storage.columns import Instant
from service.storage.schema import sites
from service.storage.schema_comments import (
    comments,
    is_held,
    is_live_pending,
    is_pending,
    is_rescore_fresh,
    is_rescore_tried,
)
from service.storage.schema_moderation import awaits_publication, decisions, deliveries, is_dead, is_waiting


def _count(table: Table, *where: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(table).where(*where)


_NOW = bindparam("now", type_=Instant)
_oldest_of_site = (
    select(func.min(comments.c.received_at))
    .where(comments.c.site_id == sites.c.pk, is_live_pending)
    .scalar_subquery()
)
_oldest = select(_oldest_of_site.label("received_at")).select_from(sites).subquery("oldest")
BACKLOG = select(
    _count(comments, is_pending).scalar_subquery().label("pending"),
    _count(comments, is_held).scalar_subquery().label("held"),
    # one look into the index for each site, however much waits
    select(func.min(_oldest.c.received_at)).scalar_subquery().label("oldest_unscored"),
    _count(deliveries, is_waiting).scalar_subquery().label("deliveries_waiting"),
    _count(
        deliveries,
        is_waiting,
        deliveries.c.next_attempt_at <= _NOW,
        # one that answered 410 is not called, however much waits for it
        deliveries.c.site_id.in_(
            select(sites.c.pk).where(sites.c.callback_url.is_not(None), sites.c.callback_disabled.is_(None))
        ),
    )
    .scalar_subquery()
    .label("deliveries_due"),
    _count(deliveries, is_dead).scalar_subquery().label("deliveries_dead"),
    _count(decisions, awaits_publication, decisions.c.effective_at <= _NOW)
    .scalar_subquery()
    .label("due_decisions"),
    (
        _count(comments, is_rescore_fresh).scalar_subquery()
        + _count(comments, is_rescore_tried).scalar_subquery()
    ).label("to_rescore"),
)
_OF_SITE = comments.c.site_id == sites.c.pk
_MAIL_OF_SITE = deliveries.c.site_id == sites.c.pk
_oldest_hold = (
    select(func.min(comments.c.decision_id)).where(_OF_SITE, is_held).correlate(sites).scalar_subquery()
)
_held_since = (
    select(decisions.c.effective_at).where(decisions.c.pk == _oldest_hold).correlate(sites).scalar_subquery()
)
SITE_QUEUES = (
    select(
        sites.c.pk.label("site_id"),
        sites.c.name,
        _count(comments, _OF_SITE, is_pending).scalar_subquery().label("pending"),
        _oldest_of_site.label("oldest_unscored"),
        _count(comments, _OF_SITE, is_held).scalar_subquery().label("held"),
        _held_since.label("oldest_held"),
        _count(deliveries, _MAIL_OF_SITE, is_waiting).scalar_subquery().label("deliveries_waiting"),
        _count(deliveries, _MAIL_OF_SITE, is_dead).scalar_subquery().label("deliveries_dead"),
    )
    .order_by(sites.c.pk)
    .limit(bindparam("limit"))
)
