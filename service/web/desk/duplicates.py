"""Duplicate clusters on the desk: copies are shown as one row, decided in one act and undone in one act."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.domain.verdict import Action, Who
from service.usecases import Judgement
from service.usecases.bulk import ClusterAlreadyDecided
from service.usecases.bulk import decide_cluster as decide_all
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.acts import delay
from service.web.desk.frame import missing, page, unfit
from service.web.desk.place import Place, number
from service.web.desk.shown import cards
from service.web.reach import context

PAGE: Final = 50
BULK_ACTIONS: Final = {"approve": Action.APPROVE, "reject": Action.REJECT, "spam": Action.SPAM}


@blueprint.get("/comments/<int(max=999999999999999999):pk>/duplicates")
@requires("moderator")
def duplicates(pk: int) -> ResponseReturnValue:
    """Show the held copies of a comment, oldest first."""
    return _shown(pk, number(request.args.get("after")) or 0)


def _shown(pk: int, after: int = 0, refused: bool = False) -> ResponseReturnValue:
    """Show the cluster's members after `after`; answer a `refused` decision with 409 and the current one."""
    here, now = context(), context().deps.clock()
    with here.deps.store.read() as tx:
        found = tx.clusters.of_comments([pk]).get(pk)
        first = tx.comments.by_pk(pk)
        site = tx.sites.by_id(first.site_id) if first else None
        if found is None or first is None or site is None:
            return missing()
        held = tx.clusters.held_members(found.id, after, PAGE + 1)
        shown = cards(tx, held[:PAGE], {site.id: site}, now)
        size = tx.clusters.sizes([found.id]).get(found.id, 0)
    return page(
        "desk/duplicates.html",
        409 if refused else 200,
        refused=refused,
        cluster=found,
        stands=found.stands(now),
        first=first,
        cards=shown,
        size=size,
        hours=site.options.duplicate_hours,
        after=shown[-1].pk if len(held) > PAGE else None,
    )


@blueprint.post("/comments/<int(max=999999999999999999):pk>/duplicates")
@requires("moderator")
def decide_duplicates(pk: int) -> ResponseReturnValue:
    """Decide all held copies of a comment, and those still to arrive, if the cluster is as the moderator saw it."""
    action, cluster_id = BULK_ACTIONS.get(request.form.get("action", "")), number(request.form.get("cluster"))
    if action is None or cluster_id is None:
        return unfit()
    here = context()
    with here.deps.store.read() as tx:
        found = tx.clusters.of_comments([pk]).get(pk)
        site = tx.sites.by_id(found.site_id) if found else None
    if found is None or site is None or found.id != cluster_id:
        return missing()
    judgement = Judgement(action, Who.MODERATOR, moderator().name)
    seen = replace(found, bulk_decision_id=number(request.form.get("stands")))
    try:
        made = decide_all(here.deps, site, seen, judgement, delay(site))
    except ClusterAlreadyDecided:
        return _shown(pk, refused=True)
    return back_to(url_for("desk.queue", **Place.of(request.form).query(), bulk=made.bulk_decision.id))
