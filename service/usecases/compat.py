"""What the compatibility APIs do with comments: submit with a score, add an alias, keep what a site judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.context import Dependencies
from service.domain.comment import Comment, Source, Submission
from service.domain.errors import Conflict, NotFound
from service.domain.revisions import refusal_of
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.text import visible
from service.domain.verdict import REFUSALS, Action, Assessment, Decision, Who
from service.privacy.sanitizer import Sanitizer
from service.scoring import Signer
from service.storage import Tx
from service.storage.records import IdempotencyKey
from service.usecases.record_scores import Scored, record_scores
from service.usecases.review import Judgement, review
from service.usecases.submit import submit_one
from service.usecases.transitions import new_label

RACES = 3
"""How often a judgement looks again when the model or a person decides at the same moment."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """The comment that a judgement is about, and whether the judgement is one that was not known."""

    comment: Comment
    is_new: bool


def record_feedback(
    deps: Dependencies,
    sanitizer: Sanitizer,
    site: Site,
    submission: Submission,
    action: Action,
    who: str,
    known_as: Sequence[str] = (),
) -> Feedback:
    """Keep the site's judgement and say which comment it is about; the same judgement again changes nothing.

    The comment is the one of the submission's id, else the first known by one of the idempotency keys `known_as`, where
    it has this very text, white space aside; else the text is stored now. A moderator's decision stands, and so does
    their refusal of an earlier text until a person decides on this one: then another judgement is a label alone, and
    the same one is none. Raises what refuses the submission.
    """
    comment = _known(deps, sanitizer, site, submission, known_as) or _stored(
        deps, sanitizer, site, submission, known_as
    )
    for _ in range(RACES):
        if comment.status in FINAL:
            return Feedback(comment, is_new=False)
        with deps.store.write() as tx:
            decision = tx.decisions.current(comment)
            stands = earlier_refusal(tx, comment) or decision
            if _is_said(tx, comment, action, who):
                return Feedback(comment, is_new=False)
            if stands is not None and stands.who_kind is Who.MODERATOR:
                is_other = stands.action is not action
                if is_other:
                    tx.labels.add([new_label(comment, action, Who.SITE, who, deps.clock())])
                return Feedback(comment, is_other)
        try:
            review(deps, site, comment.id, _judgement(comment, decision, action, who))
        except Conflict as changed:
            comment = changed.current
            continue
        return Feedback(_again(deps, comment), is_new=True)
    return Feedback(_again(deps, comment), is_new=False)


def _known(
    deps: Dependencies, sanitizer: Sanitizer, site: Site, submission: Submission, known_as: Sequence[str]
) -> Comment | None:
    """Find the comment by one of its names, as long as it still says what was judged."""
    said = _letters(sanitizer.draft(site, submission, deps.clock()).body)
    ids = [submission.id] if submission.id else []
    ids += [sanitizer.id_of(site, key) for key in known_as]
    with deps.store.read() as tx:
        named = tx.comments.idempotency_keys(site.id, [sanitizer.key_of(site, key) for key in known_as])
        found = [tx.comments.get(site.id, comment_id) for comment_id in ids]
        found += [tx.comments.by_pk(key.comment_pk) for key in named.values()]
    return next((comment for comment in found if comment and _letters(comment.body) == said), None)


def earlier_refusal(tx: Tx, comment: Comment) -> Decision | None:
    """Return the decision by which a person refused an earlier text of what waits now; None without one."""
    refusal = refusal_of(comment)
    if refusal is None or comment.status not in (Status.PENDING, Status.HELD):
        return None
    current = tx.decisions.current(comment)
    if current is not None and current.who_kind is not Who.MACHINE:
        return None  # who sets the new text aside, or puts it back, has decided on it
    refused = tx.decisions.get(refusal.decision)
    return refused if refused is not None and refused.action in REFUSALS else None


def _letters(body: str) -> str:
    """Return the text without white space, which systems set differently each time they tell of a comment."""
    return "".join(visible(body).split())


def _stored(
    deps: Dependencies, sanitizer: Sanitizer, site: Site, submission: Submission, known_as: Sequence[str]
) -> Comment:
    """Store the text; under another name where its id is that of a comment which came from another source."""
    if known_as and _posted_by_site(deps, site, submission):
        submission = replace(submission, id=None, idempotency_key=known_as[0])
    return submit_one(deps, sanitizer, site, submission).comment


def _is_said(tx: Tx, comment: Comment, action: Action, who: str) -> bool:
    """Whether this judgement stands already: clients send again what they believe lost."""
    return any(
        (one.revision, one.action, one.who, one.retracted_at) == (comment.revision, action, who, None)
        for one in tx.labels.of_comment(comment.pk)
    )


def _judgement(comment: Comment, decision: Decision | None, action: Action, who: str) -> Judgement:
    decided = comment.status not in (Status.PENDING, Status.HELD)
    replaces = decision.id if decision is not None and decided else None
    return Judgement(action, Who.SITE, who, revision=comment.revision, replaces=replaces)


def _again(deps: Dependencies, comment: Comment) -> Comment:
    with deps.store.read() as tx:
        found = tx.comments.by_pk(comment.pk)
    if found is None:
        raise NotFound()
    return found


def submit_scored(
    deps: Dependencies,
    sanitizer: Sanitizer,
    site: Site,
    submission: Submission,
    assessment: Assessment | None,
    signer: Signer,
) -> Comment:
    """Store the comment, decide it by the site's policy with this assessment, and return it as it is then.

    A comment of the same id that came from another source is returned unchanged: its author and page are known there.
    `assessment` must be of the text as the sanitizer masks it. What was stored before is a replay and stays as it is. A
    process that stops between the two leaves it pending, for the scorer. Raises what refuses the submission.
    """
    if own := _posted_by_site(deps, site, submission):
        return own
    comment = submit_one(deps, sanitizer, site, submission).comment
    if comment.status is Status.PENDING:
        record_scores(deps, [Scored(comment, assessment)], signer)
    return _again(deps, comment)


def _posted_by_site(deps: Dependencies, site: Site, submission: Submission) -> Comment | None:
    """Return the comment that the site itself posted under this id; a compatibility API must not revise it."""
    if submission.id is None or submission.source is not Source.COMPAT:
        return None
    with deps.store.read() as tx:
        comment = tx.comments.get(site.id, submission.id)
    return comment if comment is not None and comment.source is not Source.COMPAT else None


def add_alias(
    deps: Dependencies, sanitizer: Sanitizer, site: Site, known_as: str, alias: str, origin: Mapping[str, str]
) -> Comment | None:
    """Give the comment of the idempotency key `known_as` another name and its origin; None when there is none.

    Callbacks about it carry the origin from now on. Joining again changes nothing.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        comment = tx.comments.get(site.id, sanitizer.id_of(site, known_as), lock=True)
        if comment is None or comment.status in FINAL:
            return comment  # what was withdrawn or erased is still the one, and is told nothing more
        name = IdempotencyKey(sanitizer.key_of(site, alias), comment.pk, comment.revision, "alias")
        tx.comments.add_idempotency_keys(site.id, [name], now)
        if comment.signals.get("origin") != dict(origin):
            tx.comments.set_signals(comment.pk, {**comment.signals, "origin": dict(origin)})
        return tx.comments.by_pk(comment.pk)
