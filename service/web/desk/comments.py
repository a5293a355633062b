"""One comment's page, what its reader typed in place of placeholders, and its author's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service import usecases
from service.domain.author_status import AuthorStatus
from service.domain.desk_records import History
from service.domain.site import Site
from service.domain.status import Status
from service.privacy.keys import CiphertextError
from service.privacy.sanitizer import ORIGINAL
from service.usecases import Target
from service.usecases.bulk import SLICE, decide_bulk
from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.desk.bulk import bulk_judgement
from service.web.desk.cards import find_card
from service.web.desk.decisions import comment_and_site, delay, masked
from service.web.desk.filters import QueueFilters, number
from service.web.desk.lists import comment_list
from service.web.desk.pages import FormIncomplete, found, given, page
from service.web.reach import context
from service.web.speech import gettext

PAGE: Final = 30
DAYS: Final = (1, 7, 30, 90, 365)
SAME: Final = "same"
REASON_LIMIT: Final = 300


@dataclass(frozen=True, slots=True)
class Revealed:
    """One field as its reader wrote it; `text` None when its key is gone."""

    title: str
    text: str | None


@blueprint.get("/comments/<int(max=999999999999999999):pk>")
@requires("moderator")
def comment(pk: int) -> ResponseReturnValue:
    """Show one comment, with what was and can be decided."""
    with context().deps.store.read() as tx:
        card = find_card(tx, pk)
        decisions = tx.decisions.of_comment(pk)
        notes = tx.decisions.notes([one.id for one in decisions])
    filters = QueueFilters.of(request.args)
    return page("desk/comment.html", card=card, decisions=decisions, notes=notes, filters=filters)


@blueprint.post("/comments/<int(max=999999999999999999):pk>/reveal")
@requires("moderator")
def reveal(pk: int) -> ResponseReturnValue:
    """Log who asks for which comment's contacts, and then show them, on a page that nothing keeps."""
    comment, site = comment_and_site(pk)
    here = context()
    with here.deps.store.write() as tx:
        encrypted = tx.sealed.originals(pk, comment.revision)
        subject = f"{site.name}: comment {pk}, revision {comment.revision}"
        tx.audit_log.append(moderator().name, "reveal", subject, here.deps.clock())
    titles = {"name": gettext("Name"), "website": gettext("Website"), "body": gettext("Text")}
    shown = [
        Revealed(title, _decrypted(site, encrypted[name]))
        for name, title in titles.items()
        if name in encrypted
    ]
    filters = QueueFilters.of(request.form)
    return page("desk/revealed.html", comment=comment, revealed=shown, filters=filters)


def _decrypted(site: Site, ciphertext: bytes) -> str | None:
    try:
        return context().keyring.decrypt(site.name, ORIGINAL, ciphertext).decode()
    except CiphertextError:
        return None


@blueprint.get("/comments/<int(max=999999999999999999):pk>/author")
@requires("moderator")
def author(pk: int) -> ResponseReturnValue:
    """Show what the comment's author wrote on the site, newest first, and the form for their status."""
    here = context()
    comment, site = comment_and_site(pk)
    key, before = comment.author_key, number(request.args.get("before"))
    history, status = History(), None
    with here.deps.store.read() as tx:
        wrote = tx.authors.comments(site.id, key, before, PAGE + 1) if key else [comment]
        some = comment_list(tx, wrote, PAGE)
        if key:
            history = tx.authors.histories(site.id, [key]).get(key, history)
            status = tx.authors.statuses(site.id, [key], here.deps.clock()).get(key)
    return page(
        "desk/author.html",
        comment=comment,
        site=site,
        comments=some,
        history=history,
        held=history.counts.get(Status.HELD, 0),
        author_status=status,
        days=DAYS,
        newest=max((row.card.pk for row in some.rows), default=pk) if before is None else before - 1,
        filters=QueueFilters.opened_from(request.args),
    )


@blueprint.post("/comments/<int(max=999999999999999999):pk>/author")
@requires("moderator")
def set_author_status(pk: int) -> ResponseReturnValue:
    """Trust the author, always review them, ban them, or end that; the site is notified."""
    deps, form = context().deps, request.form
    comment, site = comment_and_site(pk)
    said, days = form.get("author_status", ""), number(form.get("days"))
    if said not in ("none", *AuthorStatus) or (days or 0) > max(DAYS):
        raise FormIncomplete
    until = deps.clock() + timedelta(days=days) if days else None
    if form.get("days") == SAME:
        until = _current_end(site, comment.author_key)
    change = usecases.StatusChange(
        status=None if said == "none" else AuthorStatus(said),
        who=moderator().name,
        reason=masked(site, form.get("reason"), REASON_LIMIT),
        until=until,
    )
    try:
        usecases.set_author_status(deps, site, pk, change)
    except usecases.Unknown:
        raise FormIncomplete from None
    at = QueueFilters.opened_from(request.args).at or None
    return redirect_to(url_for("desk.author", pk=pk, at=at))


def _current_end(site: Site, key: str | None) -> datetime | None:
    deps = context().deps
    with deps.store.read() as tx:
        current = tx.authors.statuses(site.id, [key], deps.clock()).get(key) if key else None
    return current.until if current else None


@blueprint.post("/comments/<int(max=999999999999999999):pk>/author/held")
@requires("moderator")
def decide_held(pk: int) -> ResponseReturnValue:
    """Decide in one act what of the author was held on the site when the page was shown."""
    comment, site = comment_and_site(pk)
    judgement, until = bulk_judgement(), given(number(request.form.get("until")))
    targets = _held(site, found(comment.author_key), until)
    made = decide_bulk(context().deps, targets, judgement, "author", delay(site))
    filters = QueueFilters.opened_from(request.args)
    return redirect_to(filters.url(bulk=made.bulk_decision.id))


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
