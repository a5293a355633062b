"""What only admins do on the desk: rotate a site's keys, and say who moderates in which role."""

from __future__ import annotations

from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.domain.errors import Invalid, NotFound
from service.usecases.moderators import ROLES, change_moderator, invite
from service.usecases.sites import ROTATED, rotate
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.frame import missing, page, unfit
from service.web.desk.speech import lazy_gettext as _l
from service.web.reach import context

NAME_LIMIT: Final = 100
KEY_WORDS: Final = {
    "key": _l("API key"),
    "akismet_key": _l("Akismet key"),
    "inbound_secret": _l("Secret for incoming webhooks"),
    "webhook_secret": _l("Secret for callbacks"),
    "contact_key": _l("Key that opens readers' addresses"),
}
ROLE_WORDS: Final = {"moderator": _l("moderator"), "lead": _l("lead"), "admin": _l("admin")}


@blueprint.get("/settings/<slug:name>/keys")
@requires("admin")
def keys(name: str) -> ResponseReturnValue:
    """Show which keys and secrets a site has, none of them itself."""
    with context().deps.store.read() as tx:
        site = tx.sites.get(name)
    return (
        page("desk/keys.html", 200, site=site, rotated=ROTATED, key_words=KEY_WORDS, made=None)
        if site
        else missing()
    )


@blueprint.post("/settings/<slug:name>/keys")
@requires("admin")
def rotate_key(name: str) -> ResponseReturnValue:
    """Make a new key or secret and show it once; the old one goes on for a while, unless it is to end at once."""
    what = request.form.get("what", "")
    if what not in ROTATED:
        return unfit()
    try:
        made = rotate(context(), name, what, request.form.get("at_once") == "yes", who=moderator().name)
    except NotFound:
        return missing()
    with context().deps.store.read() as tx:
        site = tx.sites.get(name)
    made.pop("site", None)
    return page("desk/keys.html", 200, site=site, rotated=ROTATED, key_words=KEY_WORDS, made=made)


@blueprint.get("/people")
@requires("admin")
def people() -> ResponseReturnValue:
    """Show who moderates, and in which role."""
    return _people()


@blueprint.post("/people")
@requires("admin")
def change_people() -> ResponseReturnValue:
    """Invite somebody, who gets a link of their own, or change a moderator's role or whether they may enter."""
    name, role = request.form.get("name", "").strip()[:NAME_LIMIT], request.form.get("role", "")
    active = request.form.get("active")
    if not name or (role and role not in ROLES) or active not in (None, "yes", "no"):
        return unfit()
    if name == moderator().name and (active == "no" or role not in ("", "admin")):
        return _people(said="own", status=400)
    try:
        if active is None:
            _, url = invite(context(), name, role or None, moderator().name)
            return _people(invited=(name, url))
        change_moderator(context(), name, role or None, active == "yes", moderator().name)
    except (Invalid, NotFound, ValueError):
        return unfit()
    return back_to(url_for("desk.people"))


def _people(
    invited: tuple[str, str] | None = None, said: str | None = None, status: int = 200
) -> ResponseReturnValue:
    with context().deps.store.read() as tx:
        found = tx.moderators.all()
    return page(
        "desk/people.html",
        status,
        people=found,
        roles=ROLES,
        role_words=ROLE_WORDS,
        invited=invited,
        said=said,
    )
