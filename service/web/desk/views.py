"""Saved views: a place on the desk kept under a name; and the page that says what the keys do."""

from __future__ import annotations

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.frame import page, unfit
from service.web.desk.place import Place
from service.web.reach import context

NAME_LIMIT: Final = 40


@blueprint.post("/views")
@requires("moderator")
def save_view() -> ResponseReturnValue:
    """Keep the place under a name."""
    name, place = request.form.get("name", "").strip(), Place.of(request.form)
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        return unfit()
    here = context()
    with here.deps.store.write() as tx:
        tx.moderators.add_view(moderator().id, name, place.without().at, here.deps.clock())
    return back_to(place.url())


@blueprint.post("/views/<int(max=999999999999999999):view_id>/drop")
@requires("moderator")
def drop_view(view_id: int) -> ResponseReturnValue:
    """Keep a view no longer; another moderator's stays."""
    with context().deps.store.write() as tx:
        tx.moderators.drop_view(moderator().id, view_id)
    return back_to(Place.of(request.form).url())


@blueprint.get("/help")
@requires("moderator")
def help_page() -> ResponseReturnValue:
    """Say what the keys do, and how the desk works."""
    return page("desk/help.html", 200)
