"""What a moderator can do to a comment: plain forms first; a script that asks gets the fragment that changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from service import usecases
from service.domain.comment import Comment
from service.domain.errors import Conflict, NotFound, NothingToUndo, ReplydeskError
from service.domain.errors import Final as IsFinal
from service.domain.refusal_reasons import reason_named
from service.domain.site import Site
from service.domain.verdict import Action, Decision, Who
from service.privacy.masking import mask
from service.usecases import Judgement
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.frame import is_fragment, missing, page, unfit
from service.web.desk.place import Place, number
from service.web.desk.queue import Notice, find, taken_back, waits_again
from service.web.desk.speech import gettext
from service.web.desk.words import DONE
from service.web.reach import context

ACTIONS: Final = {
    "approve": Action.APPROVE,
    "reject": Action.REJECT,
    "spam": Action.SPAM,
    "hold": Action.HOLD,
}
KEEP: Final = "keep"
NOTE_LIMIT: Final = 500
WORDS_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for: an action, and the site's reason for it where one was chosen."""

    action: Action
    reason: str | None


@blueprint.post("/comments/<int(max=999999999999999999):pk>/decision")
@requires("moderator")
def decide(pk: int) -> ResponseReturnValue:
    """Decide on the revision that was seen; the decision is published after the undo time."""
    revision, target = number(request.form.get("revision")), _target(pk)
    if target is None:
        return missing()
    comment, site = target
    asked = _asked(site, request.form.get("action", ""))
    if revision is None or asked is None:
        return unfit()
    if asked == KEEP:
        return _keep(comment, site, revision)
    assert isinstance(asked, Asked)  # noqa: S101 - the other kind is answered above
    here = context()
    judgement = Judgement(
        action=asked.action,
        who_kind=Who.MODERATOR,
        who=moderator().name,
        revision=revision,
        replaces=number(request.form.get("replaces")),
        reason=asked.reason,
        note=masked(site, request.form.get("note"), NOTE_LIMIT),
    )
    try:
        decision = usecases.review(here.deps, site, comment.id, judgement, delay(site))
    except NotFound:
        return missing()
    except (Conflict, IsFinal) as refusal:
        return _as_it_stands(pk, _ground(refusal, revision))
    if asked.action is Action.HOLD:
        with (
            here.deps.store.write() as tx
        ):  # it waits for colleagues now: not assigned here until the claim runs out
            tx.queue.release_claims(moderator().id, [pk])
    return _decided(comment, decision)


@blueprint.post("/comments/<int(max=999999999999999999):pk>/undo")
@requires("moderator")
def undo(pk: int) -> ResponseReturnValue:
    """Take a decision back, free before it was published, by a compensating one after; or a "leave as it is"."""
    decision_id, left = number(request.form.get("decision")), number(request.form.get("left"))
    target = _target(pk)
    if decision_id is None and left is None:
        return unfit()
    if target is None:
        return missing()
    comment, site = target
    try:
        if left is not None:
            usecases.reopen(context().deps, site, comment.id, left, moderator().name)
        else:
            usecases.undo(context().deps, site, comment.id, Who.MODERATOR, moderator().name, decision_id)
    except NotFound:
        return missing()
    except (Conflict, IsFinal) as refusal:
        return _as_it_stands(pk, _ground(refusal))
    return _undone(pk, None if left is not None else decision_id)


@blueprint.post("/appeals/<int(max=999999999999999999):appeal_id>")
@requires("moderator")
def answer(appeal_id: int) -> ResponseReturnValue:
    """Answer a commenter's appeal in words: the decision stands, or the comment is published."""
    verdict = request.form.get("action", "")
    with context().deps.store.read() as tx:
        known = tx.appeals.get(appeal_id)
        site = tx.sites.by_id(known.site_id) if known else None
    if known is None or site is None:
        return missing()
    words = masked(site, request.form.get("words"), WORDS_LIMIT)
    if verdict not in ("uphold", "reverse") or not words:
        return unfit()
    given = usecases.Answer(verdict == "reverse", words, moderator().name)
    try:
        usecases.answer(context().deps, site, appeal_id, given, delay(site))
    except NotFound:
        return missing()
    except ReplydeskError as refusal:
        return _as_it_stands(known.comment_pk, _ground(refusal))
    place = Place.of(request.form)
    return back_to(place.url(anchor=number(request.form.get("next")), answered=appeal_id))


@blueprint.post("/appeals/<int(max=999999999999999999):appeal_id>/undo")
@requires("moderator")
def take_answer_back(appeal_id: int) -> ResponseReturnValue:
    """Take back an answer that upheld the decision: the appeal waits again."""
    with context().deps.store.read() as tx:
        known = tx.appeals.get(appeal_id)
        site = tx.sites.by_id(known.site_id) if known else None
    if known is None or site is None:
        return missing()
    try:
        usecases.take_answer_back(context().deps, site, appeal_id, moderator().name)
    except NotFound:
        return missing()
    except ReplydeskError as refusal:
        return _as_it_stands(known.comment_pk, _ground(refusal))
    place = Place.of(request.form)
    return back_to(place.url(anchor=known.comment_pk, answered=appeal_id))


def masked(site: Site, said: str | None, limit: int) -> str | None:
    """Return what a person typed, bounded and with contacts masked: it often quotes the comment's writer."""
    plain = (said or "").replace("\0", "").strip()[:limit]
    return mask(plain, region=site.region).text if plain else None


def delay(site: Site) -> float:
    """Return how long a decision waits in the service: as the site says, else as the installation does."""
    own = site.options.undo_seconds
    return context().settings.undo_seconds if own is None else own


def _asked(site: Site, said: str) -> Asked | str | None:
    """Read "approve", "keep", or "reject:off_topic" with one of the site's reasons; None for anything else."""
    name, _, code = said.partition(":")
    if said == KEEP:
        return KEEP
    if name not in ACTIONS or (code and reason_named(site.options.reasons, code) is None):
        return None
    return Asked(ACTIONS[name], code or None)


def _keep(comment: Comment, site: Site, revision: int) -> ResponseReturnValue:
    """Leave a reported comment as it is."""
    try:
        replaces = number(request.form.get("replaces"))
        left = usecases.dismiss(context().deps, site, comment.id, revision, moderator().name, replaces)
    except NotFound:
        return missing()
    except (Conflict, IsFinal) as refusal:
        return _as_it_stands(comment.pk, _ground(refusal, revision))
    place = Place.of(request.form)
    if not is_fragment():
        return back_to(place.url(left=left, anchor=number(request.form.get("next"))))
    notice = Notice(gettext("Left as it is."), comment, None, left=left)
    return page("desk/_decided.html", 200, notice=notice, place=place)


def _target(pk: int) -> tuple[Comment, Site] | None:
    with context().deps.store.read() as tx:
        comment = tx.comments.by_pk(pk)
        site = tx.sites.by_id(comment.site_id) if comment else None
    return (comment, site) if comment and site else None


def _decided(comment: Comment, decision: Decision) -> Response:
    """Lead back to the same place with the next comment in view, or hand the script the comment's new face."""
    place = Place.of(request.form)
    if not is_fragment():
        return back_to(place.url(done=decision.id, anchor=number(request.form.get("next"))))
    notice = Notice(f"{DONE[decision.action]}.", comment, decision.id)
    return page("desk/_decided.html", 200, notice=notice, place=place)


def _undone(pk: int, decision_id: int | None) -> Response:
    """Lead back to the comment, or hand the script its card; without a decision it was left as it was and waits."""
    place = Place.of(request.form)
    if not is_fragment():
        return back_to(place.url(undone=decision_id, waits=None if decision_id else pk, anchor=pk))
    here = context()
    with here.deps.store.read() as tx:
        shown = find(tx, pk, here.deps.clock())
    if shown is None:
        return missing()
    said = taken_back(shown.comment) if decision_id else waits_again()
    return page("desk/_back.html", 200, card=shown, place=place, said=said)


def _as_it_stands(pk: int, sentence: str) -> Response:
    """Answer 409 and show what stands now and who decided it; a note that was typed stays in the form."""
    here = context()
    with here.deps.store.read() as tx:
        shown = find(tx, pk, here.deps.clock())
    if shown is None:
        return missing()
    template = "desk/_conflict.html" if is_fragment() else "desk/conflict.html"
    typed = request.form.get("note", "").strip()[:NOTE_LIMIT]
    return page(
        template, 409, card=shown, sentence=sentence, place=Place.of(request.form), typed_note=typed or None
    )


def _ground(refusal: ReplydeskError, seen: int | None = None) -> str:
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
