"""Rows of comments as statements select them, with their articles and superseded texts."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, RowMapping, Select, and_, bindparam, func, or_, select

from service.domain.article_url import article_keys
from service.domain.comment import Article, Comment
from service.domain.status import Status
from service.storage.articles import KNOWN, article_of
from service.storage.columns import Instant
from service.storage.repository import ONE
from service.storage.rows import comment_of
from service.storage.schema import sites, word
from service.storage.schema_comments import articles, comments, is_published, revisions

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
_BY_KEY = select(func.coalesce(articles.c.moved_to, articles.c.pk)).where(
    articles.c.url_key.in_(bindparam("article_keys", expanding=True))
)
ARTICLES_AT = _BY_KEY.where(articles.c.site_id.in_(select(sites.c.pk)))  # the index begins with the site
"""Where an address leads on each site; bind what `at` returns of it."""


ARTICLE_PK = _BY_KEY.where(articles.c.site_id == bindparam("site_id")).limit(ONE).scalar_subquery()
PUBLISHED = (
    COMMENTS.add_columns(*TEXTS)
    .outerjoin(
        revisions,
        and_(
            revisions.c.comment_pk == comments.c.pk,
            revisions.c.revision == comments.c.published_revision,
        ),
    )
    .where(
        comments.c.article_pk == ARTICLE_PK,
        is_published,
        comments.c.source != word("compat"),
        or_(~articles.c.private, comments.c.source != word("import")),
    )
    .order_by(comments.c.submitted_at, comments.c.pk)
    .limit(bindparam("limit"))
)
_SINCE: BindParameter[Any] = bindparam("since", type_=Instant)
_AFTER: BindParameter[Any] = bindparam("after")
PUBLISHED_LATER = PUBLISHED.where(
    comments.c.submitted_at >= _SINCE, or_(comments.c.submitted_at > _SINCE, comments.c.pk > _AFTER)
)
THREAD = (
    COMMENTS.where(comments.c.article_pk == ARTICLE_PK)
    .order_by(comments.c.submitted_at.desc(), comments.c.pk.desc())
    .limit(bindparam("limit"))
)
THREAD_EARLIER = THREAD.where(
    comments.c.submitted_at <= _SINCE, or_(comments.c.submitted_at < _SINCE, comments.c.pk < _AFTER)
)


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


def _article(row: RowMapping) -> Article:
    return article_of(row, "article_")


@cache
def page_of(
    by_site: bool, status: Status | None, by_article: bool, after: bool, oldest_first: bool
) -> Select[Any]:
    """Return the statement of a page of comments; the status is a literal, so that the index of held rows fits."""
    found = COMMENTS
    if by_article:
        found = found.where(
            comments.c.article_pk == ARTICLE_PK if by_site else comments.c.article_pk.in_(ARTICLES_AT)
        )
    elif by_site:
        found = found.where(comments.c.site_id == bindparam("site_id"))
    if status is not None:
        found = found.where(comments.c.status == word(status.value))
    if after:
        beyond: BindParameter[int] = bindparam("after")
        found = found.where(comments.c.pk > beyond if oldest_first else comments.c.pk < beyond)
    order = comments.c.pk if oldest_first else comments.c.pk.desc()
    return found.order_by(order).limit(bindparam("limit"))
