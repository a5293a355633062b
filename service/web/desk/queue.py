"""The queues of the desk: the next few comments assigned to a moderator, and what people decided lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from service import usecases
from service.domain.comment import Comment
from service.domain.desk import Claim, Cursor, Matter, Queued
from service.domain.verdict import LABELS, Action, Decision
from service.storage import Tx
from service.usecases.claim import CLAIM_SECONDS
from service.web.desk import blueprint
from service.web.desk.access import moderator, requires
from service.web.desk.bulk import Acts, acts_lately, bulk_notice
from service.web.desk.frame import missing, page
from service.web.desk.own import preferences
from service.web.desk.place import Place, number, numbers
from service.web.desk.shown import Card, cards
from service.web.desk.speech import gettext
from service.web.desk.words import DONE, STATUS_WORDS
from service.web.reach import context

BATCH: Final = 8
"""So many comments are assigned to one moderator at once: the one in focus and the next ones, already on screen."""
PAGE: Final = 20
COUNT_LIMIT: Final = 1_000
LATE_LIMIT: Final = 200
"""So many late comments of each site are looked through: what lies behind them comes when these are decided."""


@dataclass(frozen=True, slots=True)
class Done:
    """A decision as the queue of decided comments shows it; `stands` while nothing has overruled it."""

    decision: Decision
    card: Card
    stands: bool
    leaves_in: float | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What was just done, with the decision, answer or dismissal that an undo takes back; None where there is none."""

    text: str
    comment: Comment
    decision_id: int | None
    appeal_id: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of a queue; `next` is the place of the following page, `claims` what is assigned to everybody by now."""

    cards: tuple[Card, ...] = ()
    done: tuple[Done, ...] = ()
    acts: Acts = field(default_factory=Acts)
    next: Place | None = None
    claims: Sequence[Claim] = ()


@blueprint.get("", strict_slashes=False)
@requires("moderator")
def queue() -> ResponseReturnValue:
    """Show the moderator's next comments of a queue, or what people decided lately."""
    here, place = context(), Place.of(request.args)
    queue = _queue_page(place, ())
    with here.deps.store.read() as tx:
        return page(
            "desk/queue.html",
            200,
            queue=queue,
            place=place,
            counts=counted(tx),
            sites=tx.sites.all(),
            labels=LABELS,
            languages=tx.queue.languages(),
            views=tx.moderators.views(moderator().id),
            others=others(queue.claims),
            newest=tx.queue.newest_pk(),
            notice=_notice(tx, request.args),
            bulk_notice=bulk_notice(tx, request.args),
        )


@blueprint.get("/more")
@requires("moderator")
def more() -> ResponseReturnValue:
    """Hand a script the comments that follow those it has, claimed; 204 when there are none."""
    place, have = replace(Place.of(request.args), after=None), numbers(request.args.get("have"))
    run, left = number(request.args.get("run")) or 0, number(request.args.get("open")) or 0
    queue = _queue_page(place, have, run, max(1, BATCH - left))
    if not queue.cards:
        return Response(status=204, headers={"Cache-Control": "no-store"})
    return page("desk/more.html", 200, queue=queue, place=place)


@blueprint.get("/comments/<int(max=999999999999999999):pk>")
@requires("moderator")
def comment(pk: int) -> ResponseReturnValue:
    """Show one comment, with what can be done about it."""
    here = context()
    with here.deps.store.read() as tx:
        shown = find(tx, pk, here.deps.clock())
        decisions = tx.decisions.of_comment(pk) if shown else []
        notes = tx.decisions.notes([one.id for one in decisions])
    if shown is None:
        return missing()
    return page(
        "desk/comment.html", 200, card=shown, decisions=decisions, notes=notes, place=Place.of(request.args)
    )


def find(tx: Tx, pk: int, now: datetime) -> Card | None:
    """Return the card of a comment, None when there is none of that number."""
    found = tx.comments.by_pk(pk)
    site = tx.sites.by_id(found.site_id) if found else None
    return cards(tx, [found], {site.id: site}, now)[0] if found and site else None


def counted(tx: Tx) -> dict[str, str]:
    """Count what waits in each queue, as the links to the queues show it."""
    return {
        name: f"{number:,}" if number < COUNT_LIMIT else f"{COUNT_LIMIT - 1:,}+"
        for name, number in tx.queue.counts(COUNT_LIMIT).items()
    }


def others(claims: Sequence[Claim]) -> list[tuple[str, int]]:
    """Say who else is at work, and how many comments are assigned to each."""
    found: dict[str, int] = {}
    for claim in claims:
        if claim.moderator_id != moderator().id:
            found[claim.moderator] = found.get(claim.moderator, 0) + 1
    return sorted(found.items())


def _queue_page(place: Place, have: tuple[int, ...], run: int = 0, limit: int = BATCH) -> QueuePage:
    here, now = context(), context().deps.clock()
    found: Sequence[Queued] = ()
    if place.queue == "decided":
        with here.deps.store.read() as tx:
            return _decided(tx, place, now)
    if place.queue == "held":
        found = _held(place, have, run, limit)
    elif place.queue in ("reported", "aside"):
        found = _matters(place, have, limit)
    elif place.queue == "appeals":
        found = _appeals(place, have, now, limit)
    else:
        found = _late(place, have, now, limit)
    with here.deps.store.read() as tx:
        sites, claims = {site.id: site for site in tx.sites.all()}, tx.queue.claims(now)
        shown = cards(tx, [one.comment for one in found], sites, now, claims)
    full = len(found) == limit
    return QueuePage(shown, next=place.following(found[-1].cursor) if full else None, claims=claims)


def _held(place: Place, have: tuple[int, ...], run: int, limit: int) -> Sequence[Queued]:
    here = context()
    with here.deps.store.read() as tx:
        wanted = place.wanted(tx, have)
    cap = preferences(request).cap
    return usecases.claim_held(here.deps, moderator().id, wanted, limit, cap, run)


def _matters(place: Place, have: tuple[int, ...], limit: int) -> Sequence[Queued]:
    here = context()
    with here.deps.store.read() as tx:
        wanted = place.wanted(tx, have)
    return usecases.claim_matters(here.deps, moderator().id, Matter(place.queue), wanted, limit)


def _appeals(place: Place, have: tuple[int, ...], now: datetime, limit: int) -> Sequence[Queued]:
    with context().deps.store.read() as tx:
        found = tx.appeals.unanswered(place.wanted(tx, have), BATCH + COUNT_LIMIT // 10)
    # an appeal against one's own decision is shown and left to others: assigned here it would wait for good
    own = [queued for appeal, queued in found if appeal.decided_by == moderator().name]
    mine = _claimed([queued for _, queued in found if queued not in own], now, limit)
    return [queued for _, queued in found if queued in own or queued in mine][:limit]


def _late(place: Place, have: tuple[int, ...], now: datetime, limit: int) -> Sequence[Queued]:
    """Return what no score reached in its site's time, oldest first; it has no score, label or language to go by."""
    if place.label or place.language:
        return ()
    with context().deps.store.read() as tx:
        found = [
            one
            for site in tx.sites.all()
            if place.site in (None, site.name)
            for one in tx.comments.late(
                site.id, now - timedelta(seconds=site.policy.outage_after_seconds), LATE_LIMIT, place.article
            )
        ]
    found.sort(key=lambda one: one.pk)
    beyond = place.after.pk if place.after else 0
    some = [Queued(one, Cursor(one.pk)) for one in found if one.pk > beyond and one.pk not in have]
    return _claimed(some, now, limit)


def _claimed(found: Sequence[Queued], now: datetime, limit: int) -> Sequence[Queued]:
    if not found:
        return ()
    until = now + timedelta(seconds=CLAIM_SECONDS)
    with context().deps.store.write() as tx:
        taken = {one.comment_pk for one in tx.queue.claims(now) if one.moderator_id != moderator().id}
        free = [one for one in found if one.comment.pk not in taken][:limit]
        mine = tx.queue.claim(moderator().id, [one.comment.pk for one in free], now, until)
    return [one for one in free if one.comment.pk in mine]


def _decided(tx: Tx, place: Place, now: datetime) -> QueuePage:
    sites, claims = {site.id: site for site in tx.sites.all()}, tx.queue.claims(now)
    found = tx.decisions.latest(place.after.pk if place.after else None, PAGE + 1)
    shown_cards = cards(tx, [one for _, one in found[:PAGE]], sites, now, claims)
    shown = tuple(_done(decision, card, now) for (decision, _), card in zip(found, shown_cards, strict=False))
    following = place.following(Cursor(shown[-1].decision.id)) if len(found) > PAGE else None
    earlier = number(request.args.get("acts"))
    acts = acts_lately(tx, now, earlier) if earlier or not place.after else Acts()
    return QueuePage(done=shown, acts=acts, next=following, claims=claims)


def _done(decision: Decision, card: Card, now: datetime) -> Done:
    leaves_in = None if decision.seq is not None else (decision.effective_at - now).total_seconds()
    return Done(decision, card, card.comment.decision_id == decision.id, leaves_in)


def _notice(tx: Tx, query: Mapping[str, str]) -> Notice | None:
    """Say what the form that led here did; read from the store, so that a forged address can claim nothing."""
    if "answered" in query:
        return _answered(tx, number(query["answered"]) or 0)
    if "left" in query:
        return _left(tx, number(query["left"]) or 0)
    if "waits" in query:
        return _waiting(tx, number(query["waits"]) or 0)
    decision = tx.decisions.get(number(query.get("done")) or number(query.get("undone")) or 0)
    found = tx.comments.by_pk(decision.comment_pk) if decision else None
    if decision is None or found is None:
        return None
    if decision.undone_at is not None:
        return Notice(taken_back(found), found, None)
    stands = found.decision_id == decision.id and decision.action is not Action.RESTORE
    return Notice(f"{DONE[decision.action]}.", found, decision.id if stands else None)


def _answered(tx: Tx, appeal_id: int) -> Notice | None:
    appeal = tx.appeals.get(appeal_id)
    found = tx.comments.by_pk(appeal.comment_pk) if appeal else None
    if appeal is None or found is None:
        return None
    if appeal.answered_at is None:
        return Notice(gettext("Undone: the appeal waits again."), found, None)
    if appeal.reversed_by is None:
        return Notice(f"{gettext('Decision upheld')}.", found, None, appeal.id)
    stands = appeal.reversed_by if found.decision_id == appeal.reversed_by else None
    return Notice(f"{gettext('Decision reversed')}.", found, stands)


def _left(tx: Tx, dismissal: int) -> Notice | None:
    pks = tx.cases.closed_by(dismissal) if tx.decisions.get(dismissal) is None else ()
    found = next((one for one in tx.comments.by_pks(pks).values()), None)
    if found is None:
        return None
    stands = (found.decision_id or 0) < dismissal
    return Notice(gettext("Left as it is."), found, None, left=dismissal if stands else None)


def _waiting(tx: Tx, pk: int) -> Notice | None:
    found = tx.comments.by_pk(pk)
    if found is None or pk not in tx.cases.open_matters([pk]):
        return None
    return Notice(waits_again(), found, None)


def waits_again() -> str:
    """Say what taking back a "leave as it is" came to."""
    return gettext("Undone: the report is open again.")


def taken_back(one: Comment) -> str:
    """Say what an undo came to."""
    return gettext("Undone: the comment is %(status)s again.", status=str(STATUS_WORDS[one.status]))


__all__ = ["Notice", "QueuePage", "counted", "find", "missing", "others", "page", "taken_back", "waits_again"]
