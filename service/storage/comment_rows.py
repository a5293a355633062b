"""Rows of comments as statements select them, with their articles and superseded texts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    RowMapping,
    bindparam,
    func,
    select,
)

from service.domain.article_url import article_keys
from service.domain.comment import Article, Comment
from service.storage.articles import KNOWN, article_of
from service.storage.comment_tables import articles, comments, revisions
from service.storage.rows import comment_of
from service.storage.schema import sites

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
ARTICLE_BY_KEY = select(func.coalesce(articles.c.moved_to, articles.c.pk)).where(
    articles.c.url_key.in_(bindparam("article_keys", expanding=True))
)
ARTICLES_AT = ARTICLE_BY_KEY.where(
    articles.c.site_id.in_(select(sites.c.pk))
)  # the index begins with the site
"""Where an address leads on each site; bind what `at` returns of it."""


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
