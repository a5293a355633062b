"""Authors, known by their keys: their past on a site and their status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Select,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    union,
    union_all,
    update,
)

from service.domain.author_status import AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.desk_records import History
from service.domain.status import Status
from service.storage.columns import Instant
from service.storage.comment_rows import COMMENTS, joined
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of
from service.storage.schema import word
from service.storage.schema_comments import comments, has_author, is_published, revisions
from service.storage.schema_moderation import author_statuses, is_present

_KEYS: BindParameter[Any] = bindparam("author_keys", expanding=True)
_OF_SITE = comments.c.site_id == bindparam("site_id")
_WRITTEN = case(
    (comments.c.submitted_at < comments.c.received_at, comments.c.submitted_at), else_=comments.c.received_at
)
"""When a comment was written: one of an archive long before it came, and none in the future."""
_COUNTED = (
    select(
        comments.c.author_key,
        comments.c.status,
        func.count().label("number"),
        func.min(_WRITTEN, type_=Instant).label("first"),
    )
    .where(_OF_SITE, comments.c.author_key.in_(_KEYS), has_author)
    .group_by(comments.c.author_key, comments.c.status)
)
_STATUSES = select(author_statuses).where(
    author_statuses.c.site_id == bindparam("site_id"),
    author_statuses.c.author_key.in_(_KEYS),
    is_present,
    or_(author_statuses.c.until.is_(None), author_statuses.c.until > bindparam("now", type_=Instant)),
)
_APPROVED = (
    select(comments.c.author_key)
    .where(
        _OF_SITE,
        comments.c.author_key.in_(_KEYS),
        has_author,
        comments.c.status == word("approved"),
        is_published,  # an approval that is not published yet does not count
    )
    .distinct()
)


class AuthorRepository(Repository):
    """Authors, known by their keys: their comments and their status on a site."""

    def histories(self, site_id: int, author_keys: Iterable[str]) -> dict[str, History]:
        keys = sorted(set(author_keys))
        firsts: dict[str, datetime] = {}
        counts: dict[str, dict[Status, int]] = {}
        for row in self._read(_COUNTED, site_id=site_id, author_keys=keys) if keys else ():
            firsts[row.author_key] = min(row.first, firsts.get(row.author_key, row.first))
            counts.setdefault(row.author_key, {})[row.status] = row.number
        return {key: History(counts[key], firsts[key]) for key in counts}

    def comments(self, site_id: int, author_key: str, before: int | None, limit: int) -> list[Comment]:
        """Return the author's comments on the site, newest first."""
        values = {"site_id": site_id, "author_key": author_key, "limit": limit}
        if before is not None:
            values["before"] = before
        return self._all(joined, _by_author(before is not None), **values)

    def set_status(self, entry: AuthorStatusEntry) -> AuthorStatusEntry:
        """Replace the author's status, and return the new entry with its id."""
        self.end_status(entry.site_id, entry.author_key, entry.created_at)
        new = insert(author_statuses).returning(author_statuses.c.pk)
        return replace(entry, id=self._write(new, **values_of(entry, "id")).scalar_one())

    def end_status(self, site_id: int, author_key: str, now: datetime) -> bool:
        theirs = author_statuses.c.site_id == site_id, author_statuses.c.author_key == author_key
        return (
            self._write(update(author_statuses).where(*theirs, is_present).values(ended_at=now)).rowcount > 0
        )

    def statuses(
        self, site_id: int, author_keys: Iterable[str], now: datetime
    ) -> dict[str, AuthorStatusEntry]:
        """Return the statuses in force now, by author key."""
        keys = sorted(set(author_keys))
        if not keys:
            return {}
        rows = self._read(_STATUSES, site_id=site_id, author_keys=keys, now=now).mappings()
        return {row["author_key"]: record_of(AuthorStatusEntry, row) for row in rows}

    def known(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        """Return those author keys under which the site has comments or an author status."""
        keys = set(author_keys)
        found = [
            select(table.c.author_key).where(table.c.site_id == site_id, table.c.author_key.in_(keys))
            for table in (comments, author_statuses)
        ]
        return set(self._read(union(found[0].where(has_author), found[1])).scalars()) if keys else set()

    def rekey(self, site_id: int, keys: Mapping[str, str]) -> int:
        """Replace each old author key in comments, revisions and author statuses by its new one; return how many."""
        other = author_statuses.alias()
        changed = 0
        for old, new in sorted(keys.items()):
            has_new = exists().where(
                other.c.site_id == site_id, other.c.author_key == new, other.c.ended_at.is_(None)
            )
            of_site = (
                update(comments).where(comments.c.site_id == site_id),
                # an author key is made for one site, so that no other site's revisions can be meant
                update(revisions),
                update(author_statuses).where(
                    author_statuses.c.site_id == site_id, or_(~is_present, ~has_new)
                ),
            )
            for theirs in of_site:
                moved = theirs.where(theirs.table.c.author_key == old).values(author_key=new)
                changed += self._write(moved).rowcount
        return changed

    def with_approved(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        """Return those author keys that have an approved comment on this site."""
        keys = sorted(set(author_keys))
        return set(self._read(_APPROVED, site_id=site_id, author_keys=keys).scalars()) if keys else set()


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
