"""A site's callbacks on the desk: what was delivered, what waits, the dead letters, and their replay."""

from __future__ import annotations

from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.messaging.tasks import DELIVER
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.frame import missing, page
from service.web.desk.place import number
from service.web.desk.speech import lazy_gettext as _l
from service.web.reach import context

PAGE: Final = 50
STATES: Final = {
    "dead": _l("dead letters"),
    "waiting": _l("waiting"),
    "delivered": _l("delivered"),
    "dropped": _l("dropped"),
}


@blueprint.get("/settings/<slug:name>/callbacks")
@requires("lead")
def callbacks(name: str) -> ResponseReturnValue:
    """Show a site's deliveries by state, with what the last attempt came to; no text, no secret."""
    state, after = request.args.get("state", "dead"), number(request.args.get("after")) or 0
    with context().deps.store.read() as tx:
        site = tx.sites.get(name)
        if site is None or state not in STATES:
            return missing()
        found = tx.deliveries.page(site.id, state, PAGE + 1, after)
    return page(
        "desk/callbacks.html",
        200,
        site=site,
        state=state,
        states=STATES,
        deliveries=found[:PAGE],
        after=found[PAGE - 1].id if len(found) > PAGE else None,
        replayed=number(request.args.get("replayed")),
    )


@blueprint.post("/settings/<slug:name>/callbacks/replay")
@requires("lead")
def replay(name: str) -> ResponseReturnValue:
    """Let dead letters wait again: one of them, or all of the site."""
    here, one = context(), number(request.form.get("delivery"))
    with here.deps.store.write() as tx:
        site = tx.sites.get(name)
        if site is None:
            return missing()
        count = tx.deliveries.replay(site.id, [one] if one else None, here.deps.clock())
        tx.audit_log.append(moderator().name, "replay", f"site {name}: {count} deliveries", here.deps.clock())
    here.deps.dispatcher.enqueue(DELIVER)
    return back_to(url_for("desk.callbacks", name=name, replayed=count))
