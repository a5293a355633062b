"""The page where moderators set for themselves what their browser keeps: language, keys, care."""

from __future__ import annotations

from typing import Final

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from service.web.desk import blueprint
from service.web.desk.access import back_to, requires
from service.web.desk.frame import page
from service.web.desk.own import CAPS, COOKIE, Preferences
from service.web.reach import context
from service.web.security import cookie_path, is_https
from service.web.speech import LANGUAGES

YEAR: Final = 365 * 24 * 3600


@blueprint.get("/preferences")
@requires("moderator")
def show_preferences() -> ResponseReturnValue:
    """Show the form."""
    return page("desk/preferences.html", 200, caps=CAPS)


@blueprint.post("/preferences")
@requires("moderator")
def set_preferences() -> ResponseReturnValue:
    """Keep what was chosen on this browser."""
    form = request.form
    cap = form.get("cap", "")
    chosen = Preferences(
        language=language if (language := form.get("language", "")) in LANGUAGES else None,
        keys="keys" in form,
        blur="blur" in form,
        cap=int(cap) if cap in map(str, CAPS) else Preferences().cap,
    )
    response = back_to(url_for("desk.show_preferences"))
    return _kept(response, chosen)


def _kept(response: Response, chosen: Preferences) -> Response:
    response.set_cookie(
        COOKIE,
        chosen.written(),
        max_age=YEAR,
        path=cookie_path("/desk"),
        secure=is_https(context()),
        httponly=True,
        samesite="Lax",
    )
    return response
