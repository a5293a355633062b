"""What a site polls and what readers see: the decisions in order, and the published comments of an article."""

from __future__ import annotations

import hashlib
from typing import Final

from flask import Blueprint, Response, request

from service.domain.events import decision_view, public_view
from service.web.api import shown
from service.web.api.gate import authenticate, named_site
from service.web.api.models import FeedQuery, PublishedQuery
from service.web.api.replies import checked, query, reply, written
from service.web.published import published_page
from service.web.reach import api
from service.web.threads import without_parent

FRESH_SECONDS: Final = 5
CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "Cache-Control": f"public, max-age={FRESH_SECONDS}, stale-while-revalidate=30",
}

blueprint = Blueprint("feeds", __name__, url_prefix="/v1")


@blueprint.get("/decisions")
def get_decisions() -> Response:
    """Show every decision that took effect, in order, none skipped."""
    site = authenticate()
    asked = query(FeedQuery)
    with api().context.deps.store.read() as tx:
        rows = tx.decisions.feed(site.id, asked.after, asked.limit)
    last = rows[-1][0].seq if rows else asked.after
    views = [{**decision_view(decision), "comment": public_view(comment)} for decision, comment in rows]
    return reply({"decisions": views, "next": str(last), "more": len(rows) == asked.limit})


@blueprint.get("/sites/<slug:name>/published")
def get_published(name: str) -> Response:
    """Show anyone the published comments under an article, the first written first."""
    site = named_site(name)
    asked = checked(
        PublishedQuery, {key: request.args[key] for key in PublishedQuery.model_fields if key in request.args}
    )
    with api().context.deps.store.read() as tx:
        page = published_page(tx, site.id, asked.article_url, asked.limit, asked.after)
        orphans = without_parent(tx, site.id, page.comments)
    view = {
        "article_url": asked.article_url,
        "comments": shown.published_view(page.comments, orphans),
        "next": str(page.next) if page.next is not None else None,
        "complete": page.next is None,
    }
    response = Response(written(view), content_type="application/json", headers=CORS)
    response.set_etag(hashlib.blake2b(response.get_data(), digest_size=12).hexdigest(), weak=True)
    response.make_conditional(request)
    return response
