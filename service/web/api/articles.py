"""What a site says of an article without a comment: its title and date, who may read it, and where it is now."""

from __future__ import annotations

from flask import Blueprint, Response

from service.domain.comment import Article
from service.domain.errors import ReplydeskError
from service.domain.events import instant
from service.usecases.articles import describe_article, move_thread
from service.web.api.gate import SINGLE_LIMIT, authenticate, json_body
from service.web.api.models import ArticleDescribed, ThreadMove
from service.web.api.refusing import refused
from service.web.api.replies import body, reply
from service.web.reach import api

blueprint = Blueprint("articles", __name__, url_prefix="/v1")


@blueprint.post("/articles")
def post_article() -> Response:
    """Describe an article; it need not have comments yet."""
    site = authenticate()
    given = body(ArticleDescribed, json_body(SINGLE_LIMIT))
    said = {name: getattr(given, name) for name in given.model_fields_set - {"url"}}
    article = describe_article(api().context, site, given.url, said, f"site {site.name}")
    return reply(_view(article))


@blueprint.post("/articles/move")
def post_move() -> Response:
    """Move a thread to another address."""
    site = authenticate()
    given = body(ThreadMove, json_body(SINGLE_LIMIT))
    try:
        moved = move_thread(
            api().context, site, given.url, given.to, f"site {site.name}", redirect=given.redirect
        )
    except ReplydeskError as error:
        raise refused(error) from None
    return reply({"article": _view(moved.article), "moved": moved.comments})


def _view(article: Article) -> dict[str, object]:
    return {
        "url": article.url,
        "title": article.title,
        "published_at": instant(article.published_at),
        "private": bool(article.private),
    }
