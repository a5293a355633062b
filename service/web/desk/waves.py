"""Waves on the desk: copies of one text shown as one row, decided in one act, taken back in one act."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.actions import Judgement
from service.actions.together import WaveDecided
from service.actions.together import decide_wave as decide_all
from service.moderation.verdict import Action, Who
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.acts import delay
from service.web.desk.frame import missing, page, unfit
from service.web.desk.place import Place, number
from service.web.desk.shown import cards
from service.web.reach import parts

PAGE: Final = 50
TOGETHER: Final = {"approve": Action.APPROVE, "reject": Action.REJECT, "spam": Action.SPAM}


@blueprint.get("/comments/<int(max=999999999999999999):pk>/wave")
@requires("moderator")
def wave(pk: int) -> ResponseReturnValue:
    """Show the held copies of a comment, oldest first."""
    return _shown(pk, number(request.args.get("after")) or 0)


def _shown(pk: int, after: int = 0, refused: bool = False) -> ResponseReturnValue:
    """Show the wave from behind `after` on; a decision that was `refused` is answered 409 with what stands now."""
    here, now = parts(), parts().deps.clock()
    with here.deps.store.read() as tx:
        found = tx.waves_of([pk]).get(pk)
        first = tx.comment_by_pk(pk)
        site = tx.site_by_id(first.site_id) if first else None
        if found is None or first is None or site is None:
            return missing()
        held = tx.held_in_wave(found.id, after, PAGE + 1)
        shown = cards(tx, held[:PAGE], {site.id: site}, now)
        size = tx.wave_sizes([found.id]).get(found.id, 0)
    return page(
        "desk/wave.html",
        409 if refused else 200,
        refused=refused,
        wave=found,
        stands=found.stands(now),
        first=first,
        cards=shown,
        size=size,
        hours=site.options.fold_hours,
        after=shown[-1].pk if len(held) > PAGE else None,
    )


@blueprint.post("/comments/<int(max=999999999999999999):pk>/wave")
@requires("moderator")
def decide_wave(pk: int) -> ResponseReturnValue:
    """Decide all held copies of a comment, and those that still arrive, as one act on the wave as it was seen."""
    action, wave_id = TOGETHER.get(request.form.get("action", "")), number(request.form.get("wave"))
    if action is None or wave_id is None:
        return unfit()
    here = parts()
    with here.deps.store.read() as tx:
        found = tx.waves_of([pk]).get(pk)
        site = tx.site_by_id(found.site_id) if found else None
    if found is None or site is None or found.id != wave_id:
        return missing()
    judgement = Judgement(action, Who.MODERATOR, moderator().name)
    seen = replace(found, bundle_id=number(request.form.get("stands")))
    try:
        made = decide_all(here.deps, site, seen, judgement, delay(site))
    except WaveDecided:
        return _shown(pk, refused=True)
    return back_to(url_for("desk.queue", **Place.of(request.form).query(), together=made.bundle.id))
