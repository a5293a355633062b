"""The overview in SQL: counted over the rows that came in within a stretch of time, which lie together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    func,
    select,
    true,
)

from service.domain.article_surges import LEAST, USUAL_HOURS, Surge, is_surge
from service.domain.comment import Comment
from service.domain.statistics import Judged, PlaceCount, Tally
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.storage.backlog import BACKLOG, SITE_QUEUES
from service.storage.comment_rows import ARTICLES_AT, COMMENTS, at, joined
from service.storage.records import Backlog, DecisionFilter, SiteQueue
from service.storage.repository import Repository
from service.storage.rows import values_of, verdict_of
from service.storage.schema import sites
from service.storage.schema_comments import articles, comments, is_held
from service.storage.schema_moderation import decisions

WAITS_LIMIT: Final = 10_000
JUDGED_LIMIT: Final = 5_000
PLACES: Final = 10
_IS_NEW = decisions.c.action != Action.RESTORE.value
"""What a person decided, not what took a decision back."""


class StatisticsRepository(Repository):
    """Counts over a stretch of time, and of what waits."""

    def tally(self, site_id: int | None, since: datetime, until: datetime) -> Tally:
        """Count what came in and was decided in `since` up to `until`; `site_id` None means every site."""
        came = self._within(comments, comments.c.received_at, site_id, since, until)
        made = self._made_in(site_id, since, until)
        by_status = self._counted(comments.c.status, where=came)
        oldest = self._oldest(site_id)
        by_person = (made, decisions.c.who_kind == Who.MODERATOR, _IS_NEW)
        return Tally(
            since=since,
            until=until,
            arrived=sum(by_status.values()),
            by_status=by_status,
            decided=self._counted(decisions.c.who_kind, decisions.c.action, where=made),
            by_person=self._counted(decisions.c.who, where=and_(*by_person), limit=100),
            waited_seconds=self._waits(and_(*by_person)),
            judged=self._judged(made),
            by_site=self._places(came, sites.c.name, sites, sites.c.pk == comments.c.site_id),
            by_article=self._places(came, articles.c.title, articles, articles.c.pk == comments.c.article_pk),
            oldest_waiting=oldest.received_at if oldest else None,
            oldest_waiting_pk=oldest.pk if oldest else None,
        )

    def arrivals(
        self,
        site_id: int | None,
        since: datetime,
        until: datetime,
        status: Status | None,
        article_url: str | None,
        before: int | None,
        limit: int,
    ) -> list[Comment]:
        """Return what came in in `since` up to `until`, newest first, with a number below `before`."""
        found = COMMENTS.where(self._within(comments, comments.c.received_at, site_id, since, until))
        if status is not None:
            found = found.where(comments.c.status == status)
        if article_url is not None:
            found = found.where(comments.c.article_pk.in_(ARTICLES_AT))
        return self._all(joined, _page(found, comments, before, limit), **at(article_url))

    def decided(
        self,
        site_id: int | None,
        since: datetime,
        until: datetime,
        wanted: DecisionFilter,
        before: int | None,
        limit: int,
    ) -> list[tuple[int, Comment]]:
        """Return what was decided in `since` up to `until` and not undone, newest first.

        Each is the decision's number, which is below `before`, with its comment as it is now. What took another
        decision back comes only where that action is asked for.
        """
        found = (
            COMMENTS.add_columns(decisions.c.pk.label("made_pk"))
            .join(decisions, decisions.c.comment_pk == comments.c.pk)
            .where(self._made_in(site_id, since, until))
        )
        for name, value in values_of(wanted).items():
            if value is not None:
                found = found.where(decisions.c[name] == value)
        if wanted.action is None:
            found = found.where(_IS_NEW)
        return self._all(lambda row: (row["made_pk"], joined(row)), _page(found, decisions, before, limit))

    def surges(self, site_id: int | None, now: datetime) -> list[Surge]:
        """Return the articles that drew far more than usual in the last hour, the greatest first, at most 10.

        `site_id` None means every site. An archive that moves in draws nobody.
        """
        hour_ago, received_at = now - timedelta(hours=1), comments.c.received_at
        in_an_hour = and_(
            self._within(comments, received_at, site_id, hour_ago, now + timedelta(seconds=1)),
            comments.c.live == true(),
            comments.c.submitted_at >= hour_ago,
        )
        count = func.count().label("arrived")
        lately: Sequence[Any] = self._read(
            select(comments.c.article_pk, count)
            .where(in_an_hour)
            .group_by(comments.c.article_pk)
            .having(count >= LEAST)
            .order_by(count.desc())
            .limit(100)
        ).all()
        if not lately:
            return []
        pks = [row.article_pk for row in lately]
        day_ago = hour_ago - timedelta(hours=USUAL_HOURS)
        before = self._within(comments, received_at, site_id, day_ago, hour_ago)
        counted = self._counted(comments.c.article_pk, where=and_(before, comments.c.article_pk.in_(pks)))
        known = self._read(select(articles).where(articles.c.pk.in_(pks))).mappings()
        named = {row["pk"]: row for row in known}
        surges = []
        for pk, arrived in lately:
            article, usual = named[pk], counted.get(pk, 0) / USUAL_HOURS
            if is_surge(arrived, usual):
                name = article["title"] or article["url"]
                surges.append(Surge(article["site_id"], name, article["url"], arrived, usual))
        return surges[:PLACES]

    def _within(
        self,
        table: Table,
        moment: ColumnElement[datetime],
        site_id: int | None,
        since: datetime,
        until: datetime,
    ) -> ColumnElement[bool]:
        """Say which rows are of that stretch. Numbers rise with time, so it is found by halving, not read."""
        first = self._first_since(table, moment, since)
        within = and_(table.c.pk >= first, moment >= since, moment < until)
        return within if site_id is None else and_(within, table.c.site_id == site_id)

    def _made_in(self, site_id: int | None, since: datetime, until: datetime) -> ColumnElement[bool]:
        within = self._within(decisions, decisions.c.created_at, site_id, since, until)
        return and_(within, decisions.c.undone_at.is_(None))

    def _first_since(self, table: Table, moment: ColumnElement[datetime], since: datetime) -> int:
        """Return a number below which nothing is as young as `since`, but for a few that a clock set back made."""
        number: BindParameter[int] = bindparam("number")
        at = select(table.c.pk, moment).where(table.c.pk >= number).order_by(table.c.pk).limit(1)
        low, high = 0, self._read(select(func.max(table.c.pk))).scalar() or 0
        while low < high:
            middle = (low + high) // 2
            row: Any = self._read(at, number=middle).first()
            if row is None or row[1] >= since:
                high = middle
            else:
                low = row.pk + 1
        return low

    def _counted(self, *columns: Column[Any], where: ColumnElement[bool], limit: int | None = None) -> Any:
        """Count rows by a column, or by several: then by tuples; the most frequent first."""
        count = func.count()
        found = select(*columns, count).where(where).group_by(*columns).order_by(count.desc(), *columns)
        rows = self._read(found.limit(limit)).all()
        return {row[0] if len(columns) == 1 else tuple(row[:-1]): row[-1] for row in rows}

    def _waits(self, made: ColumnElement[bool]) -> list[float]:
        rows = self._read(
            select(decisions.c.created_at, comments.c.received_at)
            .join(comments, comments.c.pk == decisions.c.comment_pk)
            .where(made, decisions.c.replaces.is_(None))
            .order_by(decisions.c.pk.desc())
            .limit(WAITS_LIMIT)
        )
        return [max((row.created_at - row.received_at).total_seconds(), 0.0) for row in rows]

    def _judged(self, made: ColumnElement[bool]) -> list[Judged]:
        stands = and_(comments.c.pk == decisions.c.comment_pk, comments.c.decision_id == decisions.c.pk)
        rows = self._read(
            select(decisions.c.action, comments.c.verdict, comments.c.pk)
            .join(comments, stands)
            .where(
                made,
                decisions.c.who_kind != Who.MACHINE,
                decisions.c.action.in_([Action.APPROVE, Action.REJECT, Action.SPAM]),
                comments.c.verdict.is_not(None),
            )
            .order_by(decisions.c.pk.desc())
            .limit(JUDGED_LIMIT)
        )
        judged = [(Action(row.action), verdict_of(row.verdict), row.pk) for row in rows]
        return [Judged(verdict.scores, person, pk) for person, verdict, pk in judged if verdict]

    def _places(
        self, came: ColumnElement[bool], name: ColumnElement[Any], table: Table, on: ColumnElement[bool]
    ) -> list[PlaceCount]:
        count = func.count().label("arrived")
        rows = self._read(
            select(
                func.min(name).label("name"),
                func.min(table.c.url).label("url"),
                func.min(comments.c.site_id).label("site_id"),
                count,
                func.count().filter(is_held).label("held"),
            )
            .select_from(comments.join(table, on))
            .where(came)
            .group_by(table.c.pk)
            .order_by(count.desc(), table.c.pk)
            .limit(PLACES)
        ).all()
        known = select(sites.c.pk, sites.c.name).where(sites.c.pk.in_({row.site_id for row in rows}))
        names = {row.pk: row.name for row in self._read(known)}
        return [
            PlaceCount(names[row.site_id], row.name or row.url, row.url, row.arrived, row.held)
            for row in rows
        ]

    def _oldest(self, site_id: int | None) -> Any:
        waiting = select(comments.c.pk, comments.c.received_at).where(is_held)
        if site_id is not None:
            waiting = waiting.where(comments.c.site_id == site_id)
        return self._read(waiting.order_by(comments.c.pk).limit(1)).first()

    def backlog(self, now: datetime) -> Backlog:
        row = self._read(BACKLOG, now=now).mappings().one()
        return Backlog(**row)

    def site_queues(self, limit: int = 1_000) -> list[SiteQueue]:
        """Return what waits of each site, in the order in which the sites were added."""
        return [SiteQueue(**row) for row in self._read(SITE_QUEUES, limit=limit).mappings()]


def _page(found: Select[Any], table: Table, before: int | None, limit: int) -> Select[Any]:
    if before is not None:
        found = found.where(table.c.pk < before)
    return found.order_by(table.c.pk.desc()).limit(max(1, min(limit, JUDGED_LIMIT)))
