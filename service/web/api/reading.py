"""One comment, its sealed box, pages of comments, and its withdrawal: a site sees its own and no other's."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, request

from service import usecases
from service.domain.comment import Comment
from service.domain.decisions import public_state
from service.domain.errors import ReplydeskError
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.verdict import Decision
from service.storage import Tx
from service.storage.records import Page
from service.web.api import shown
from service.web.api.gate import authenticate, receipt_path
from service.web.api.models import PageQuery
from service.web.api.refusing import refused
from service.web.api.replies import query, reply
from service.web.problems import Problem
from service.web.reach import api

BATCH: Final = "batch"

blueprint = Blueprint("reading", __name__, url_prefix="/v1")


@blueprint.get("/comments/<id:comment_id>")
def get_comment(comment_id: str) -> Response:
    """Show one comment with its verdict and decisions."""
    site = authenticate()
    with api().context.deps.store.read() as tx:
        return reply(shown.one_view(tx, _present(tx, site, comment_id), receipt_path(site, comment_id)))


@blueprint.get("/comments/<id:comment_id>/contact")
def get_contact(comment_id: str) -> Response:
    """Hand out the sealed box; the site's private key alone opens it."""
    site = authenticate()
    with api().context.deps.store.read() as tx:
        box = tx.sealed.contact_box(_present(tx, site, comment_id).pk)
    if box is None:
        raise Problem("no-contact")
    return reply({"id": comment_id, "box": base64.b64encode(box).decode()})


@blueprint.get("/comments")
def get_page() -> Response:
    """Show a page of comments, newest first."""
    site = authenticate()
    asked = query(PageQuery)
    deps = api().context.deps
    with deps.store.read() as tx:
        waiting = shown.waiting_to_leave(tx, deps)
        page = tx.comments.page(
            site.id, status=asked.status, article_url=asked.article, after=asked.after, limit=asked.limit
        )
        rows = _as_outside(tx, site, page, asked, waiting)
    views = [shown.row_view(comment, waiting.get(comment.decision_id or 0)) for comment in rows]
    return reply({"comments": views, "next": str(page.next) if page.next is not None else None})


@blueprint.delete("/comments/<id:comment_id>")
def delete_comment(comment_id: str) -> Response:
    """Withdraw a comment for good."""
    site = authenticate()
    deps = api().context.deps
    try:
        with deps.store.read() as tx:
            found(tx, site, comment_id)
        comment = usecases.withdraw(deps, site, comment_id, f"site {site.name}")
    except ReplydeskError as error:
        raise refused(error) from None
    with deps.store.read() as tx:
        now = tx.comments.by_pk(comment.pk) or comment
        return reply(shown.one_view(tx, now, receipt_path(site, now.id)))


def found(tx: Tx, site: Site, comment_id: str) -> Comment:
    """Return the site's comment, or raise "not-found"; another site's comment is not found either."""
    comment = tx.comments.get(site.id, comment_id)
    if comment is None:
        raise _absent(comment_id)
    return comment


def _present(tx: Tx, site: Site, comment_id: str) -> Comment:
    """Return the site's comment unless it is gone for good: then the problem "gone" shows its last state."""
    comment = found(tx, site, comment_id)
    if comment.status in FINAL:
        current = shown.current_view(comment, shown.current_decision(tx, comment))
        raise Problem(
            "gone", f"The comment is {comment.status}, and that is final.", extra={"current": current}
        )
    return comment


def _absent(comment_id: str) -> Problem:
    if comment_id == BATCH and request.path == f"/v1/comments/{BATCH}":
        # the batch's own address: a comment may bear this id, but where none does the method is what is wrong
        return Problem("method-not-allowed", headers={"Allow": "POST, OPTIONS"})
    return Problem("not-found", "There is no comment with this id on this site.")


def _as_outside(
    tx: Tx, site: Site, page: Page, asked: PageQuery, waiting: Mapping[int, Decision]
) -> list[Comment]:
    """Give the page the comments it has outside: a status that a waiting decision moved is still the old one here."""
    if asked.status is None or not waiting:
        return list(page.comments)
    rows = {one.pk: one for one in page.comments if _status(one, waiting) is asked.status}
    for decision in waiting.values():
        if decision.site_id == site.id and decision.from_status is asked.status:
            comment = tx.comments.by_pk(decision.comment_pk)
            if comment and comment.decision_id == decision.id and _belongs(tx, comment, page, asked):
                rows[comment.pk] = comment
    return sorted(rows.values(), key=lambda one: one.pk, reverse=True)


def _status(comment: Comment, waiting: Mapping[int, Decision]) -> Status:
    return public_state(comment, waiting.get(comment.decision_id or 0)).status


def _belongs(tx: Tx, comment: Comment, page: Page, asked: PageQuery) -> bool:
    """Whether the comment lies between this page's two ends."""
    there = tx.articles.get(comment.site_id, asked.article) if asked.article is not None else None
    if asked.article is not None and (there is None or there.identity != comment.article.identity):
        return False
    below = asked.after is None or comment.pk < asked.after
    return below and (page.next is None or comment.pk >= page.next)
