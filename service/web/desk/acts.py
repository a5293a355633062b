"""What a moderator can do to a comment: plain forms first; a script that asks gets the fragment that changed."""

from __future__ import annotations

from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from service import actions
from service.actions import Judgement
from service.moderation.comment import Comment
from service.moderation.errors import Conflict, NotFound, NothingToUndo
from service.moderation.errors import Final as IsFinal
from service.moderation.verdict import Action, Decision, Who
from service.ports import Site
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.lanes import Notice, find, is_fragment, missing, page
from service.web.desk.place import Place, number
from service.web.desk.shown import DONE
from service.web.pages import Way, message_page
from service.web.reach import parts

ACTIONS: Final = {
    "approve": Action.APPROVE,
    "reject": Action.REJECT,
    "spam": Action.SPAM,
    "hold": Action.HOLD,
}


@blueprint.post("/comments/<int(max=999999999999999999):pk>/decision")
@requires("moderator")
def decide(pk: int) -> ResponseReturnValue:
    """Decide on the revision that was seen; the decision leaves the house after the undo time."""
    action = ACTIONS.get(request.form.get("action", ""))
    revision = number(request.form.get("revision"))
    if action is None or revision is None:
        return _unfit()
    target = _target(pk)
    if target is None:
        return missing()
    here, (comment, site) = parts(), target
    judgement = Judgement(
        action=action,
        who_kind=Who.MODERATOR,
        who=moderator().name,
        revision=revision,
        replaces=number(request.form.get("replaces")),
    )
    chosen = site.options.undo_seconds
    delay = here.settings.undo_seconds if chosen is None else chosen
    try:
        decision = actions.review(here.house, site, comment.id, judgement, delay)
    except NotFound:
        return missing()
    except (Conflict, IsFinal) as refusal:
        return _as_it_stands(pk, _ground(refusal, revision))
    return _decided(comment, decision)


@blueprint.post("/comments/<int(max=999999999999999999):pk>/undo")
@requires("moderator")
def undo(pk: int) -> ResponseReturnValue:
    """Take a decision back: free before it left the house, by a compensating one after."""
    decision_id, target = number(request.form.get("decision")), _target(pk)
    if decision_id is None:
        return _unfit()
    if target is None:
        return missing()
    comment, site = target
    try:
        actions.undo(parts().house, site, comment.id, Who.MODERATOR, moderator().name, decision_id)
    except NotFound:
        return missing()
    except (Conflict, IsFinal) as refusal:
        return _as_it_stands(pk, _ground(refusal))
    return _undone(pk, decision_id)


def _target(pk: int) -> tuple[Comment, Site] | None:
    with parts().house.store.read() as tx:
        comment = tx.comment_by_pk(pk)
        site = tx.site_by_id(comment.site_id) if comment else None
    return (comment, site) if comment and site else None


def _decided(comment: Comment, decision: Decision) -> Response:
    """Lead back to the same place with the next comment in view, or hand the script the comment's new face."""
    place = Place.of(request.form)
    if not is_fragment():
        return back_to(place.url(done=decision.id, anchor=number(request.form.get("next"))))
    notice = Notice(f"{DONE[decision.action]}.", comment, decision.id)
    return page("desk/_decided.html", 200, notice=notice, place=place)


def _undone(pk: int, decision_id: int) -> Response:
    place = Place.of(request.form)
    if not is_fragment():
        return back_to(place.url(undone=decision_id, anchor=pk))
    here = parts()
    with here.house.store.read() as tx:
        shown = find(tx, pk, here.house.clock())
    return page("desk/_card.html", 200, card=shown, place=place) if shown else missing()


def _as_it_stands(pk: int, sentence: str) -> Response:
    """Answer 409 and show what stands now and who decided it."""
    here = parts()
    with here.house.store.read() as tx:
        shown = find(tx, pk, here.house.clock())
    if shown is None:
        return missing()
    template = "desk/_conflict.html" if is_fragment() else "desk/conflict.html"
    return page(template, 409, card=shown, sentence=sentence, place=Place.of(request.form))


def _ground(refusal: Conflict | IsFinal, seen: int | None = None) -> str:
    """Say to a person why the act was refused."""
    if isinstance(refusal, IsFinal):
        return refusal.detail
    if isinstance(refusal, NothingToUndo):
        return "That decision no longer stands, so there was nothing to take back."
    if seen is not None and refusal.current.revision != seen:
        return (
            f"The author has changed the text since you saw it; this is revision {refusal.current.revision}."
        )
    return "Somebody else decided since you saw it."


def _unfit() -> Response:
    return message_page(
        400,
        "That form was not complete",
        "Nothing was changed. Go back to the queue and use the buttons there.",
        way=Way(Place().url(), "Back to the queue"),
    )
