"""Reading comments: one, a keyset page, what readers see under an article, and what is sealed beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Executable,
    RowMapping,
    Select,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from service.domain.comment import Comment, Draft
from service.domain.status import Status
from service.storage.articles import ArticleRepository, Said
from service.storage.bulk import POSTGRESQL, insert_into, insert_rows, rows_of, rows_text
from service.storage.cluster_tables import cluster_members
from service.storage.columns import Instant, to_json
from service.storage.comment_inserts import Arrival, added_at_once, content_of, first_row, pending
from service.storage.comment_moves import move_statement, move_values
from service.storage.comment_rows import (
    ARTICLE_BY_KEY,
    ARTICLES_AT,
    COMMENTS,
    PAGE_LIMIT,
    TEXTS,
    at,
    in_revision,
    joined,
)
from service.storage.comment_tables import (
    articles,
    comments,
    contacts,
    idempotency_keys,
    is_live_pending,
    is_published,
    originals,
    revisions,
)
from service.storage.records import IdempotencyKey, Move, Page
from service.storage.repository import ONE, Repository
from service.storage.schema import word

_BY_ID = COMMENTS.where(comments.c.site_id == bindparam("site_id"), comments.c.id == bindparam("comment_id"))
_BY_PK = COMMENTS.where(comments.c.pk == bindparam("pk"))
_LOCK_BY_ID = _BY_ID.with_for_update(of=comments)
_BY_PKS = COMMENTS.where(comments.c.pk.in_(bindparam("pks", expanding=True)))
_LOCK_BY_PKS = _BY_PKS.order_by(comments.c.pk).with_for_update(of=comments)
_ARTICLE_PK = ARTICLE_BY_KEY.where(articles.c.site_id == bindparam("site_id")).limit(ONE).scalar_subquery()
_PUBLISHED = (
    COMMENTS.add_columns(*TEXTS)
    .outerjoin(
        revisions,
        and_(
            revisions.c.comment_pk == comments.c.pk,
            revisions.c.revision == comments.c.published_revision,
        ),
    )
    .where(
        comments.c.article_pk == _ARTICLE_PK,
        is_published,
        comments.c.source != word("compat"),
        or_(~articles.c.private, comments.c.source != word("import")),
    )
    .order_by(comments.c.submitted_at, comments.c.pk)
    .limit(bindparam("limit"))
)
_SINCE: BindParameter[Any] = bindparam("since", type_=Instant)
_AFTER: BindParameter[Any] = bindparam("after")
_PUBLISHED_LATER = _PUBLISHED.where(
    comments.c.submitted_at >= _SINCE, or_(comments.c.submitted_at > _SINCE, comments.c.pk > _AFTER)
)
_THREAD = (
    COMMENTS.where(comments.c.article_pk == _ARTICLE_PK)
    .order_by(comments.c.submitted_at.desc(), comments.c.pk.desc())
    .limit(bindparam("limit"))
)
_THREAD_EARLIER = _THREAD.where(
    comments.c.submitted_at <= _SINCE, or_(comments.c.submitted_at < _SINCE, comments.c.pk < _AFTER)
)
_WRITTEN_AT = select(comments.c.submitted_at).where(comments.c.pk == _AFTER)
_BY_IDS = COMMENTS.where(
    comments.c.site_id == bindparam("site_id"), comments.c.id.in_(bindparam("ids", expanding=True))
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
_KEYS = select(
    idempotency_keys.c.key,
    idempotency_keys.c.comment_pk,
    idempotency_keys.c.revision,
    idempotency_keys.c.request_hash,
).where(
    idempotency_keys.c.site_id == bindparam("site_id"),
    idempotency_keys.c.key.in_(bindparam("keys", expanding=True)),
)
_NEXT_PKS = text("SELECT nextval('comments_pk_seq') FROM generate_series(1, :count)")
_FORGET_BOX = delete(contacts).where(contacts.c.comment_pk == bindparam("comment_pk"))
_LOCK_REVISION = (
    select(comments.c.pk)
    .where(
        comments.c.pk == bindparam("comment_pk"),
        comments.c.revision == bindparam("seen"),
        comments.c.status.not_in([word("withdrawn"), word("erased")]),
    )
    .with_for_update()
)
_KEPT = [column for column in revisions.c if column.name != "comment_pk"]
_KEEP_REVISION = insert(revisions).from_select(
    ["comment_pk", *(column.name for column in _KEPT)],
    select(comments.c.pk, *(comments.c[column.name] for column in _KEPT)).where(
        comments.c.pk == bindparam("comment_pk")
    ),
)
_REVISE = update(comments).where(comments.c.pk == bindparam("comment_pk"))
_LEAVE_CLUSTER = delete(cluster_members).where(cluster_members.c.comment_pk == bindparam("comment_pk"))
_NOTE = _REVISE.values(signals=bindparam("noted", type_=comments.c.signals.type))


class CommentRepository(Repository):
    """The verbs that read comments."""

    def __init__(self, connection: Connection, writes: bool, articles: ArticleRepository) -> None:
        super().__init__(connection, writes)
        self._articles = articles

    def get(self, site_id: int, comment_id: str, lock: bool = False) -> Comment | None:
        """Return one comment by the caller's id; `lock` keeps other writers from it until this transaction ends."""
        statement = _LOCK_BY_ID if lock else _BY_ID
        return _first(self._read(statement, site_id=site_id, comment_id=comment_id).mappings().first())

    def by_pk(self, pk: int) -> Comment | None:
        return _first(self._read(_BY_PK, pk=pk).mappings().first())

    def by_pks(self, pks: Collection[int], lock: bool = False) -> dict[int, Comment]:
        """Return by pk those that there are; `lock` locks them in the order of pk, so that two never deadlock."""
        rows = self._read(_LOCK_BY_PKS if lock else _BY_PKS, pks=sorted(pks)).mappings() if pks else ()
        return {row["pk"]: joined(row) for row in rows}

    def lock(self, named: Collection[tuple[int, str]]) -> dict[tuple[int, str], Comment]:
        """Return by site and the caller's id those that there are, locked likewise."""
        if not named:
            return {}
        keys = to_json([{"site_id": site_id, "id": comment_id} for site_id, comment_id in named])
        rows = self._read(_lock_named(self._dialect), named=keys).mappings()
        return {(row["site_id"], row["id"]): joined(row) for row in rows}

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
        statement = _page(
            site_id is not None, status, article_url is not None, after is not None, oldest_first
        )
        values: dict[str, Any] = {
            "site_id": site_id,
            "after": after,
            "limit": limit + 1,
            **at(article_url),
        }
        given = {name: value for name, value in values.items() if value is not None}
        found = [joined(row) for row in self._read(statement, **given).mappings()]
        page = tuple(found[:limit])
        return Page(page, page[-1].pk if len(found) > limit else None)

    def count(self, site_id: int | None, status: Status) -> int:
        values = {} if site_id is None else {"site_id": site_id}
        return int(self._read(_count(site_id is not None, status), **values).scalar_one())

    def published(
        self, site_id: int, article_url: str, limit: int = PAGE_LIMIT, after: int = 0
    ) -> list[Comment]:
        """Return what readers see under the article, the first written first, each in its published revision.

        At most `limit` (1,001 at the most), those behind the comment with the pk `after`. Comments of compatibility
        APIs are shown by the system that asked, and never here: they may not be public there. Nor are imports under a
        private article.
        """
        limit = max(1, min(limit, PAGE_LIMIT + 1))
        rows = self._beyond(_PUBLISHED, _PUBLISHED_LATER, after or None, site_id, article_url, limit)
        found = (in_revision(row, row["published_revision"]) for row in rows)
        return [comment for comment in found if comment]

    def thread(
        self, site_id: int, article_url: str, before: int | None = None, limit: int = 50
    ) -> list[Comment]:
        """Return comments of the article in any state, the latest written first; those written before that pk's."""
        limit = max(1, min(limit, PAGE_LIMIT))
        rows = self._beyond(_THREAD, _THREAD_EARLIER, before, site_id, article_url, limit)
        return [joined(row) for row in rows]

    def _beyond(
        self, first: Select[Any], later: Select[Any], after: int | None, site_id: int, url: str, limit: int
    ) -> Iterable[RowMapping]:
        """Read a page by date: the first, or the one that begins beyond a comment; none where that is not there."""
        given = {"site_id": site_id, "limit": limit, **at(url)}
        if after is None:
            return self._read(first, **given).mappings()
        since = self._read(_WRITTEN_AT, after=after).scalar_one_or_none()
        return self._read(later, **given, since=since, after=after).mappings() if since else ()

    def by_ids(self, site_id: int, ids: Iterable[str]) -> dict[str, Comment]:
        """Return the site's comments with these ids."""
        wanted = sorted(set(ids))
        rows = self._read(_BY_IDS, site_id=site_id, ids=wanted).mappings() if wanted else ()
        return {row["id"]: joined(row) for row in rows}

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

    def idempotency_keys(self, site_id: int, keys: Sequence[str]) -> dict[str, IdempotencyKey]:
        rows = self._read(_KEYS, site_id=site_id, keys=list(keys)) if keys else ()
        return {
            row.key: IdempotencyKey(row.key, row.comment_pk, row.revision, row.request_hash) for row in rows
        }

    def add_idempotency_keys(self, site_id: int, keys: Sequence[IdempotencyKey], now: datetime) -> set[str]:
        """Keep the keys and return those that are new; one that another transaction kept meanwhile is left out."""
        self._add(
            idempotency_keys,
            [
                {
                    "site_id": site_id,
                    "key": key.key,
                    "comment_pk": key.comment_pk,
                    "revision": key.revision,
                    "request_hash": key.request_hash,
                    "created_at": now,
                }
                for key in sorted(keys, key=lambda key: key.key)
            ],
            unique=("site_id", "key"),
        )
        kept = self.idempotency_keys(site_id, [key.key for key in keys])
        return {key.key for key in keys if kept.get(key.key) == key}

    def add(self, site_id: int, drafts: Sequence[Draft], now: datetime) -> dict[str, Comment]:
        """Insert the drafts (distinct ids) as pending revision 1; an id that exists already is left out of the answer.

        Sealed boxes and originals are stored with them; the articles are made or completed on the way.
        """
        if not drafts:
            return {}
        found = self._articles.store(site_id, [_said(draft) for draft in drafts])
        rows = [
            {**first_row(site_id, draft, now), "article_pk": found[draft.article.identity][0]}
            for draft in drafts
        ]
        placed = self._insert_comments(rows)
        added = {
            draft.id: pending(placed[draft.id], site_id, draft, found[draft.article.identity][1], now)
            for draft in drafts
            if draft.id in placed
        }
        self._add_sealed((added[draft.id], draft) for draft in drafts if draft.id in added)
        return added

    def set_signals(self, pk: int, signals: Mapping[str, object]) -> None:
        """Put these in the place of the comment's signals: what is known of it besides its text."""
        self._write(_NOTE, comment_pk=pk, noted=dict(signals))

    def add_at_once(self, arrivals: Sequence[Arrival]) -> dict[tuple[int, str], Comment]:
        """Insert drafts, distinct by site and id, in a single statement on PostgreSQL; no transaction is needed.

        Left out of the answer is what `arriving.added_at_once` leaves out, and what has encrypted originals.
        """
        self._must_write()
        plain = [one for one in arrivals if not one[1].originals]
        return added_at_once(self._connection, plain) if plain else {}

    def _insert_comments(self, rows: list[dict[str, Any]]) -> dict[str, int]:
        """Insert what is new and return its pks by id.

        On PostgreSQL a batch is inserted in the order of ids, so that two batches with the same ids wait for each other
        and never in a circle; pks taken beforehand keep the caller's order.
        """
        self._must_write()
        if len(rows) > 1 and self._dialect == POSTGRESQL:
            pks = self._connection.scalars(_NEXT_PKS, {"count": len(rows)}).all()
            rows = [{**row, "pk": pk} for row, pk in zip(rows, sorted(pks), strict=True)]
            rows.sort(key=lambda row: str(row["id"]))
            values = {"rows": rows_text(comments, rows)}
            inserted = self._connection.execute(_add_batch(tuple(rows[0])), values)
        else:
            inserted = self._connection.execute(_add_comments(self._dialect), rows)
        return {row.id: row.pk for row in inserted}

    def _add_sealed(self, pairs: Iterable[tuple[Comment, Draft]]) -> None:
        boxes, sealed = [], []
        for comment, draft in pairs:
            if draft.box is not None:
                boxes.append({"comment_pk": comment.pk, "box": draft.box})
            sealed += [
                {
                    "comment_pk": comment.pk,
                    "revision": comment.revision,
                    "field": original.field,
                    "ciphertext": original.ciphertext,
                }
                for original in draft.originals
            ]
        self._add(contacts, boxes)
        self._add(originals, sealed)

    def revise(self, current: Comment, draft: Draft, now: datetime, keep_published: bool) -> Comment | None:
        """Make `draft` the next revision of `current`, pending; the old text moves to the revisions.

        `keep_published` leaves what readers see as it is. None when `current` is no longer the stored revision.
        """
        locked = self._write(_LOCK_REVISION, comment_pk=current.pk, seen=current.revision).first()
        if locked is None:
            return None
        article_pk, article = self._articles.store(current.site_id, [_said(draft)])[draft.article.identity]
        self._write(_KEEP_REVISION, comment_pk=current.pk)
        self._write(_LEAVE_CLUSTER, comment_pk=current.pk)
        published = current.published_revision if keep_published else None
        self._write(
            _REVISE,
            comment_pk=current.pk,
            revision=current.revision + 1,
            status=Status.PENDING.value,
            attempts=0,
            lease_until=None,
            rescore=None,
            decided_at=None,
            decision_id=None,
            verdict=None,
            published_revision=published,
            article_pk=article_pk,
            **content_of(draft, now),
        )
        revised = replace(
            pending(current.pk, current.site_id, draft, article, now),
            id=current.id,
            revision=current.revision + 1,
            published_revision=published,
        )
        if draft.box is not None:
            self._write(_FORGET_BOX, comment_pk=current.pk)
        self._add_sealed([(revised, draft)])
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


@cache
def _page(
    by_site: bool, status: Status | None, by_article: bool, after: bool, oldest_first: bool
) -> Select[Any]:
    """Build each form of the statement once; the status is a literal, so that the index of held rows fits."""
    statement = COMMENTS
    if by_article and by_site:
        statement = statement.where(comments.c.article_pk == _ARTICLE_PK)
    elif by_article:
        statement = statement.where(comments.c.article_pk.in_(ARTICLES_AT))
    elif by_site:
        statement = statement.where(comments.c.site_id == bindparam("site_id"))
    if status is not None:
        statement = statement.where(comments.c.status == word(status.value))
    if after:
        beyond: BindParameter[int] = bindparam("after")
        statement = statement.where(comments.c.pk > beyond if oldest_first else comments.c.pk < beyond)
    order = comments.c.pk if oldest_first else comments.c.pk.desc()
    return statement.order_by(order).limit(bindparam("limit"))


@cache
def _count(by_site: bool, status: Status) -> Select[Any]:
    statement = select(func.count()).select_from(comments).where(comments.c.status == word(status.value))
    return statement.where(comments.c.site_id == bindparam("site_id")) if by_site else statement


def _first(row: RowMapping | None) -> Comment | None:
    return joined(row) if row else None


@cache
def _add_comments(dialect: str) -> Executable:
    new = insert_into(comments, dialect).on_conflict_do_nothing(index_elements=["site_id", "id"])
    return new.returning(comments.c.pk, comments.c.id)


@cache
def _add_batch(names: tuple[str, ...]) -> Executable:
    return insert_rows(comments, names, unique=("site_id", "id")).returning(comments.c.pk, comments.c.id)


def _said(draft: Draft) -> Said:
    return draft.article, draft.is_latest
