"""The lanes of the desk: what is held, what still waits for its score, and what people decided lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from service.moderation.comment import Comment, Status
from service.moderation.verdict import Action, Decision
from service.ports import Backlog, Site, Tx
from service.web.desk import blueprint
from service.web.desk.access import form_token, moderator, requires
from service.web.desk.place import Place, number
from service.web.desk.shown import DONE, Card, card, clock_time, decider
from service.web.pages import Way, message_page
from service.web.reach import parts

PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class Done:
    """A decision as the lane of decided comments shows it; `stands` while nothing has overruled it."""

    decision: Decision
    card: Card
    stands: bool
    leaves_in: float | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What was just done, with the decision that an undo takes back; None once there is nothing to take back."""

    text: str
    comment: Comment
    decision_id: int | None


@dataclass(frozen=True, slots=True)
class Lane:
    """One page of a lane; `next` is the cursor of the following page."""

    cards: tuple[Card, ...] = ()
    done: tuple[Done, ...] = ()
    next: int | None = None


@blueprint.get("", strict_slashes=False)
@requires("moderator")
def queue() -> ResponseReturnValue:
    """Show a page of a lane, oldest first."""
    here, place = parts(), Place.of(request.args)
    now = here.house.clock()
    with here.house.store.read() as tx:
        lane = _lane(tx, place, now)
        backlog = tx.backlog(now)
        notice = _notice(tx, request.args)
    return page(
        "desk/queue.html",
        200,
        lane=lane,
        place=place,
        backlog=backlog,
        counts=_counts(backlog),
        notice=notice,
    )


@blueprint.get("/comments/<int(max=999999999999999999):pk>")
@requires("moderator")
def comment(pk: int) -> ResponseReturnValue:
    """Show one comment, with what can be done about it."""
    here = parts()
    with here.house.store.read() as tx:
        shown = find(tx, pk, here.house.clock())
    if shown is None:
        return missing()
    return page("desk/comment.html", 200, card=shown, place=Place.of(request.args))


def find(tx: Tx, pk: int, now: datetime) -> Card | None:
    """Return the card of a comment, None when there is none of that number."""
    found = tx.comment_by_pk(pk)
    site = tx.site_by_id(found.site_id) if found else None
    return card(tx, found, {site.id: site}, now) if found and site else None


def page(template: str, status: int, **values: object) -> Response:
    """Render a page or a fragment of the desk: kept in no cache, its forms tied to the session."""
    html = render_template(
        template,
        csrf=form_token(),
        moderator=moderator(),
        decider=decider,
        clock_time=clock_time,
        done_words=DONE,
        fragment=is_fragment(),
        undo_seconds=parts().settings.undo_seconds,
        **values,
    )
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Vary"] = "HX-Request"
    return response


def is_fragment() -> bool:
    """Whether a script on the page asks and puts the answer in by itself."""
    return request.headers.get("HX-Request") == "true"


def missing() -> Response:
    """Answer that there is no such comment."""
    return message_page(
        404,
        "There is no such comment",
        "It may have been erased since.",
        way=Way(Place().url(), "Back to the queue"),
    )


def _lane(tx: Tx, place: Place, now: datetime) -> Lane:
    sites = {site.id: site for site in tx.sites()}
    if place.lane == "decided":
        return _decided(tx, place, sites, now)
    status = Status.HELD if place.lane == "held" else Status.PENDING
    found = tx.comments(None, status=status, after=place.after, limit=PAGE, oldest_first=True)
    return Lane(cards=tuple(card(tx, one, sites, now) for one in found.comments), next=found.next)


def _decided(tx: Tx, place: Place, sites: dict[int, Site], now: datetime) -> Lane:
    found = tx.decisions_lately(place.after, PAGE + 1)
    shown = tuple(_done(tx, decision, comment, sites, now) for decision, comment in found[:PAGE])
    return Lane(done=shown, next=shown[-1].decision.id if len(found) > PAGE else None)


def _done(tx: Tx, decision: Decision, comment: Comment, sites: dict[int, Site], now: datetime) -> Done:
    leaves_in = None if decision.seq is not None else (decision.effective_at - now).total_seconds()
    return Done(decision, card(tx, comment, sites, now), comment.decision_id == decision.id, leaves_in)


def _notice(tx: Tx, query: Mapping[str, str]) -> Notice | None:
    """Say what the form that led here did; read from the store, so that a forged address can claim nothing."""
    decision = tx.decision(number(query.get("done")) or number(query.get("undone")) or 0)
    comment = tx.comment_by_pk(decision.comment_pk) if decision else None
    if decision is None or comment is None:
        return None
    if decision.undone_at is not None:
        return Notice(f"Taken back: the comment is {comment.status} again.", comment, None)
    stands = comment.decision_id == decision.id and decision.action is not Action.RESTORE
    return Notice(f"{DONE[decision.action]}.", comment, decision.id if stands else None)


def _counts(backlog: Backlog) -> dict[str, int]:
    return {"held": backlog.held, "waiting": backlog.pending}
