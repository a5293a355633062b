"""What waits, counted for people, metrics and the sweep."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select

from service.domain.comment import Comment
from service.storage.columns import Instant
from service.storage.comment_tables import (
    comments,
    is_held,
    is_live_pending,
    is_pending,
    is_rescore_fresh,
    is_rescore_tried,
)
from service.storage.decision_tables import awaits_publication, decisions, deliveries, is_dead, is_waiting
from service.storage.part import Part
from service.storage.reading import ARTICLES_AT, COMMENTS, PAGE_LIMIT, at, joined
from service.storage.records import Backlog, SiteQueue
from service.storage.schema import sites

_NOW = bindparam("now", type_=Instant)


def _count(table: Table, *where: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(table).where(*where)


_oldest_of_site = (
    select(func.min(comments.c.received_at))
    .where(comments.c.site_id == sites.c.pk, is_live_pending)
    .scalar_subquery()
)
_oldest = select(_oldest_of_site.label("received_at")).select_from(sites).subquery("oldest")
_BACKLOG = select(
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
_QUEUES = (
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
_LATE = (
    COMMENTS.where(
        comments.c.site_id == bindparam("site_id"),
        is_live_pending,
        comments.c.received_at < bindparam("before", type_=Instant),
    )
    .order_by(comments.c.received_at, comments.c.pk)
    .limit(bindparam("limit"))
)
_LATE_THERE = _LATE.where(comments.c.article_pk.in_(ARTICLES_AT))


class WatchingPart(Part):
    """The verbs that count and look for what is late."""

    def backlog(self, now: datetime) -> Backlog:
        row = self._read(_BACKLOG, now=now).mappings().one()
        return Backlog(**row)

    def site_queues(self, limit: int = 1_000) -> list[SiteQueue]:
        """Return what waits of each site, in the order in which the sites were added."""
        return [SiteQueue(**row) for row in self._read(_QUEUES, limit=limit).mappings()]

    def late(
        self, site_id: int, received_before: datetime, limit: int, article_url: str | None = None
    ) -> list[Comment]:
        """Return live pending comments received before that moment, oldest first; of one article where it is named."""
        given = {"site_id": site_id, "before": received_before, "limit": max(1, min(limit, PAGE_LIMIT))}
        if article_url is None:
            rows = self._read(_LATE, **given).mappings()
        else:
            rows = self._read(_LATE_THERE, **given, **at(article_url)).mappings()
        return [joined(row) for row in rows]
