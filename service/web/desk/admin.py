"""What leads and admins do: a site's callbacks and their replay, its keys, and who moderates in which role."""

from __future__ import annotations

from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.domain.errors import Invalid, NotFound
from service.domain.site import Site
from service.messaging.tasks import DELIVER
from service.usecases.moderators import ROLES, change_moderator, invite
from service.usecases.sites import ROTATED, rotate
from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.desk.filters import number
from service.web.desk.lists import paged
from service.web.desk.pages import FormIncomplete, found, page
from service.web.reach import context, public_url
from service.web.speech import lazy_gettext as _l

PAGE: Final = 50
NAME_LIMIT: Final = 100
DELIVERY_STATES: Final = {
    "dead": _l("dead letters"),
    "waiting": _l("waiting"),
    "delivered": _l("delivered"),
    "dropped": _l("dropped"),
}
KEY_WORDS: Final = {
    "key": _l("API key"),
    "akismet_key": _l("Akismet key"),
    "inbound_secret": _l("Secret for incoming webhooks"),
    "webhook_secret": _l("Secret for callbacks"),
    "contact_key": _l("Key that opens readers' addresses"),
}
ROLE_WORDS: Final = {"moderator": _l("moderator"), "lead": _l("lead"), "admin": _l("admin")}


@blueprint.get("/settings/<slug:name>/callbacks")
@requires("lead")
def callbacks(name: str) -> ResponseReturnValue:
    """Show a site's deliveries by state, with what the last attempt came to; no text, no secret."""
    state, after = request.args.get("state", "dead"), number(request.args.get("after")) or 0
    site = site_named(name)
    found(DELIVERY_STATES.get(state))
    with context().deps.store.read() as tx:
        deliveries = paged(tx.deliveries.page(site.id, state, PAGE + 1, after), PAGE, lambda one: one.id)
    replayed = number(request.args.get("replayed"))
    return page(
        "desk/callbacks.html",
        site=site,
        state=state,
        states=DELIVERY_STATES,
        deliveries=deliveries,
        replayed=replayed,
    )


@blueprint.post("/settings/<slug:name>/callbacks/replay")
@requires("lead")
def replay(name: str) -> ResponseReturnValue:
    """Let dead letters wait again: one of them, or all of the site."""
    deps, one, site = context().deps, number(request.form.get("delivery")), site_named(name)
    with deps.store.write() as tx:
        count = tx.deliveries.replay(site.id, [one] if one else None, deps.clock())
        tx.audit_log.append(moderator().name, "replay", f"site {name}: {count} deliveries", deps.clock())
    deps.dispatcher.enqueue(DELIVER)
    return redirect_to(url_for("desk.callbacks", name=name, replayed=count))


@blueprint.get("/settings/<slug:name>/keys")
@requires("admin")
def keys(name: str) -> ResponseReturnValue:
    """Show which keys and secrets a site has, none of them itself."""
    return page("desk/keys.html", site=site_named(name), rotated=ROTATED, key_words=KEY_WORDS, made=None)


@blueprint.post("/settings/<slug:name>/keys")
@requires("admin")
def rotate_key(name: str) -> ResponseReturnValue:
    """Make a new key or secret and show it once; the old one goes on for a while, unless it is to end at once."""
    what = request.form.get("what", "")
    if what not in ROTATED:
        raise FormIncomplete
    made = rotate(context(), name, what, request.form.get("at_once") == "yes", who=moderator().name)
    made.pop("site", None)
    return page("desk/keys.html", site=site_named(name), rotated=ROTATED, key_words=KEY_WORDS, made=made)


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
        raise FormIncomplete
    if name == moderator().name and (active == "no" or role not in ("", "admin")):
        return _people(status=400, own_role=True)
    try:
        if active is None:
            _, url = invite(context(), name, role or None, moderator().name)
            return _people(invited=(name, public_url() + url.removeprefix(context().settings.public_url)))
        change_moderator(context(), name, role or None, active == "yes", moderator().name)
    except (Invalid, NotFound, ValueError):
        raise FormIncomplete from None
    return redirect_to(url_for("desk.people"))


def _people(status: int = 200, **said: object) -> ResponseReturnValue:
    with context().deps.store.read() as tx:
        moderators = tx.moderators.all()
    return page("desk/people.html", status, people=moderators, roles=ROLE_WORDS, **said)


def site_named(name: str) -> Site:
    """Return the site; NotFound when there is none of that name."""
    with context().deps.store.read() as tx:
        return found(tx.sites.get(name))
