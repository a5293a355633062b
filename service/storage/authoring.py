"""Authors in SQL: their past on a site, where they stand, and the saved views of those who look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Executable,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)

from service.domain.author_status import AuthorStatus, AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.desk import History, View
from service.domain.status import Status
from service.storage.bulk import insert_into
from service.storage.columns import Instant
from service.storage.comment_tables import comments, has_author
from service.storage.desk_tables import author_statuses, is_present, views
from service.storage.part import Part
from service.storage.reading import COMMENTS, joined
from service.storage.schema import word

VIEWS_KEPT = 20
_KEYS: BindParameter[Any] = bindparam("author_keys", expanding=True)
_OF_SITE = comments.c.site_id == bindparam("site_id")
_COUNTED = (
    select(
        comments.c.author_key,
        comments.c.status,
        func.count().label("number"),
        func.min(comments.c.pk).label("first"),
    )
    .where(_OF_SITE, comments.c.author_key.in_(_KEYS), has_author)
    .group_by(comments.c.author_key, comments.c.status)
)
_RECEIVED = select(comments.c.pk, comments.c.received_at).where(
    comments.c.pk.in_(bindparam("pks", expanding=True))
)
_NAMED = COMMENTS.where(_OF_SITE, comments.c.id.in_(bindparam("ids", expanding=True)))
_END = (
    update(author_statuses)
    .where(
        author_statuses.c.site_id == bindparam("of_site"),
        author_statuses.c.author_key == bindparam("key"),
        is_present,
    )
    .values(ended_at=bindparam("now"))
)
_AUTHOR_STATUSES = select(author_statuses).where(
    author_statuses.c.site_id == bindparam("site_id"),
    author_statuses.c.author_key.in_(_KEYS),
    is_present,
    or_(author_statuses.c.until.is_(None), author_statuses.c.until > bindparam("now", type_=Instant)),
)
_VIEWS = (
    select(views.c.pk, views.c.name, views.c.query)
    .where(views.c.moderator_id == bindparam("by"))
    .order_by(views.c.pk.desc())
)
_DROP_VIEWS = delete(views).where(
    views.c.moderator_id == bindparam("by"), views.c.pk.in_(bindparam("pks", expanding=True))
)


class AuthorsPart(Part):
    """The verbs about authors and views."""

    def histories(self, site_id: int, author_keys: Iterable[str]) -> dict[str, History]:
        keys = sorted(set(author_keys))
        rows = self._read(_COUNTED, site_id=site_id, author_keys=keys).all() if keys else []
        firsts: dict[str, int] = {}
        counts: dict[str, dict[Status, int]] = {}
        for row in rows:
            firsts[row.author_key] = min(row.first, firsts.get(row.author_key, row.first))
            counts.setdefault(row.author_key, {})[Status(row.status)] = row.number
        seen = (
            {row.pk: row.received_at for row in self._read(_RECEIVED, pks=sorted(firsts.values()))}
            if firsts
            else {}
        )
        return {key: History(counts[key], seen.get(firsts[key])) for key in counts}

    def by_author(self, site_id: int, author_key: str, before: int | None, limit: int) -> list[Comment]:
        """Return the author's comments on the site, newest first."""
        values: dict[str, Any] = {"site_id": site_id, "author_key": author_key, "limit": limit}
        if before is not None:
            values["before"] = before
        return [joined(row) for row in self._read(_by_author(before is not None), **values).mappings()]

    def named(self, site_id: int, ids: Iterable[str]) -> dict[str, Comment]:
        """Return the site's comments with these ids."""
        wanted = sorted(set(ids))
        rows = self._read(_NAMED, site_id=site_id, ids=wanted).mappings() if wanted else ()
        return {row["id"]: joined(row) for row in rows}

    def set_author_status(self, entry: AuthorStatusEntry) -> AuthorStatusEntry:
        """Replace the author's status, and return the new entry with its id."""
        self.end_author_status(entry.site_id, entry.author_key, entry.created_at)
        added = self._write(
            insert(author_statuses).returning(author_statuses.c.pk),
            site_id=entry.site_id,
            author_key=entry.author_key,
            status=entry.status.value,
            reason=entry.reason,
            who=entry.who,
            created_at=entry.created_at,
            until=entry.until,
        )
        return replace(entry, id=added.scalar_one())

    def end_author_status(self, site_id: int, author_key: str, now: datetime) -> bool:
        return self._write(_END, of_site=site_id, key=author_key, now=now).rowcount > 0

    def author_statuses(
        self, site_id: int, author_keys: Iterable[str], now: datetime
    ) -> dict[str, AuthorStatusEntry]:
        """Return the statuses in force now, by author key."""
        keys = sorted(set(author_keys))
        rows = self._read(_AUTHOR_STATUSES, site_id=site_id, author_keys=keys, now=now) if keys else ()
        return {
            row.author_key: AuthorStatusEntry(
                site_id=row.site_id,
                author_key=row.author_key,
                status=AuthorStatus(row.status),
                who=row.who,
                created_at=row.created_at,
                reason=row.reason,
                until=row.until,
                id=row.pk,
            )
            for row in rows
        }

    def add_view(self, moderator_id: int, name: str, query: str, now: datetime) -> None:
        """Keep a view, in the place of one of the same name; at most 20 a moderator, the oldest give way."""
        self._write(
            _add_view(self._dialect), moderator_id=moderator_id, name=name, query=query, created_at=now
        )
        pks = [row.pk for row in self._read(_VIEWS, by=moderator_id)]
        if len(pks) > VIEWS_KEPT:
            self._write(_DROP_VIEWS, by=moderator_id, pks=pks[VIEWS_KEPT:])

    def views(self, moderator_id: int) -> list[View]:
        rows = self._read(_VIEWS, by=moderator_id)
        return sorted((View(row.pk, row.name, row.query) for row in rows), key=lambda view: view.name)

    def drop_view(self, moderator_id: int, view_id: int) -> None:
        self._write(_DROP_VIEWS, by=moderator_id, pks=[view_id])


@cache
def _by_author(before: bool) -> Select[Any]:
    """Take the newest of each status by the index, then the newest of those: no sort of a prolific author's life."""
    found = []
    for status in Status:
        newest = select(comments.c.pk).where(
            _OF_SITE,
            comments.c.author_key == bindparam("author_key"),
            has_author,
            comments.c.status == word(status.value),
        )
        if before:
            newest = newest.where(comments.c.pk < bindparam("before"))
        ordered = newest.order_by(comments.c.pk.desc()).limit(bindparam("limit")).subquery()
        found.append(select(ordered.c.pk))
    return (
        COMMENTS.where(comments.c.pk.in_(union_all(*found)))
        .order_by(comments.c.pk.desc())
        .limit(bindparam("limit"))
    )


@cache
def _add_view(dialect: str) -> Executable:
    new = insert_into(views, dialect)
    return new.on_conflict_do_update(
        index_elements=["moderator_id", "name"], set_={"query": new.excluded.query}
    )
