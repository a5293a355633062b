"""Comments: one, a page, what readers see under an article; their arrival, revision and change of state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    RowMapping,
    Select,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from service.domain.comment import Comment, Draft
from service.domain.status import Status
from service.storage.articles import ArticleRepository, Said
from service.storage.bulk import rows_of
from service.storage.columns import to_json
from service.storage.comment_inserts import (
    Arrival,
    added_at_once,
    content_of,
    first_row,
    insert_comments,
    pending,
)
from service.storage.comment_moves import move_statement, move_values
from service.storage.comment_rows import (
    ARTICLES_AT,
    COMMENTS,
    PAGE_LIMIT,
    PUBLISHED,
    PUBLISHED_LATER,
    THREAD,
    THREAD_EARLIER,
    at,
    in_revision,
    joined,
    page_of,
)
from service.storage.records import IdempotencyKey, Move, Page
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of, verdict_text
from service.storage.schema import word
from service.storage.schema_comments import comments, contacts, idempotency_keys, is_live_pending, revisions
from service.storage.schema_moderation import cluster_members
from service.storage.sealed import SealedRepository

_BY_ID = COMMENTS.where(comments.c.site_id == bindparam("site_id"), comments.c.id == bindparam("comment_id"))
_BY_PK = COMMENTS.where(comments.c.pk == bindparam("pk"))
_BY_PKS = COMMENTS.where(comments.c.pk.in_(bindparam("pks", expanding=True)))
_LOCK_BY_ID = _BY_ID.with_for_update(of=comments)
_LOCK_BY_PKS = _BY_PKS.order_by(comments.c.pk).with_for_update(of=comments)
_KEYS = select(idempotency_keys).where(
    idempotency_keys.c.site_id == bindparam("site_id"),
    idempotency_keys.c.key.in_(bindparam("keys", expanding=True)),
)
_CORRECTED = ("author_name", "body", "parent_id", "submitted_at", "source", "signals")
_KEPT = [column.name for column in revisions.c if column.name != "comment_pk"]


class CommentRepository(Repository):
    """Comments: read, taken in, revised, and moved from one state to another."""

    def __init__(
        self, connection: Connection, writes: bool, articles: ArticleRepository, sealed: SealedRepository
    ) -> None:
        super().__init__(connection, writes)
        self._articles = articles
        self._sealed = sealed

    def get(self, site_id: int, comment_id: str, lock: bool = False) -> Comment | None:
        """Return one comment by the caller's id; `lock` keeps other writers from it until this transaction ends."""
        return self._first(joined, _LOCK_BY_ID if lock else _BY_ID, site_id=site_id, comment_id=comment_id)

    def by_pk(self, pk: int) -> Comment | None:
        return self._first(joined, _BY_PK, pk=pk)

    def by_pks(self, pks: Collection[int], lock: bool = False) -> dict[int, Comment]:
        """Return by pk those that there are; `lock` locks them in the order of pk, so that two never deadlock."""
        found = _LOCK_BY_PKS if lock else _BY_PKS
        return {one.pk: one for one in self._all(joined, found, pks=sorted(pks))} if pks else {}

    def lock(self, named: Collection[tuple[int, str]]) -> dict[tuple[int, str], Comment]:
        """Return by site and the caller's id those that there are, locked likewise."""
        if not named:
            return {}
        keys = to_json([{"site_id": site_id, "id": comment_id} for site_id, comment_id in named])
        found = self._all(joined, _lock_named(self._dialect), named=keys)
        return {(one.site_id, one.id): one for one in found}

    def page(
        self,
        site_id: int | None,
        *,
        status: Status | None = None,
        article_url: str | None = None,
        after: int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> Page:
        """Return a keyset page over `pk`; `site_id` None means every site (the desk)."""
        limit = max(1, min(limit, PAGE_LIMIT))
        found = page_of(site_id is not None, status, article_url is not None, after is not None, oldest_first)
        rows = self._all(joined, found, site_id=site_id, after=after, limit=limit + 1, **at(article_url))
        page = tuple(rows[:limit])
        return Page(page, page[-1].pk if len(rows) > limit else None)

    def count(self, site_id: int | None, status: Status) -> int:
        counted = select(func.count()).select_from(comments).where(comments.c.status == word(status.value))
        if site_id is not None:
            counted = counted.where(comments.c.site_id == site_id)
        return int(self._read(counted).scalar_one())

    def published(
        self, site_id: int, article_url: str, limit: int = PAGE_LIMIT, after: int = 0
    ) -> list[Comment]:
        """Return what readers see under the article, the first written first, each in its published revision.

        At most `limit` (1,001 at the most), those behind the comment with the pk `after`. Comments of compatibility
        APIs are shown by the system that asked, and never here: they may not be public there. Nor are imports under a
        private article.
        """
        limit = max(1, min(limit, PAGE_LIMIT + 1))
        rows = self._beyond(PUBLISHED, PUBLISHED_LATER, after or None, site_id, article_url, limit)
        found = (in_revision(row, row["published_revision"]) for row in rows)
        return [comment for comment in found if comment]

    def thread(
        self, site_id: int, article_url: str, before: int | None = None, limit: int = 50
    ) -> list[Comment]:
        """Return comments of the article in any state, the latest written first; those written before that pk's."""
        limit = max(1, min(limit, PAGE_LIMIT))
        rows = self._beyond(THREAD, THREAD_EARLIER, before, site_id, article_url, limit)
        return [joined(row) for row in rows]

    def _beyond(
        self, first: Select[Any], later: Select[Any], after: int | None, site_id: int, url: str, limit: int
    ) -> Iterable[RowMapping]:
        """Read a page by date: the first, or the one that begins beyond a comment; none where that is not there."""
        given = {"site_id": site_id, "limit": limit, **at(url)}
        if after is None:
            return self._read(first, **given).mappings()
        written = select(comments.c.submitted_at).where(comments.c.pk == after)
        since = self._read(written).scalar_one_or_none()
        return self._read(later, **given, since=since, after=after).mappings() if since else ()

    def by_ids(self, site_id: int, ids: Iterable[str]) -> dict[str, Comment]:
        """Return the site's comments with these ids."""
        wanted = set(ids)
        found = COMMENTS.where(comments.c.site_id == site_id, comments.c.id.in_(wanted))
        return {one.id: one for one in self._all(joined, found)} if wanted else {}

    def late(
        self, site_id: int, received_before: datetime, limit: int, article_url: str | None = None
    ) -> list[Comment]:
        """Return live pending comments received before that moment, oldest first; of one article where it is named."""
        of_site = comments.c.site_id == site_id, is_live_pending
        found = COMMENTS.where(*of_site, comments.c.received_at < received_before)
        if article_url is not None:
            found = found.where(comments.c.article_pk.in_(ARTICLES_AT))
        ordered = found.order_by(comments.c.received_at, comments.c.pk)
        return self._all(joined, ordered.limit(max(1, min(limit, PAGE_LIMIT))), **at(article_url))

    def idempotency_keys(self, site_id: int, keys: Sequence[str]) -> dict[str, IdempotencyKey]:
        """Return those of the keys that were used."""
        found = self._read(_KEYS, site_id=site_id, keys=keys).mappings() if keys else ()
        return {row["key"]: record_of(IdempotencyKey, row) for row in found}

    def add_idempotency_keys(self, site_id: int, keys: Sequence[IdempotencyKey], now: datetime) -> set[str]:
        """Store the keys and return those that are new; one that another transaction stored meanwhile is left out."""
        ordered = sorted(keys, key=lambda key: key.key)
        rows = [{"site_id": site_id, "created_at": now, **values_of(key)} for key in ordered]
        self._add(idempotency_keys, rows, unique=("site_id", "key"))
        stored = self.idempotency_keys(site_id, [key.key for key in keys])
        return {key.key for key in keys if stored.get(key.key) == key}

    def add(self, site_id: int, drafts: Sequence[Draft], now: datetime) -> dict[str, Comment]:
        """Insert the drafts (distinct ids) as pending revision 1; an id that exists already is left out of the answer.

        Sealed boxes and originals are stored with them; the articles are made or completed on the way.
        """
        self._must_write()
        if not drafts:
            return {}
        found = self._articles.store(site_id, [_said(draft) for draft in drafts])
        rows = [
            {**first_row(site_id, draft, now), "article_pk": found[draft.article.identity][0]}
            for draft in drafts
        ]
        pks = insert_comments(self._connection, rows)
        added = {
            draft.id: pending(pks[draft.id], site_id, draft, found[draft.article.identity][1], now)
            for draft in drafts
            if draft.id in pks
        }
        self._sealed.add((added[draft.id], draft) for draft in drafts if draft.id in added)
        return added

    def set_signals(self, pk: int, signals: Mapping[str, object]) -> None:
        """Put these in the place of the comment's signals: what is known of it besides its text."""
        self._change(pk, signals=dict(signals))

    def correct(self, comment: Comment) -> Comment:
        """Store what is known anew of the comment: parent, moment, source, signals, and how its text is set."""
        known = {name: getattr(comment, name) for name in _CORRECTED}
        self._change(comment.pk, verdict=verdict_text(comment.verdict), **known)
        self._articles.judge_closed_again(comments.c.pk == comment.pk)
        return comment

    def _change(self, pk: int, **values: Any) -> None:
        self._write(update(comments).where(comments.c.pk == pk).values(values))

    def add_at_once(self, arrivals: Sequence[Arrival]) -> dict[tuple[int, str], Comment]:
        """Insert drafts, distinct by site and id, in a single statement on PostgreSQL; no transaction is needed.

        Left out of the answer is what `comment_inserts.added_at_once` leaves out, and what has encrypted originals.
        """
        self._must_write()
        plain = [one for one in arrivals if not one[1].originals]
        return added_at_once(self._connection, plain) if plain else {}

    def revise(self, current: Comment, draft: Draft, now: datetime, keep_published: bool) -> Comment | None:
        """Make `draft` the next revision of `current`, pending; the old text moves to the revisions.

        `keep_published` leaves what readers see as it is. None when `current` is no longer the stored revision.
        """
        stands = comments.c.pk == current.pk, comments.c.revision == current.revision
        is_final = comments.c.status.in_([word("withdrawn"), word("erased")])
        locked = select(comments.c.pk).where(*stands, ~is_final).with_for_update()
        if self._write(locked).first() is None:
            return None
        article_pk, article = self._articles.store(current.site_id, [_said(draft)])[draft.article.identity]
        text = select(comments.c.pk, *(comments.c[name] for name in _KEPT)).where(comments.c.pk == current.pk)
        self._write(insert(revisions).from_select(["comment_pk", *_KEPT], text))
        self._write(delete(cluster_members).where(cluster_members.c.comment_pk == current.pk))
        revised = replace(
            pending(current.pk, current.site_id, draft, article, now),
            id=current.id,
            revision=current.revision + 1,
            published_revision=current.published_revision if keep_published else None,
        )
        self._change(
            current.pk,
            revision=revised.revision,
            status=Status.PENDING,
            attempts=0,
            lease_until=None,
            rescore=None,
            decided_at=None,
            decision_id=None,
            verdict=None,
            published_revision=revised.published_revision,
            article_pk=article_pk,
            **content_of(draft, now),
        )
        if draft.box is not None:
            self._write(delete(contacts).where(contacts.c.comment_pk == current.pk))
        self._sealed.add([(revised, draft)])
        return revised

    def move(self, moves: Sequence[Move]) -> set[int]:
        """Compare and swap each; return the pks that moved. A moved comment's lease ends."""
        if not moves:
            return set()
        return set(
            self._write(
                move_statement(self._dialect), moves=to_json([move_values(move) for move in moves])
            ).scalars()
        )


@cache
def _lock_named(dialect: str) -> Select[Any]:
    wanted = rows_of("named", dialect, site_id=BigInteger, id=Text)
    its_name = and_(comments.c.site_id == wanted.c.site_id, comments.c.id == wanted.c.id)
    return COMMENTS.join(wanted, its_name).order_by(comments.c.pk).with_for_update(of=comments)


def _said(draft: Draft) -> Said:
    return draft.article, draft.is_latest
