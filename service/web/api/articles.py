"""Articles: what a site says of one without a comment, where its thread is, and what readers see under it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Final, Literal

from flask import Response, request
from pydantic import BaseModel, BeforeValidator, Field, StrictBool
from pydantic.json_schema import SkipJsonSchema

from service.domain.comment import Article
from service.domain.events import instant
from service.domain.site import Site
from service.usecases import articles as usecases
from service.usecases.submission import Moment, PageUrl, Title
from service.web.api import blueprint, shown
from service.web.api.answers import ArticleShown, Id, Number, Shape
from service.web.api.fields import Cursor, Strict, digits
from service.web.api.gate import reply
from service.web.api.operation import Answer, operation
from service.web.reach import api
from service.web.threads import PUBLISHED_LIMIT, published_page, without_parent

FRESH_SECONDS: Final = 5
CACHED: Final = ("ETag", "Cache-Control")
CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "Cache-Control": f"public, max-age={FRESH_SECONDS}, stale-while-revalidate=30",
}


class ArticleDescribed(Strict):
    """What a site says of an article; what is left out stays as it is, null takes it away."""

    url: PageUrl
    title: Title | None = None
    published_at: Moment = Field(None, description="When it appeared; a site may close comments by it.")
    private: StrictBool | None = Field(
        None, description="Whether comments that were imported under it are kept from readers."
    )


class ThreadMove(Strict):
    """Where a thread goes."""

    url: PageUrl = Field(description="The address under which it stands now.")
    to: PageUrl = Field(description="Its new address. Where that has comments, both threads become one.")
    redirect: StrictBool = Field(
        True,
        description="Whether the old address leads there from now on; else the next comment there begins a thread.",
    )


class PublishedQuery(BaseModel):
    """Which article's comments; other parameters are ignored, for readers' browsers add some."""

    article_url: PageUrl
    after: Cursor = Field(0, description="The `next` of the answer before; without it, from the oldest.")
    limit: Annotated[int, Field(ge=1, le=PUBLISHED_LIMIT), BeforeValidator(digits)] = PUBLISHED_LIMIT


class ArticleKnown(ArticleShown):
    """An article as it is described; `private` keeps from readers what was imported under it."""

    private: bool


class ThreadMoved(Shape):
    """Where the thread is now, and how many comments went there."""

    article: ArticleKnown
    moved: Annotated[int, Field(ge=0)]


class PublishedComment(Shape):
    """A comment as readers see it."""

    id: Id
    parent_id: Id | None
    parent_hidden: Literal[True] | SkipJsonSchema[None] = Field(
        default=None,
        description="It answers a comment that is not shown. Left out elsewhere; `parent_id` is null then.",
    )
    name: str
    website: str | None
    body: str
    submitted_at: datetime


class Published(Shape):
    """What readers see under the article by date, oldest first; where it is not `complete`, `next` leads on."""

    article_url: str
    comments: list[PublishedComment]
    next: Number | None = Field(description="The `after` of the following page, null at the end.")
    complete: bool


@blueprint.post("/v1/articles")
@operation(
    "Articles",
    {200: Answer("The article as it is described now.", (ArticleKnown,))},
    body=ArticleDescribed,
)
def describe_article(site: Site, given: ArticleDescribed) -> Response:
    """Describe an article.

    Sets title and date without a comment, before the first or to correct them, and whether comments that were imported
    under it are shown. What is left out stays; null takes it away.
    """
    said = {name: getattr(given, name) for name in given.model_fields_set - {"url"}}
    return reply(_view(usecases.describe_article(api().context, site, given.url, said, f"site {site.name}")))


@blueprint.post("/v1/articles/move")
@operation(
    "Articles",
    {200: Answer("Where the thread is now.", (ThreadMoved,))},
    "not-found",
    body=ThreadMove,
)
def move_thread(site: Site, given: ThreadMove) -> Response:
    """Move a thread.

    Moves every comment of an article to another address, because the article has a new one or was posted under a wrong
    one. Where the new address has comments, both threads become one.
    """
    moved = usecases.move_thread(
        api().context, site, given.url, given.to, f"site {site.name}", redirect=given.redirect
    )
    return reply({"article": _view(moved.article), "moved": moved.comments})


@blueprint.get("/v1/sites/<slug:name>/published")
@operation(
    "Readers",
    {
        200: Answer("What readers see.", (Published,), CACHED),
        304: Answer("Nothing changed.", headers=CACHED),
    },
    "not-found",
    access="public",
    query=PublishedQuery,
    headers=("If-None-Match",),
)
def list_published(site: Site, asked: PublishedQuery) -> Response:
    """Published comments of an article.

    Public, for readers' browsers: CORS is open, and an `ETag` makes polling cheap. By date, oldest first, at most 1,000
    in one answer; `next`, given as `after`, leads to the ones behind them, until it is null.
    """
    with api().context.deps.store.read() as tx:
        page = published_page(tx, site.id, asked.article_url, asked.limit, asked.after)
        orphans = without_parent(tx, site.id, page.comments)
    view = {
        "article_url": asked.article_url,
        "comments": shown.published_view(page.comments, orphans),
        "next": str(page.next) if page.next is not None else None,
        "complete": page.next is None,
    }
    response = reply(view, headers=CORS)
    response.set_etag(hashlib.blake2b(response.get_data(), digest_size=12).hexdigest(), weak=True)
    response.make_conditional(request)
    return response


def _view(article: Article) -> dict[str, object]:
    return {
        "url": article.url,
        "title": article.title,
        "published_at": instant(article.published_at),
        "private": bool(article.private),
    }
