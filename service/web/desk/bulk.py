"""Bulk decisions on the desk: listed among the decided comments, shown with their members, undone in one act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.domain.errors import NotFound
from service.domain.verdict import Who
from service.storage import Tx
from service.storage.records import BulkDecision
from service.usecases.bulk import undo_bulk as undo_all
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.frame import missing, page
from service.web.desk.place import Place, number
from service.web.desk.shown import cards
from service.web.desk.speech import gettext, ngettext
from service.web.desk.words import DONE, LABEL_WORDS
from service.web.reach import context

ACTS: Final = 50
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Act:
    """A bulk decision; `what` says how its comments were chosen, `until` how long it covers later copies."""

    bulk_decision: BulkDecision
    text: str
    what: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Acts:
    """Some acts on many comments, newest first; `earlier` is the one that those before them were made before."""

    shown: tuple[Act, ...] = ()
    earlier: int | None = None


@dataclass(frozen=True, slots=True)
class BulkNotice:
    """What a bulk decision or its undo did, and the bulk decision to undo; None once there is nothing to undo."""

    text: str
    bulk_decision_id: int | None


def acts_lately(tx: Tx, now: datetime, before: int | None = None) -> Acts:
    """Return the latest acts on many comments, of those before one; what came to nothing is left out."""
    found = tx.bulk_decisions.latest(ACTS, before)
    sizes = tx.bulk_decisions.sizes([bulk_decision.id for bulk_decision, _ in found])
    acts = [_act(one, sizes.get(one.id, 0), until if until and until > now else None) for one, until in found]
    shown = tuple(act for act in acts if act.until or act.bulk_decision.id in sizes)
    return Acts(shown, found[-1][0].id if len(found) == ACTS else None)


def bulk_notice(tx: Tx, query: Mapping[str, str]) -> BulkNotice | None:
    """Return what the last form decided or undid in bulk, read from the store."""
    bulk_decision = tx.bulk_decisions.get(number(query.get("bulk")) or 0)
    if bulk_decision is None:
        return None
    if bulk_decision.undone_at is not None:
        if tx.bulk_decisions.can_be_undone(bulk_decision.id):
            return BulkNotice(
                gettext("Undone in part: it took too long. Undo the rest as well."), bulk_decision.id
            )
        return BulkNotice(gettext("All of it was undone."), None)
    return BulkNotice(
        _counted(bulk_decision, tx.bulk_decisions.sizes([bulk_decision.id]).get(bulk_decision.id, 0)),
        bulk_decision.id,
    )


@blueprint.get("/bulk/<int(max=999999999999999999):bulk_decision_id>")
@requires("moderator")
def bulk_decision(bulk_decision_id: int) -> ResponseReturnValue:
    """Show the comments of one act as they are now, in the order in which they were decided."""
    here, after = context(), number(request.args.get("after")) or 0
    with here.deps.store.read() as tx:
        bulk_decision = tx.bulk_decisions.get(bulk_decision_id)
        if bulk_decision is None:
            return missing()
        size = tx.bulk_decisions.sizes([bulk_decision_id]).get(bulk_decision_id, 0)
        found = tx.bulk_decisions.members(bulk_decision_id, after, PAGE + 1)
        sites = {one.id: one for one in tx.sites.all()}
        shown = cards(tx, [one for _, one in found[:PAGE]], sites, here.deps.clock())
        stands = bulk_decision.undone_at is None or tx.bulk_decisions.can_be_undone(bulk_decision_id)
    return page(
        "desk/bulk.html",
        200,
        act=_act(bulk_decision, size),
        stands=stands,
        members=list(zip(shown, (decision_id for decision_id, _ in found), strict=False)),
        after=found[PAGE - 1][0] if len(found) > PAGE else None,
        place=Place(queue="decided"),
    )


@blueprint.post("/bulk/<int(max=999999999999999999):bulk_decision_id>/undo")
@requires("moderator")
def undo_bulk(bulk_decision_id: int) -> ResponseReturnValue:
    """Take back in one act what was decided in one."""
    try:
        undo_all(context().deps, bulk_decision_id, Who.MODERATOR, moderator().name)
    except NotFound:
        return missing()
    return back_to(url_for("desk.queue", **Place.of(request.form).query(), bulk=bulk_decision_id))


def _act(bulk_decision: BulkDecision, count: int, until: datetime | None = None) -> Act:
    return Act(bulk_decision, _counted(bulk_decision, count), _chosen(bulk_decision.what), until)


def _counted(bulk_decision: BulkDecision, count: int) -> str:
    return f"{DONE[bulk_decision.action]}: {ngettext('%(num)d comment', '%(num)d comments', count)}."


def _chosen(what: str) -> str:
    """Say how an act's comments were chosen; what an older version wrote, as it wrote it."""
    match what.split():
        case ["cluster", _]:
            return gettext("copies of one comment")
        case ["author"]:
            return gettext("what an author had written")
        case ["range", by, low, high]:
            score = str(LABEL_WORDS[by]) if by in LABEL_WORDS else gettext("the leading score")
            return gettext("%(score)s from %(low)s to %(high)s", score=score, low=low, high=high)
    return what
