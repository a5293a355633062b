"""What a moderator keeps for themselves: preferences and saved views; and the page that explains the keys."""

from __future__ import annotations

from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.desk.filters import QueueFilters
from service.web.desk.pages import FormIncomplete, page
from service.web.desk.preferences import CAPS, COOKIE, Preferences
from service.web.reach import context
from service.web.security import cookie_path, is_https
from service.web.speech import LANGUAGES

YEAR: Final = 365 * 24 * 3600
NAME_LIMIT: Final = 40


@blueprint.get("/preferences")
@requires("moderator")
def show_preferences() -> ResponseReturnValue:
    """Show the form."""
    return page("desk/preferences.html", caps=CAPS)


@blueprint.post("/preferences")
@requires("moderator")
def set_preferences() -> ResponseReturnValue:
    """Keep what was chosen on this browser."""
    form = request.form
    language, cap = form.get("language"), form.get("cap", "")
    chosen = Preferences(
        language=language if language in LANGUAGES else None,
        keys="keys" in form,
        blur="blur" in form,
        cap=int(cap) if cap in map(str, CAPS) else Preferences().cap,
    )
    response = redirect_to(url_for("desk.show_preferences"))
    response.set_cookie(
        COOKIE,
        chosen.to_cookie(),
        max_age=YEAR,
        path=cookie_path("/desk"),
        secure=is_https(context()),
        httponly=True,
        samesite="Lax",
    )
    return response


@blueprint.post("/views")
@requires("moderator")
def save_view() -> ResponseReturnValue:
    """Keep the filters under a name."""
    name, filters = request.form.get("name", "").strip(), QueueFilters.of(request.form)
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise FormIncomplete
    here = context()
    with here.deps.store.write() as tx:
        tx.moderators.add_view(moderator().id, name, filters.without().at, here.deps.clock())
    return redirect_to(filters.url())


@blueprint.post("/views/<int(max=999999999999999999):view_id>/drop")
@requires("moderator")
def drop_view(view_id: int) -> ResponseReturnValue:
    """Delete a view; another moderator's stays."""
    with context().deps.store.write() as tx:
        tx.moderators.drop_view(moderator().id, view_id)
    return redirect_to(QueueFilters.of(request.form).url())


@blueprint.get("/help")
@requires("moderator")
def help_page() -> ResponseReturnValue:
    """Say what the keys do, and how the desk works."""
    return page("desk/help.html")
