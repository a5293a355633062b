"""What a moderator can do to a comment: plain forms first; a script that asks gets the fragment that changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from service import usecases
from service.domain.comment import Comment
from service.domain.desk_records import Appeal
from service.domain.errors import Conflict, NotFound, NothingToUndo, ReplydeskError
from service.domain.errors import Final as IsFinal
from service.domain.refusal_reasons import reason_named
from service.domain.site import Site
from service.domain.verdict import Action, Who
from service.privacy.masking import mask
from service.usecases import Judgement
from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.desk.cards import find_card
from service.web.desk.filters import QueueFilters, number
from service.web.desk.notices import Notice, Undo, of_decision, undone, waits_again
from service.web.desk.pages import FormIncomplete, found, given, is_fragment, page
from service.web.reach import context
from service.web.speech import gettext

T = TypeVar("T")
ACTIONS: Final = {
    "approve": Action.APPROVE,
    "reject": Action.REJECT,
    "spam": Action.SPAM,
    "hold": Action.HOLD,
}
KEEP: Final = "keep"
NOTE_LIMIT: Final = 500
WORDS_LIMIT: Final = 1_000


@blueprint.post("/comments/<int(max=999999999999999999):pk>/decision")
@requires("moderator")
def decide(pk: int) -> ResponseReturnValue:
    """Decide on the revision that was seen; the decision is published after the undo time."""
    comment, site = comment_and_site(pk)
    revision = given(number(request.form.get("revision")))
    replaces = number(request.form.get("replaces"))
    action, _, reason = request.form.get("action", "").partition(":")
    deps, who = context().deps, moderator()
    if action == KEEP and not reason:
        dismissed = _carried_out(
            pk, lambda: usecases.dismiss(deps, site, comment.id, revision, who.name, replaces), revision
        )
        notice = Notice(
            gettext("Left as it is."), comment, Undo.of_dismissal(pk, dismissed) if dismissed else None
        )
        return _done(notice, left=dismissed)
    if action not in ACTIONS or (reason and reason_named(site.options.reasons, reason) is None):
        raise FormIncomplete
    judgement = Judgement(
        action=ACTIONS[action],
        who_kind=Who.MODERATOR,
        who=who.name,
        revision=revision,
        replaces=replaces,
        reason=reason or None,
        note=masked(site, request.form.get("note"), NOTE_LIMIT),
    )
    decision = _carried_out(
        pk, lambda: usecases.review(deps, site, comment.id, judgement, delay(site)), revision
    )
    if judgement.action is Action.HOLD:
        with deps.store.write() as tx:  # it is for colleagues now: not assigned here until the claim runs out
            tx.queue.release_claims(who.id, [pk])
    return _done(of_decision(decision, comment), done=decision.id)


@blueprint.post("/comments/<int(max=999999999999999999):pk>/undo")
@requires("moderator")
def undo(pk: int) -> ResponseReturnValue:
    """Undo a decision, or with `left` a "leave as it is"."""
    decision_id, left = number(request.form.get("decision")), number(request.form.get("left"))
    comment, site = comment_and_site(pk)
    deps, who = context().deps, moderator().name
    if left is not None:
        _carried_out(pk, lambda: usecases.reopen(deps, site, comment.id, left, who))
    else:
        decided = given(decision_id)
        _carried_out(pk, lambda: usecases.undo(deps, site, comment.id, Who.MODERATOR, who, decided))
    filters = QueueFilters.of(request.form)
    if not is_fragment():
        waits = None if left is None else pk
        return redirect_to(filters.url(undone=None if waits else decision_id, waits=waits, anchor=pk))
    with deps.store.read() as tx:
        card = find_card(tx, pk)
    said = undone(card.comment) if left is None else waits_again()
    return page("desk/fragments/undone.html", card=card, filters=filters, said=said)


@blueprint.post("/appeals/<int(max=999999999999999999):appeal_id>")
@requires("moderator")
def answer(appeal_id: int) -> ResponseReturnValue:
    """Answer a commenter's appeal: the decision stands, or the comment is published."""
    appeal, site = _appeal_and_site(appeal_id)
    action, words = request.form.get("action", ""), masked(site, request.form.get("words"), WORDS_LIMIT)
    if action not in ("uphold", "reverse") or not words:
        raise FormIncomplete
    answered = usecases.Answer(action == "reverse", words, moderator().name)
    deps = context().deps
    _carried_out(appeal.comment_pk, lambda: usecases.answer(deps, site, appeal_id, answered, delay(site)))
    anchor = number(request.form.get("next"))
    return redirect_to(QueueFilters.of(request.form).url(anchor=anchor, answered=appeal_id))


@blueprint.post("/appeals/<int(max=999999999999999999):appeal_id>/undo")
@requires("moderator")
def take_answer_back(appeal_id: int) -> ResponseReturnValue:
    """Take back an answer that upheld the decision: the appeal is open again."""
    appeal, site = _appeal_and_site(appeal_id)
    deps, who = context().deps, moderator().name
    _carried_out(appeal.comment_pk, lambda: usecases.take_answer_back(deps, site, appeal_id, who))
    return redirect_to(QueueFilters.of(request.form).url(anchor=appeal.comment_pk, answered=appeal_id))


def comment_and_site(pk: int) -> tuple[Comment, Site]:
    """Return a comment and its site; NotFound when there is none of that number."""
    with context().deps.store.read() as tx:
        comment = found(tx.comments.by_pk(pk))
        return comment, found(tx.sites.by_id(comment.site_id))


def masked(site: Site, said: str | None, limit: int) -> str | None:
    """Return what a person typed, bounded and with contacts masked: it often quotes the comment's writer."""
    plain = (said or "").replace("\0", "").strip()[:limit]
    return mask(plain, region=site.region).text if plain else None


def delay(site: Site) -> float:
    """Return after how many seconds a decision is sent: the site's own setting, else the installation's."""
    own = site.options.undo_seconds
    return context().settings.undo_seconds if own is None else own


def _appeal_and_site(appeal_id: int) -> tuple[Appeal, Site]:
    with context().deps.store.read() as tx:
        appeal = found(tx.appeals.get(appeal_id))
        return appeal, found(tx.sites.by_id(appeal.site_id))


def _carried_out(pk: int, act: Callable[[], T], seen: int | None = None) -> T:
    """Return what the act returns; a refusal is answered with 409 and the comment as it is now.

    `seen` is the revision that the moderator decided on. A note that was typed stays in the form.
    """
    try:
        return act()
    except NotFound:
        raise
    except ReplydeskError as refusal:
        with context().deps.store.read() as tx:
            card = find_card(tx, pk)
        answer = page(
            "desk/fragments/conflict.html" if is_fragment() else "desk/conflict.html",
            409,
            card=card,
            sentence=_ground(refusal, seen),
            filters=QueueFilters.of(request.form),
            typed_note=request.form.get("note", "").strip()[:NOTE_LIMIT] or None,
        )
        abort(answer)


def _ground(refusal: ReplydeskError, seen: int | None) -> str:
    """Say to a person why the act was refused."""
    if isinstance(refusal, IsFinal):
        return refusal.detail
    if isinstance(refusal, NothingToUndo):
        return gettext("That decision is no longer in effect, so there was nothing to undo.")
    if isinstance(refusal, usecases.NotYours):
        return gettext("This appeal is against your own decision. A different moderator will review it.")
    if isinstance(refusal, usecases.Answered):
        return gettext("Somebody else has answered this appeal.")
    if isinstance(refusal, Conflict) and seen is not None and refusal.current.revision != seen:
        return gettext(
            "The author has changed the text since you saw it; this is revision %(number)d.",
            number=refusal.current.revision,
        )
    return gettext("Somebody else decided since you saw it.")


def _done(notice: Notice, **done: int | None) -> Response:
    """Lead to the next comment of the queue, or hand the script the comment's new face."""
    filters = QueueFilters.of(request.form)
    if not is_fragment():
        return redirect_to(filters.url(anchor=number(request.form.get("next")), **done))
    return page("desk/fragments/decided.html", notice=notice, filters=filters)
