"""Who may enter: every route of the desk but the sign-in stands behind `requires`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue

from service.domain.desk_records import Moderator
from service.usecases.moderators import ROLES, hash_token
from service.web.pages import Way, message_page
from service.web.reach import context
from service.web.security import csrf_token, is_own_form, keep_private, session_token
from service.web.speech import gettext

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

SAFE: Final = ("GET", "HEAD", "OPTIONS")


def requires(role: str) -> Callable[[View[P]], View[P]]:
    """Let moderators of `role` and above in; whatever changes something must also come from a form of this session."""
    least = ROLES.index(role)

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            refusal = _refusal(least)
            return refusal if refusal is not None else view(*args, **kwargs)

        return guarded

    return guard


def moderator() -> Moderator:
    """Return who is signed in; only views behind `requires` may ask."""
    person: Moderator = g.moderator
    return person


def form_token() -> str:
    """Return the tag that this session's forms carry."""
    return csrf_token(context().keyring, g.session_token)


def to_queue() -> Way:
    """Return the link back to the queue."""
    return Way(url_for("desk.queue"), gettext("Back to the queue"))


def redirect_to(location: str) -> Response:
    """Answer a form by sending the browser on, so that a reload repeats nothing."""
    return keep_private(Response(status=303, headers={"Location": location}))


def _refusal(least: int) -> Response | None:
    here = context()
    token = session_token(here, request)
    person = None
    if token:
        with here.deps.store.read() as tx:
            person = tx.moderators.session(hash_token(token), here.deps.clock())
    if token is None or person is None:
        return _sign_in_first()
    if ROLES.index(person.role) < least:
        said = gettext("Ask an admin of this desk.")
        return message_page(403, gettext("Not for your role"), said, way=to_queue())
    if request.method not in SAFE and not is_own_form(here.keyring, request, token):
        said = gettext(
            "This request did not come from a page of your present session. Go back to the queue and try again."
        )
        return message_page(403, gettext("Nothing was changed"), said, way=to_queue())
    g.moderator, g.session_token = person, token
    return None


def _sign_in_first() -> Response:
    """Send a reader of a page to the sign-in; an act is refused in words, for it is not carried out later."""
    target = url_for("desk.sign_in_needed")
    if request.method in SAFE:
        return redirect_to(target)
    if request.headers.get("HX-Request"):
        return keep_private(Response(status=401, headers={"HX-Redirect": target}))
    return message_page(
        401,
        gettext("Your session has ended"),
        gettext("Nothing was changed. Sign in again with a fresh link."),
        way=Way(target, gettext("How to sign in")),
    )
