"""Signing in by a one-time link, and out again. Opening the link changes nothing: mail scanners open links."""

from __future__ import annotations

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.usecases.moderators import SIGN_IN_MINUTES, hash_token
from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.pages import Way, message_page
from service.web.reach import context
from service.web.security import (
    LOCK_OUT,
    MOST_FAILURES,
    clear_cookie,
    is_same_origin,
    keep_private,
    network_key,
    session_token,
    set_cookie,
    start_session,
)
from service.web.speech import gettext


@blueprint.get("/sign-in")
def sign_in_needed() -> Response:
    """Say how to get a link."""
    page = make_response(render_template("desk/sign_in_needed.html", minutes=SIGN_IN_MINUTES))
    return keep_private(page)


@blueprint.get("/sign-in/<token>")
def sign_in(token: str) -> Response:
    """Show the button that uses the link up."""
    return keep_private(make_response(render_template("desk/sign_in.html", token=token)))


@blueprint.post("/sign-in/<token>")
def use_sign_in(token: str) -> Response:
    """Use the link up and open a session, or say that the link is spent."""
    here, now = context(), context().deps.clock()
    if not is_same_origin(request):
        return keep_private(
            message_page(403, gettext("Open the link yourself"), gettext("Another site sent you here."))
        )
    network = network_key(here, request, "sign-in network")
    with here.deps.store.read() as tx:
        if network and tx.moderators.failures(network, now - LOCK_OUT) >= MOST_FAILURES:
            return keep_private(_locked_out())
    with here.deps.store.write() as tx:
        person = tx.moderators.use_sign_in(hash_token(token), now)
        session = start_session(here, tx, person) if person else None
        if person:
            tx.audit_log.append(person.name, "sign-in", "desk", now)
        elif network and tx.moderators.count_failure(network, now, now - LOCK_OUT) == MOST_FAILURES:
            tx.audit_log.append("nobody", "lock-out", f"desk, network {network[:8]}", now)
    if session is None:
        return keep_private(_spent())
    response = redirect_to(url_for("desk.queue"))
    set_cookie(here, response, session)
    return response


def _locked_out() -> Response:
    minutes = int(LOCK_OUT.total_seconds()) // 60
    page = message_page(
        429,
        gettext("Too many links that do not work"),
        gettext("From your network %(count)d links were tried that do not work.", count=MOST_FAILURES),
        gettext(
            "Within %(minutes)d minutes signing in works again; a good link is not used up.", minutes=minutes
        ),
    )
    page.headers["Retry-After"] = str(int(LOCK_OUT.total_seconds()))
    return page


def _spent() -> Response:
    return message_page(
        410,
        gettext("This link no longer works"),
        gettext("A sign-in link works once and for %(minutes)d minutes.", minutes=SIGN_IN_MINUTES),
        gettext("This one was used, has expired, or was cut short on its way."),
        way=Way(url_for("desk.sign_in_needed"), gettext("How to get a new link")),
    )


@blueprint.post("/sign-out")
@requires("moderator")
def sign_out() -> ResponseReturnValue:
    """End the session, here and in the store."""
    here = context()
    token = session_token(here, request) or ""
    with here.deps.store.write() as tx:
        tx.moderators.end_session(hash_token(token))
        tx.queue.release_claims(moderator().id)
        tx.audit_log.append(moderator().name, "sign-out", "desk", here.deps.clock())
    response = redirect_to(url_for("desk.sign_in_needed"))
    clear_cookie(here, response)
    return response
