"""One comment, its sealed box, pages of comments, and its withdrawal: a site sees its own and no other's."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Final

from flask import Response, request
from pydantic import BeforeValidator, Field

from service import usecases
from service.domain.comment import Comment
from service.domain.decisions import public_state
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.verdict import Decision
from service.storage import Tx
from service.storage.records import Page
from service.usecases.submission import PageUrl
from service.web.api import answers, blueprint, shown
from service.web.api.answers import CommentRow, Id, Number, Shape
from service.web.api.fields import Cursor, Strict, digits
from service.web.api.gate import receipt_path, reply
from service.web.api.operation import Answer, operation
from service.web.problems import Problem
from service.web.reach import api

BATCH: Final = "batch"


class PageQuery(Strict):
    """Which comments, and from where on."""

    status: Status | None = Field(None, description="Only comments of this status.")
    article: PageUrl | None = Field(
        None, description="Only comments under this article; compared normalised."
    )
    after: Cursor | None = Field(None, description="The `next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(digits)] = 50


class CommentPage(Shape):
    """A page, newest first; `next` is the `after` of the following one, null at the end."""

    comments: list[CommentRow]
    next: Number | None


class Contact(Shape):
    """The reader's address in a sealed box (base64): only the site's private key opens it."""

    id: Id
    box: Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]


@blueprint.get("/v1/comments")
@operation("Comments", {200: Answer("The page.", (CommentPage,))}, query=PageQuery)
def list_comments(site: Site, asked: PageQuery) -> Response:
    """List comments.

    A page of the site's comments, newest first, by a cursor that stays right while comments arrive.
    """
    deps = api().context.deps
    with deps.store.read() as tx:
        waiting = shown.unpublished_decisions(tx, deps)
        page = tx.comments.page(
            site.id, status=asked.status, article_url=asked.article, after=asked.after, limit=asked.limit
        )
        rows = _as_public(tx, site, page, asked, waiting)
    views = [shown.row_view(comment, waiting.get(comment.decision_id or 0)) for comment in rows]
    return reply({"comments": views, "next": str(page.next) if page.next is not None else None})


@blueprint.get("/v1/comments/<id:comment_id>")
@operation("Comments", {200: Answer("The comment.", (answers.Comment,))}, "not-found", "gone")
def get_comment(site: Site, comment_id: str) -> Response:
    """Show a comment.

    Status, revision, verdict and decisions. Never an address.
    """
    with api().context.deps.store.read() as tx:
        return reply(shown.one_view(tx, _present(tx, site, comment_id), receipt_path(site, comment_id)))


@blueprint.get("/v1/comments/<id:comment_id>/contact")
@operation("Comments", {200: Answer("The box.", (Contact,))}, "not-found", "no-contact", "gone")
def get_contact(site: Site, comment_id: str) -> Response:
    """Fetch the sealed address.

    The box opens with the site's private key alone, which this service never had:
    `replydesk contact open --private-key FILE BOX`.
    """
    with api().context.deps.store.read() as tx:
        box = tx.sealed.contact_box(_present(tx, site, comment_id).pk)
    if box is None:
        raise Problem("no-contact")
    return reply({"id": comment_id, "box": base64.b64encode(box).decode()})


@blueprint.delete("/v1/comments/<id:comment_id>")
@operation("Comments", {200: Answer("The comment, withdrawn.", (answers.Comment,))}, "not-found", "conflict")
def withdraw_comment(site: Site, comment_id: str) -> Response:
    """Withdraw a comment.

    Takes the comment off for good: asking for it answers 404 from now on. A `comment.withdrawn` callback follows
    whatever is still on its way. Withdrawing twice is no error.
    """
    deps = api().context.deps
    with deps.store.read() as tx:
        found(tx, site, comment_id)
    comment = usecases.withdraw(deps, site, comment_id, f"site {site.name}")
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
        current = shown.current_view(comment, tx.decisions.current(comment))
        raise Problem(
            "gone", f"The comment is {comment.status}, and that is final.", extra={"current": current}
        )
    return comment


def _absent(comment_id: str) -> Problem:
    if comment_id == BATCH and request.path == f"/v1/comments/{BATCH}":
        # the batch's own address: a comment may bear this id, but where none does the method is what is wrong
        return Problem("method-not-allowed", headers={"Allow": "POST, OPTIONS"})
    return Problem("not-found", "There is no comment with this id on this site.")


def _as_public(
    tx: Tx, site: Site, page: Page, asked: PageQuery, waiting: Mapping[int, Decision]
) -> list[Comment]:
    """Give the page the comments it has for a site: an unpublished decision leaves a status as it was."""
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
