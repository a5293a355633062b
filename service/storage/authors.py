"""Authors in SQL: their past on a site, where they stand, and the saved views of those who look."""

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
    func,
    insert,
    or_,
    select,
    union,
    union_all,
    update,
)

from service.domain.author_status import AuthorStatus, AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.desk import History
from service.domain.status import Status
from service.storage.columns import Instant
from service.storage.comment_rows import (
    COMMENTS,
    joined,
)
from service.storage.comment_tables import (
    comments,
    has_author,
    revisions,
)
from service.storage.desk_tables import author_statuses, is_present
from service.storage.repository import Repository
from service.storage.schema import word

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
_AUTHOR_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_KNOWN = union(
    select(comments.c.author_key)
    .where(comments.c.site_id == bindparam("of_site"), comments.c.author_key.in_(_AUTHOR_KEYS), has_author)
    .distinct(),
    select(author_statuses.c.author_key).where(
        author_statuses.c.site_id == bindparam("of_site"), author_statuses.c.author_key.in_(_AUTHOR_KEYS)
    ),
)
_OLD_AUTHOR: BindParameter[Any] = bindparam("old")
_COMMENTS_ANEW = (
    update(comments)
    .where(comments.c.site_id == bindparam("of_site"), comments.c.author_key == _OLD_AUTHOR)
    .values(author_key=bindparam("anew"))
)
_REVISIONS = update(revisions).where(revisions.c.author_key == _OLD_AUTHOR)
_REVISIONS_ANEW = _REVISIONS.values(author_key=bindparam("anew"))
_other = author_statuses.alias()
_STATUSES_ANEW = (
    update(author_statuses)
    .where(
        author_statuses.c.site_id == bindparam("of_site"),
        author_statuses.c.author_key == _OLD_AUTHOR,
        or_(
            author_statuses.c.ended_at.is_not(None),
            ~select(_other.c.pk)
            .where(
                _other.c.site_id == bindparam("of_site"),
                _other.c.author_key == bindparam("anew"),
                _other.c.ended_at.is_(None),
            )
            .exists(),
        ),
    )
    .values(author_key=bindparam("anew"))
)
_APPROVED_AUTHORS = (
    select(comments.c.author_key)
    .where(
        comments.c.site_id == bindparam("site_id"),
        comments.c.author_key.in_(bindparam("author_keys", expanding=True)),
        comments.c.author_key.is_not(None),
        comments.c.status == word("approved"),
        comments.c.published_revision.is_not(
            None
        ),  # an approval that still waits to leave does not count yet
    )
    .distinct()
)


class AuthorRepository(Repository):
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

    def comments(self, site_id: int, author_key: str, before: int | None, limit: int) -> list[Comment]:
        """Return the author's comments on the site, newest first."""
        values: dict[str, Any] = {"site_id": site_id, "author_key": author_key, "limit": limit}
        if before is not None:
            values["before"] = before
        return [joined(row) for row in self._read(_by_author(before is not None), **values).mappings()]

    def set_status(self, entry: AuthorStatusEntry) -> AuthorStatusEntry:
        """Replace the author's status, and return the new entry with its id."""
        self.end_status(entry.site_id, entry.author_key, entry.created_at)
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

    def end_status(self, site_id: int, author_key: str, now: datetime) -> bool:
        return self._write(_END, of_site=site_id, key=author_key, now=now).rowcount > 0

    def statuses(
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

    def known(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        """Return those author keys under which the site has comments or an author status."""
        keys = sorted(set(author_keys))
        return set(self._read(_KNOWN, of_site=site_id, keys=keys).scalars()) if keys else set()

    def rekey(self, site_id: int, keys: Mapping[str, str]) -> int:
        """Replace each old author key in comments, revisions and author statuses by its new one; return how many."""
        changed = 0
        for old, new in sorted(keys.items()):
            changed += self._write(_COMMENTS_ANEW, of_site=site_id, old=old, anew=new).rowcount
            # an author key is made for one site, so that no other site's revisions can be meant
            changed += self._write(_REVISIONS_ANEW, old=old, anew=new).rowcount
            changed += self._write(_STATUSES_ANEW, of_site=site_id, old=old, anew=new).rowcount
        return changed

    def with_approved(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        """Return those author keys that have an approved comment on this site."""
        keys = sorted(set(author_keys))
        if not keys:
            return set()
        return set(self._read(_APPROVED_AUTHORS, site_id=site_id, author_keys=keys).scalars())


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
