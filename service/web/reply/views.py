"""Showing the reply form and taking what it sends: the reader's text is never lost, and ends on a receipt."""

from __future__ import annotations

from typing import Final

from flask import Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from sqlalchemy import exc as sql
from werkzeug.exceptions import RequestEntityTooLarge

from service import usecases
from service.domain.comment import BODY_LIMIT, Comment, Placed, Source, Submission
from service.domain.errors import IdempotencyMismatch, Invalid
from service.domain.faults import InvalidValue
from service.domain.site import Site
from service.privacy.signatures import receipt_token
from service.web import rates
from service.web.api.submitting import note_stored
from service.web.pages import message_page
from service.web.reach import api, context
from service.web.reply import blueprint
from service.web.reply.form import Form, article_of, field_errors, parent_of, read_form, shown_again
from service.web.reply.receipt import receipt_of
from service.web.reply.scripted import form_again, is_script, status_answer
from service.web.reply.ticket import Ticket, TicketExpired, TicketRefused, read_ticket
from service.web.security import keep_private, network_key
from service.web.speech import gettext, in_words
from service.web.speech import lazy_gettext as _l

FORM_BYTES: Final = 1024 * 1024  # a text ten times too long still comes back to its reader to be shortened
AGAIN: Final = {
    "expired": _l(
        "This page was open for more than a day. Your text is kept: look it over and post it again."
    ),
    "refused": _l("This form could not be recognised. Your text is kept: look it over and post it again."),
    "busy": _l("Your comment could not be stored just now. Your text is kept: post it again in a moment."),
    "many": _l("Very many comments come in just now. Your text is kept: post it again in a moment."),
    "there": _l(
        "You have posted this comment before, and it is there once. Change it if you want to add something."
    ),
    "used": _l("You have posted from this page before. Post again if this is a comment of its own."),
}


@blueprint.get("/sites/<slug:site>/reply")
def show(site: str) -> ResponseReturnValue:
    """Show an empty form for the article."""
    asked = asked_for(site)
    if isinstance(asked, Response):
        return asked
    found, article_url = asked
    return _page(blank_form(found, article_url, parent_id=request.args.get("parent_id")), 200)


@blueprint.post("/sites/<slug:site>/reply")
def send(site: str) -> ResponseReturnValue:
    """Take the form: on to the receipt, or the form again with what was typed and what is wrong."""
    request.max_content_length = request.max_form_memory_size = FORM_BYTES
    asked = asked_for(site)
    if isinstance(asked, Response):
        return asked
    found, article_url = asked
    here, now = context(), context().deps.clock()
    parent = _parent(found, article_url, request.form.get("parent_id"))
    try:
        ticket = read_ticket(here.keyring, found.name, article_url, request.form.get("ticket", ""), now)
    except TicketExpired as expired:
        return _again(found, expired.ticket.again(now), AGAIN["expired"], parent)
    except TicketRefused:
        return _again(found, Ticket.new(found.name, article_url, now), AGAIN["refused"], parent)
    try:
        submission = read_form(request, found, ticket, now, parent)
    except Invalid as invalid:
        return _again(found, ticket, None, parent, field_errors(invalid.faults))
    return _accept(found, ticket, submission, parent)


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_: RequestEntityTooLarge) -> Response:
    """Answer what is far beyond any comment."""
    limit = format_decimal(BODY_LIMIT)
    said = gettext("Go back and shorten your comment to %(limit)s characters.", limit=limit)
    return message_page(413, gettext("That is too long"), said)


def blank_form(
    site: Site, article_url: str, *, title: str | None = None, parent_id: str | None = None
) -> Form:
    """Return an empty form with a fresh ticket, for a page of its own or inside an article."""
    here = context()
    ticket = Ticket.new(site.name, article_url, here.deps.clock(), title)
    parent = _parent(site, article_url, parent_id)
    return Form(
        site=site,
        article_url=article_url,
        ticket=ticket.sign(here.keyring),
        parent=parent,
        orphan=bool(parent_id) and parent is None,
    )


def _accept(site: Site, ticket: Ticket, submission: Submission, parent: Comment | None) -> Response:
    here = context()
    if seconds := rates.form_wait(site, network_key(here, request, "form network")):
        again = _again(site, ticket, AGAIN["many"], parent, status=429)
        again.headers["Retry-After"] = rates.retry_after(seconds)
        return again
    try:
        (answer,) = answers = usecases.submit(here.deps, here.sanitizer, site, [submission])
    except (
        sql.OperationalError,
        sql.TimeoutError,
    ):  # busy or away; nothing was stored, and the ticket still holds
        return _again(site, ticket, AGAIN["busy"], parent, status=503)
    note_stored(api(), Source.FORM, answers, g.began)
    if isinstance(answer, IdempotencyMismatch):
        return _again(site, ticket.again(here.deps.clock()), AGAIN["used"], parent)
    if not isinstance(answer, Placed):
        raise answer
    if answer.outcome == "replay" and answer.comment.id != here.sanitizer.id_of(site, ticket.idempotency_key):
        # known by its text and writer alone: its receipt is for whoever has it
        return _again(site, ticket.again(here.deps.clock()), AGAIN["there"], parent)
    token = receipt_token(here.keyring, site.name, answer.comment.id)
    if is_script(request):
        return status_answer(receipt_of(token), 201)
    location = url_for("reply.receipt", token=token)
    return keep_private(Response(status=303, headers={"Location": location}))


def asked_for(site_name: str) -> tuple[Site, str] | Response:
    """Return the site and the article that the address names, or the page that says what is wrong with it."""
    with context().deps.store.read() as tx:
        site = tx.sites.get(site_name)
    if site is None:
        return message_page(
            404, gettext("There is no such site here"), gettext("Check the address of this form.")
        )
    try:
        return site, article_of(site, request.args.get("article_url", ""))
    except InvalidValue as wrong:
        said = gettext("The address of this form is wrong: article_url %(wrong)s.", wrong=in_words(wrong))
        return message_page(400, gettext("Which article?"), said)


def _parent(site: Site, article_url: str, parent_id: str | None) -> Comment | None:
    if not parent_id:
        return None
    with context().deps.store.read() as tx:
        return parent_of(tx, site, article_url, parent_id)


def _again(
    site: Site,
    ticket: Ticket,
    line: object,
    parent: Comment | None,
    faults: dict[str, str] | None = None,
    status: int = 409,
) -> Response:
    form = Form(
        site=site,
        article_url=ticket.article_url,
        ticket=ticket.sign(context().keyring),
        values=shown_again(request),
        faults=faults or {},
        line=str(line) if line else None,
        parent=parent,
    )
    status = 422 if faults else status
    return form_again(form, status) if is_script(request) else _page(form, status)


def _page(form: Form, status: int) -> Response:
    """Render the form on a page of its own; it holds a ticket and perhaps a text, so no cache keeps it."""
    response = make_response(render_template("reply/page.html", form=form), status)
    response.headers["Cache-Control"] = "no-store"
    return response
