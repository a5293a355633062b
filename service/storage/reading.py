"""Reading comments: one, a keyset page, what readers see under an article, and what is sealed beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    RowMapping,
    Select,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from service.domain.article_url import article_keys
from service.domain.comment import Article, Comment
from service.domain.status import Status
from service.storage.articles import KNOWN, article_of
from service.storage.bulk import rows_of
from service.storage.columns import Instant, to_json
from service.storage.comment_tables import articles, comments, contacts, is_published, originals, revisions
from service.storage.part import ONE, Part
from service.storage.records import Page
from service.storage.rows import comment_of
from service.storage.schema import sites, word

PAGE_LIMIT = 1_000
"""The longest page a caller gets, whatever it asks for; of what is published one more, to tell whether it goes on."""

ARTICLE = tuple(articles.c[name].label(f"article_{name}") for name in KNOWN if name != "pk")
TEXTS = tuple(
    revisions.c[name].label(f"old_{name}")
    for name in (
        "revision",
        "author_name",
        "website",
        "body",
        "submitted_at",
        "received_at",
        "content_hash",
        "source",
        "author_key",
        "verdict",
    )
)
COMMENTS = select(comments, *ARTICLE).join(articles, articles.c.pk == comments.c.article_pk)
_BY_ID = COMMENTS.where(comments.c.site_id == bindparam("site_id"), comments.c.id == bindparam("comment_id"))
_BY_PK = COMMENTS.where(comments.c.pk == bindparam("pk"))
_LOCK_BY_ID = _BY_ID.with_for_update(of=comments)
_BY_PKS = COMMENTS.where(comments.c.pk.in_(bindparam("pks", expanding=True)))
_LOCK_BY_PKS = _BY_PKS.order_by(comments.c.pk).with_for_update(of=comments)

_BY_KEY = select(func.coalesce(articles.c.moved_to, articles.c.pk)).where(
    articles.c.url_key.in_(bindparam("article_keys", expanding=True))
)
ARTICLES_AT = _BY_KEY.where(articles.c.site_id.in_(select(sites.c.pk)))  # the index begins with the site
"""Where an address leads on each site; bind what `at` returns of it."""
_ARTICLE_PK = _BY_KEY.where(articles.c.site_id == bindparam("site_id")).limit(ONE).scalar_subquery()
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
_BOX = select(contacts.c.box).where(contacts.c.comment_pk == bindparam("pk"))
_ORIGINALS = select(originals.c.field, originals.c.ciphertext).where(
    originals.c.comment_pk == bindparam("pk"), originals.c.revision == bindparam("revision")
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


class ReadingPart(Part):
    """The verbs that read comments."""

    def comment(self, site_id: int, comment_id: str, lock: bool = False) -> Comment | None:
        """Return one comment by the caller's id; `lock` keeps other writers from it until this transaction ends."""
        statement = _LOCK_BY_ID if lock else _BY_ID
        return _first(self._read(statement, site_id=site_id, comment_id=comment_id).mappings().first())

    def comment_by_pk(self, pk: int) -> Comment | None:
        return _first(self._read(_BY_PK, pk=pk).mappings().first())

    def comments_by_pk(self, pks: Collection[int], lock: bool = False) -> dict[int, Comment]:
        """Return by pk those that there are; `lock` locks them in the order of pk, so that two never deadlock."""
        rows = self._read(_LOCK_BY_PKS if lock else _BY_PKS, pks=sorted(pks)).mappings() if pks else ()
        return {row["pk"]: joined(row) for row in rows}

    def lock_comments(self, named: Collection[tuple[int, str]]) -> dict[tuple[int, str], Comment]:
        """Return by site and the caller's id those that there are, locked likewise."""
        if not named:
            return {}
        keys = to_json([{"site_id": site_id, "id": comment_id} for site_id, comment_id in named])
        rows = self._read(_lock_named(self._dialect), named=keys).mappings()
        return {(row["site_id"], row["id"]): joined(row) for row in rows}

    def comments(
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

    def contact_box(self, pk: int) -> bytes | None:
        return self._read(_BOX, pk=pk).scalar_one_or_none()

    def originals(self, pk: int, revision: int) -> dict[str, bytes]:
        return {row.field: row.ciphertext for row in self._read(_ORIGINALS, pk=pk, revision=revision)}

    def has_approved(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        """Return those author keys that have an approved comment on this site."""
        keys = sorted(set(author_keys))
        if not keys:
            return set()
        return set(self._read(_APPROVED_AUTHORS, site_id=site_id, author_keys=keys).scalars())


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


def at(article_url: str | None) -> dict[str, Any]:
    """Return the values by which statements find an article; none where none is asked for."""
    if article_url is None:
        return {}
    return {"article_keys": article_keys(article_url)}


def joined(row: RowMapping) -> Comment:
    """Return the comment of a row that carries its article."""
    return comment_of(row, _article(row))


def in_revision(row: RowMapping, revision: int) -> Comment | None:
    """Return the comment as `revision` had it, from a row that carries the superseded text; None when there is none."""
    if row["revision"] == revision:
        return joined(row)
    if row["old_revision"] is None:
        return None
    old = {**row, **{column.name.removeprefix("old_"): row[column.name] for column in TEXTS}}
    return comment_of(old, _article(row))


def _first(row: RowMapping | None) -> Comment | None:
    return joined(row) if row else None


def _article(row: RowMapping) -> Article:
    return article_of(row, "article_")
