"""Bulk decisions: copies of one comment decided in one act; every such act listed, shown and undone in one act."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from service.domain.verdict import Action, Who
from service.storage import Tx
from service.storage.records import BulkDecision
from service.usecases import Judgement
from service.usecases.bulk import ClusterAlreadyDecided, decide_cluster
from service.usecases.bulk import undo_bulk as undo_all
from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.desk.cards import cards
from service.web.desk.decisions import comment_and_site, delay
from service.web.desk.filters import QueueFilters, number
from service.web.desk.lists import Paged, Row, comment_list, list_url, paged
from service.web.desk.notices import Undo, counted
from service.web.desk.pages import found, given, page
from service.web.desk.words import LABEL_WORDS
from service.web.reach import context
from service.web.speech import gettext

ACTS: Final = 50
PAGE: Final = 50
BULK_ACTIONS: Final = {"approve": Action.APPROVE, "reject": Action.REJECT, "spam": Action.SPAM}
FRESH: Final = timedelta(minutes=1)
"""The age from which a bulk decision is undone only after a second look."""


@dataclass(frozen=True, slots=True)
class Act:
    """A bulk decision; `chosen` says how its comments were chosen, `covers_until` how long it covers later copies."""

    bulk_decision: BulkDecision
    text: str
    chosen: str
    undo: Undo
    covers_until: datetime | None = None


def bulk_judgement() -> Judgement:
    """Read the action of a posted bulk form."""
    return Judgement(given(BULK_ACTIONS.get(request.form.get("action", ""))), Who.MODERATOR, moderator().name)


def latest_acts(tx: Tx, now: datetime, before: int | None = None) -> Paged[Act]:
    """Return the latest bulk decisions, of those before one; what came to nothing is left out."""
    made = tx.bulk_decisions.latest(ACTS, before)
    sizes = tx.bulk_decisions.sizes([one.id for one, _ in made])
    acts = [_act(one, sizes.get(one.id, 0), until if until and until > now else None) for one, until in made]
    shown = [act for act in acts if act.covers_until or act.bulk_decision.id in sizes]
    return Paged(shown, made[-1][0].id if len(made) == ACTS else None)


@blueprint.get("/bulk/<int(max=999999999999999999):bulk_decision_id>")
@requires("moderator")
def bulk_decision(bulk_decision_id: int) -> ResponseReturnValue:
    """Show the comments of one bulk decision as they are now, in the order in which they were decided."""
    return _bulk_page(bulk_decision_id)


@blueprint.post("/bulk/<int(max=999999999999999999):bulk_decision_id>/undo")
@requires("moderator")
def undo_bulk(bulk_decision_id: int) -> ResponseReturnValue:
    """Undo a bulk decision in one act; one older than a minute is shown first, and undone by a second button."""
    deps = context().deps
    with deps.store.read() as tx:
        made_at = found(tx.bulk_decisions.get(bulk_decision_id)).made_at
    filters = QueueFilters.of(request.form)
    if deps.clock() - made_at > FRESH and request.form.get("sure") != "yes":
        return _bulk_page(bulk_decision_id, ask=True, filters=filters)
    undo_all(deps, bulk_decision_id, Who.MODERATOR, moderator().name)
    return redirect_to(
        list_url(bulk_decision_id) if "back" in request.form else filters.url(bulk=bulk_decision_id)
    )


def _bulk_page(
    bulk_decision_id: int, ask: bool = False, filters: QueueFilters | None = None
) -> ResponseReturnValue:
    """Show a bulk decision; with `ask` above its comments the question whether to undo it."""
    after = number(request.args.get("after")) or 0
    with context().deps.store.read() as tx:
        act = found(tx.bulk_decisions.get(bulk_decision_id))
        size = tx.bulk_decisions.sizes([bulk_decision_id]).get(bulk_decision_id, 0)
        decided = paged(
            tx.bulk_decisions.members(bulk_decision_id, after, PAGE + 1), PAGE, lambda one: one[0]
        )
        shown = cards(tx, [comment for _, comment in decided.rows])
        stands = act.undone_at is None or tx.bulk_decisions.can_be_undone(bulk_decision_id)
    rows = [
        Row(
            card,
            undo=decision_id if card.comment.decision_id == decision_id else None,
            overruled=card.comment.decision_id != decision_id and act.undone_at is None,
        )
        for (decision_id, _), card in zip(decided.rows, shown, strict=True)
    ]
    return page(
        "desk/bulk.html",
        act=_act(act, size),
        ask=ask,
        stands=stands,
        comments=Paged(rows, decided.next),
        filters=filters or QueueFilters(queue="decided"),
    )


@blueprint.get("/comments/<int(max=999999999999999999):pk>/duplicates")
@requires("moderator")
def duplicates(pk: int) -> ResponseReturnValue:
    """Show the held copies of a comment, oldest first."""
    return _duplicates_page(pk, number(request.args.get("after")) or 0)


@blueprint.post("/comments/<int(max=999999999999999999):pk>/duplicates")
@requires("moderator")
def decide_duplicates(pk: int) -> ResponseReturnValue:
    """Decide all held copies of a comment, and those still to arrive, if the cluster is as the moderator saw it."""
    judgement, cluster_id = bulk_judgement(), given(number(request.form.get("cluster")))
    _, site = comment_and_site(pk)
    deps = context().deps
    with deps.store.read() as tx:
        cluster = tx.clusters.of_comments([pk]).get(pk)
    cluster = found(cluster if cluster and cluster.id == cluster_id else None)
    seen = replace(cluster, bulk_decision_id=number(request.form.get("stands")))
    try:
        made = decide_cluster(deps, site, seen, judgement, delay(site))
    except ClusterAlreadyDecided:
        return _duplicates_page(pk, refused=True)
    return redirect_to(QueueFilters.of(request.form).url(bulk=made.bulk_decision.id))


def _duplicates_page(pk: int, after: int = 0, refused: bool = False) -> ResponseReturnValue:
    """Show the cluster's members after `after`; answer a `refused` decision with 409 and the current one."""
    first, site = comment_and_site(pk)
    with context().deps.store.read() as tx:
        cluster = found(tx.clusters.of_comments([pk]).get(pk))
        some = comment_list(tx, tx.clusters.held_members(cluster.id, after, PAGE + 1), PAGE)
        size = tx.clusters.sizes([cluster.id]).get(cluster.id, 0)
    return page(
        "desk/duplicates.html",
        409 if refused else 200,
        refused=refused,
        cluster=cluster,
        stands=cluster.stands(context().deps.clock()),
        first=first,
        comments=some,
        size=size,
        hours=site.options.duplicate_hours,
    )


def _act(act: BulkDecision, count: int, until: datetime | None = None) -> Act:
    return Act(act, counted(act, count), _chosen(act.what), Undo.of_bulk(act.id), until)


def _chosen(what: str) -> str:
    """Say how a bulk decision's comments were chosen; words of an older version stay as they are."""
    match what.split():
        case ["cluster", _]:
            return gettext("copies of one comment")
        case ["list"]:
            return gettext("picked from a list")
        case ["author"]:
            return gettext("what an author had written")
        case ["range", by, low, high]:
            score = str(LABEL_WORDS[by]) if by in LABEL_WORDS else gettext("the leading score")
            return gettext("%(score)s from %(low)s to %(high)s", score=score, low=low, high=high)
    return what
