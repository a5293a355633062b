"""The overview in SQL: counted over the rows that came in within a stretch of time, which lie together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Row, and_, bindparam, case, func, select

from service.domain.article_surges import LEAST, USUAL_HOURS, Surge, is_surge
from service.domain.comment import Comment
from service.domain.statistics import Judged, PlaceCount, Tally
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.storage.backlog import BACKLOG, SITE_QUEUES
from service.storage.comment_rows import ARTICLES_AT, COMMENTS, at, joined
from service.storage.comment_tables import (
    articles,
    comments,
    is_held,
)
from service.storage.decision_tables import decisions
from service.storage.records import Backlog, DecisionFilter, SiteQueue
from service.storage.repository import Repository
from service.storage.rows import verdict_of
from service.storage.schema import sites

WAITS_LIMIT: Final = 10_000
JUDGED_LIMIT: Final = 5_000
PLACES: Final = 10
_LAST = select(func.max(comments.c.pk))
_LAST_DECISION = select(func.max(decisions.c.pk))
_AT = (
    select(comments.c.pk, comments.c.received_at)
    .where(comments.c.pk >= bindparam("pk"))
    .order_by(comments.c.pk)
    .limit(1)
)
_DECISION_AT = (
    select(decisions.c.pk, decisions.c.created_at)
    .where(decisions.c.pk >= bindparam("pk"))
    .order_by(decisions.c.pk)
    .limit(1)
)
_SITE: BindParameter[int] = bindparam("site_id")
_IS_NEW = decisions.c.action != Action.RESTORE.value
"""What a person decided, not what took a decision back."""


class StatisticsRepository(Repository):
    """The verbs of the overview."""

    def tally(self, site_id: int | None, since: datetime, until: datetime) -> Tally:
        """Count what came in and was decided in `since` up to `until`; `site_id` None means every site."""
        came = self._came_in(site_id, since, until)
        made = self._made_in(site_id, since, until)
        by_status = self._grouped(comments.c.status, came)
        oldest = self._oldest(site_id)
        return Tally(
            since=since,
            until=until,
            arrived=sum(by_status.values()),
            by_status={Status(word): count for word, count in by_status.items()},
            decided={
                (Who(kind), Action(action)): count
                for kind, action, count in self._connection.execute(
                    select(decisions.c.who_kind, decisions.c.action, func.count())
                    .where(made)
                    .group_by(decisions.c.who_kind, decisions.c.action)
                )
            },
            by_person=self._people(made),
            waited_seconds=self._waits(made),
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
        found = COMMENTS.where(self._came_in(site_id, since, until))
        if status is not None:
            found = found.where(comments.c.status == status.value)
        if article_url is not None:
            found = found.where(comments.c.article_pk.in_(ARTICLES_AT))
        if before is not None:
            found = found.where(comments.c.pk < before)
        found = found.order_by(comments.c.pk.desc()).limit(max(1, min(limit, JUDGED_LIMIT)))
        return [joined(row) for row in self._connection.execute(found, at(article_url)).mappings()]

    def decided(
        self,
        site_id: int | None,
        since: datetime,
        until: datetime,
        hand: DecisionFilter,
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
        if hand.who_kind is not None:
            found = found.where(decisions.c.who_kind == hand.who_kind.value)
        if hand.who is not None:
            found = found.where(decisions.c.who == hand.who)
        if hand.action is not None:
            found = found.where(decisions.c.action == hand.action.value)
        else:
            found = found.where(_IS_NEW)
        if before is not None:
            found = found.where(decisions.c.pk < before)
        found = found.order_by(decisions.c.pk.desc()).limit(max(1, min(limit, JUDGED_LIMIT)))
        return [(row["made_pk"], joined(row)) for row in self._connection.execute(found).mappings()]

    def surges(self, site_id: int | None, now: datetime) -> list[Surge]:
        """Return the articles that drew far more than usual in the last hour, the greatest first, at most 10.

        `site_id` None means every site.
        """
        hour_ago = now - timedelta(hours=1)
        count = func.count().label("arrived")
        lately = self._connection.execute(
            select(comments.c.article_pk, count)
            .where(self._came_in(site_id, hour_ago, now + timedelta(seconds=1)))
            .group_by(comments.c.article_pk)
            .having(count >= LEAST)
            .order_by(count.desc())
            .limit(100)
        ).all()
        if not lately:
            return []
        pks = [row.article_pk for row in lately]
        before = self._connection.execute(
            select(comments.c.article_pk, count)
            .where(
                self._came_in(site_id, hour_ago - timedelta(hours=USUAL_HOURS), hour_ago),
                comments.c.article_pk.in_(pks),
            )
            .group_by(comments.c.article_pk)
        )
        usual = {row.article_pk: row.arrived / USUAL_HOURS for row in before}
        known = self._connection.execute(select(articles).where(articles.c.pk.in_(pks))).mappings()
        named = {row["pk"]: row for row in known}
        return [
            Surge(
                named[pk]["site_id"],
                named[pk]["title"] or named[pk]["url"],
                named[pk]["url"],
                arrived,
                usual.get(pk, 0.0),
            )
            for pk, arrived in lately
            if is_surge(arrived, usual.get(pk, 0.0))
        ][:PLACES]

    def _came_in(self, site_id: int | None, since: datetime, until: datetime) -> ColumnElement[bool]:
        """Say which comments came in then. Numbers rise with time, so the stretch is found by halving, not read."""
        first = self._first(_AT, _LAST, "received_at", since)
        within = and_(comments.c.pk >= first, comments.c.received_at >= since, comments.c.received_at < until)
        return within if site_id is None else and_(within, comments.c.site_id == site_id)

    def _made_in(self, site_id: int | None, since: datetime, until: datetime) -> ColumnElement[bool]:
        first = self._first(_DECISION_AT, _LAST_DECISION, "created_at", since)
        within = and_(
            decisions.c.pk >= first,
            decisions.c.created_at >= since,
            decisions.c.created_at < until,
            decisions.c.undone_at.is_(None),
        )
        return within if site_id is None else and_(within, decisions.c.site_id == site_id)

    def _first(self, at: Any, last: Any, column: str, since: datetime) -> int:
        """Return a number below which nothing is as young as `since`, but for a few that a clock set back made."""
        low, high = 0, self._connection.execute(last).scalar() or 0
        while low < high:
            middle = (low + high) // 2
            row = self._read(at, pk=middle).first()
            if row is None or getattr(row, column) >= since:
                high = middle
            else:
                low = row.pk + 1
        return low

    def _grouped(self, column: Any, which: ColumnElement[bool]) -> dict[str, int]:
        found = self._connection.execute(select(column, func.count()).where(which).group_by(column))
        return {row[0]: row[1] for row in found}

    def _people(self, made: ColumnElement[bool]) -> dict[str, int]:
        count = func.count()
        rows = self._connection.execute(
            select(decisions.c.who, count)
            .where(made, decisions.c.who_kind == Who.MODERATOR.value, _IS_NEW)
            .group_by(decisions.c.who)
            .order_by(count.desc(), decisions.c.who)
            .limit(100)
        )
        return {row[0]: row[1] for row in rows}

    def _waits(self, made: ColumnElement[bool]) -> list[float]:
        rows = self._connection.execute(
            select(decisions.c.created_at, comments.c.received_at)
            .join(comments, comments.c.pk == decisions.c.comment_pk)
            .where(made, decisions.c.who_kind == Who.MODERATOR.value, decisions.c.replaces.is_(None), _IS_NEW)
            .order_by(decisions.c.pk.desc())
            .limit(WAITS_LIMIT)
        )
        return [max((row.created_at - row.received_at).total_seconds(), 0.0) for row in rows]

    def _judged(self, made: ColumnElement[bool]) -> list[Judged]:
        rows = self._connection.execute(
            select(decisions.c.action, comments.c.verdict, comments.c.pk)
            .join(
                comments,
                and_(comments.c.pk == decisions.c.comment_pk, comments.c.decision_id == decisions.c.pk),
            )
            .where(
                made,
                decisions.c.who_kind != Who.MACHINE.value,
                decisions.c.action.in_([Action.APPROVE.value, Action.REJECT.value, Action.SPAM.value]),
                comments.c.verdict.is_not(None),
            )
            .order_by(decisions.c.pk.desc())
            .limit(JUDGED_LIMIT)
        )
        judged = [(Action(row.action), verdict_of(row.verdict), row.pk) for row in rows]
        return [Judged(verdict.scores, person, pk) for person, verdict, pk in judged if verdict]

    def _places(
        self, came: ColumnElement[bool], name: Any, table: Any, on: ColumnElement[bool]
    ) -> list[PlaceCount]:
        count = func.count().label("arrived")
        rows = self._connection.execute(
            select(
                func.min(name).label("name"),
                func.min(table.c.url).label("url"),
                func.min(comments.c.site_id).label("site_id"),
                count,
                func.sum(case((is_held, 1), else_=0)).label("held"),
            )
            .select_from(comments.join(table, on))
            .where(came)
            .group_by(table.c.pk)
            .order_by(count.desc(), table.c.pk)
            .limit(PLACES)
        ).all()
        known = select(sites.c.pk, sites.c.name).where(sites.c.pk.in_({row.site_id for row in rows}))
        names = {row.pk: row.name for row in self._connection.execute(known)}
        return [
            PlaceCount(names[row.site_id], row.name or row.url, row.url, row.arrived, int(row.held))
            for row in rows
        ]

    def _oldest(self, site_id: int | None) -> Row[Any, Any] | None:
        waiting = select(comments.c.pk, comments.c.received_at).where(is_held)
        if site_id is not None:
            waiting = waiting.where(comments.c.site_id == site_id)
        return self._connection.execute(waiting.order_by(comments.c.pk).limit(1)).first()

    def backlog(self, now: datetime) -> Backlog:
        row = self._read(BACKLOG, now=now).mappings().one()
        return Backlog(**row)

    def site_queues(self, limit: int = 1_000) -> list[SiteQueue]:
        """Return what waits of each site, in the order in which the sites were added."""
        return [SiteQueue(**row) for row in self._read(SITE_QUEUES, limit=limit).mappings()]
