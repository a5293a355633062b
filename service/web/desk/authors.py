"""An author's page: what they wrote on this site, and where they stand; found by a comment, never by an address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service import usecases
from service.domain.author_status import AuthorStatus
from service.domain.comment import Comment
from service.domain.desk import History
from service.domain.errors import NotFound
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Who
from service.usecases import Judgement, Target
from service.usecases.bulk import SLICE, decide_bulk
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.acts import delay, masked
from service.web.desk.duplicates import BULK_ACTIONS
from service.web.desk.frame import missing, page, unfit
from service.web.desk.place import Place, number
from service.web.desk.shown import cards
from service.web.reach import context

PAGE: Final = 30
DAYS: Final = (1, 7, 30, 90, 365)
SAME: Final = "same"
REASON_LIMIT: Final = 300


@blueprint.get("/comments/<int(max=999999999999999999):pk>/author")
@requires("moderator")
def author(pk: int) -> ResponseReturnValue:
    """Show what the comment's author wrote on the site, newest first, and the form for their status."""
    here, now = context(), context().deps.clock()
    target = _target(pk)
    if target is None:
        return missing()
    comment, site = target
    key, before = comment.author_key, number(request.args.get("before"))
    with here.deps.store.read() as tx:
        found = tx.authors.comments(site.id, key, before, PAGE + 1) if key else [comment]
        shown = cards(tx, found[:PAGE], {site.id: site}, now)
        history = tx.authors.histories(site.id, [key]).get(key, History()) if key else History()
        status = tx.authors.statuses(site.id, [key], now).get(key) if key else None
    return page(
        "desk/author.html",
        200,
        comment=comment,
        site=site,
        cards=shown,
        history=history,
        held=history.counts.get(Status.HELD, 0),
        author_status=status,
        author_statuses=tuple(AuthorStatus),
        days=DAYS,
        known=key is not None,
        newest=max((one.pk for one in shown), default=pk) if before is None else before - 1,
        before=shown[-1].pk if len(found) > PAGE else None,
        place=Place.opened_from(request.args),
    )


@blueprint.post("/comments/<int(max=999999999999999999):pk>/author")
@requires("moderator")
def set_author_status(pk: int) -> ResponseReturnValue:
    """Trust the author, always review them, ban them, or end that; the site is notified."""
    target = _target(pk)
    if target is None:
        return missing()
    _, site = target
    said, days = request.form.get("author_status", ""), number(request.form.get("days"))
    if said not in ("none", *AuthorStatus) or (days or 0) > max(DAYS):
        return unfit()
    here = context()
    until = here.deps.clock() + timedelta(days=days) if days else None
    if request.form.get("days") == SAME:
        until = _until(pk)
    change = usecases.StatusChange(
        status=None if said == "none" else AuthorStatus(said),
        who=moderator().name,
        reason=masked(site, request.form.get("reason"), REASON_LIMIT),
        until=until,
    )
    try:
        usecases.set_author_status(here.deps, site, pk, change)
    except NotFound:
        return missing()
    except usecases.Unknown:
        return unfit()
    return back_to(url_for("desk.author", pk=pk, at=Place.opened_from(request.args).at or None))


@blueprint.post("/comments/<int(max=999999999999999999):pk>/author/held")
@requires("moderator")
def decide_held(pk: int) -> ResponseReturnValue:
    """Decide in one act what of the author was held on the site when the page was shown."""
    action, until = BULK_ACTIONS.get(request.form.get("action", "")), number(request.form.get("until"))
    target = _target(pk)
    if target is None or target[0].author_key is None:
        return missing()
    if action is None or until is None:
        return unfit()
    comment, site = target
    judgement = Judgement(action, Who.MODERATOR, moderator().name)
    targets = _held(site, str(comment.author_key), until)
    made = decide_bulk(context().deps, targets, judgement, "author", delay(site))
    return back_to(
        url_for("desk.queue", **Place.opened_from(request.args).query(), bulk=made.bulk_decision.id)
    )


def _held(site: Site, key: str, until: int) -> Iterator[Target]:
    """Go through what the author wrote up to `until`, leaving alone what is assigned to another moderator."""
    deps, before = context().deps, until + 1
    while True:
        with deps.store.read() as tx:
            some = tx.authors.comments(site.id, key, before, SLICE)
            theirs = {
                one.comment_pk for one in tx.queue.claims(deps.clock()) if one.moderator_id != moderator().id
            }
        for one in some:
            if one.status is Status.HELD and one.pk not in theirs:
                yield Target(site, one.id, one.revision)
        if len(some) < SLICE:
            return
        before = some[-1].pk


def _until(pk: int) -> datetime | None:
    """Return when the status of the comment's author ends."""
    deps = context().deps
    with deps.store.read() as tx:
        comment = tx.comments.by_pk(pk)
        key = comment.author_key if comment else None
        now = tx.authors.statuses(comment.site_id, [key], deps.clock()).get(key) if comment and key else None
    return now.until if now else None


def _target(pk: int) -> tuple[Comment, Site] | None:
    with context().deps.store.read() as tx:
        comment = tx.comments.by_pk(pk)
        site = tx.sites.by_id(comment.site_id) if comment else None
    return (comment, site) if comment and site else None
