"""appeal, answer and take the answer back: another look for a commenter, by somebody else than who decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.decisions import put_back
from service.domain.desk_records import Appeal
from service.domain.errors import Conflict, Final, NotFound, NothingToUndo, ReplydeskError
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.verdict import Action, Who
from service.storage import Tx
from service.usecases.review import Judgement, Reviewed, carry_out, enqueue_after
from service.usecases.transitions import locked, new_label


class NotYours(ReplydeskError):
    """This appeal is against your own decision. A different moderator will review it."""


class Answered(ReplydeskError):
    """This appeal has its answer already."""


class NothingToAppeal(ReplydeskError):
    """There is nothing to appeal against: the comment is not refused, or an appeal was made already."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a moderator answers: whether the decision falls, and the words for the commenter."""

    reverse: bool
    words: str
    who: str


def appeal(deps: Dependencies, site: Site, comment_id: str, text: str) -> Appeal:
    """Keep a commenter's appeal against the decision that stands, once it is published; one for each decision.

    Raises NotFound, Final, and NothingToAppeal.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        comment = locked(tx, site, comment_id)
        current_decision = tx.decisions.current(comment)
        refused = comment.status in (Status.REJECTED, Status.SPAM)
        if current_decision is None or current_decision.seq is None or not refused:
            raise NothingToAppeal
        by = put_back(current_decision, tx.decisions.of_comment(comment.pk))
        made = tx.appeals.add(
            Appeal(
                id=0,
                site_id=site.id,
                comment_pk=comment.pk,
                decision_id=current_decision.id,
                decided_by=by.who if by.who_kind is Who.MODERATOR else None,
                text=text,
                opened_at=now,
            )
        )
        if made is None:
            raise NothingToAppeal
    return made


def answer(deps: Dependencies, site: Site, appeal_id: int, given: Answer, delay: float) -> Comment:
    """Answer an appeal: uphold the decision, or approve the comment, which corrects label, status and receipt.

    An automatic decision that a person upholds is a person's judgement too, and leaves a label. Raises NotFound, Final,
    NotYours when the decision was the answerer's own, Answered, and Conflict when another decision stands by now.
    """
    now = deps.clock()
    reviewed: Reviewed | None = None
    with deps.store.write() as tx:
        open_appeal = tx.appeals.get(appeal_id, lock=True)
        comment = tx.comments.by_pk(open_appeal.comment_pk) if open_appeal else None
        if open_appeal is None or comment is None or comment.site_id != site.id:
            raise NotFound("There is no such appeal.")
        if comment.status in FINAL:
            raise Final
        if open_appeal.answered_at is not None:
            raise Answered
        if open_appeal.decided_by == given.who:
            raise NotYours
        if comment.decision_id != open_appeal.decision_id and given.reverse:
            current_decision = tx.decisions.current(comment)
            raise Conflict(comment, current_decision, "Another decision stands by now.")
        if given.reverse:
            judgement = Judgement(
                action=Action.APPROVE,
                who_kind=Who.MODERATOR,
                who=given.who,
                revision=comment.revision,
                replaces=open_appeal.decision_id,
                reason="appeal",
            )
            reviewed = carry_out(tx, site, comment.id, judgement, now, delay)
        elif comment.decision_id == open_appeal.decision_id:
            _agree(tx, comment, given.who, now)
        by = reviewed.decision.id if reviewed else None
        tx.appeals.answer(appeal_id, given.who, given.words, by, now)
        tx.audit_log.append(
            given.who, "appeal", f"{site.name}: comment {comment.pk}, appeal {appeal_id}", now
        )
        after = tx.comments.by_pk(comment.pk) or comment
    if reviewed:
        enqueue_after(deps, reviewed, delay)
    return after


def _agree(tx: Tx, comment: Comment, who: str, now: datetime) -> None:
    current_decision = tx.decisions.current(comment)
    if current_decision is None or current_decision.who_kind is Who.MODERATOR:
        return  # whose label stands
    tx.labels.add([new_label(comment, current_decision.action, Who.MODERATOR, who, now, current_decision.id)])


def take_answer_back(deps: Dependencies, site: Site, appeal_id: int, who: str) -> Comment:
    """Open an appeal again that was answered by upholding: the answer leaves the receipt, its label is retracted.

    The decision itself was not touched, so there is nothing to tell the site. Raises NotFound, Final, and NothingToUndo
    for an appeal that waits, and for one whose answer is a decision of its own, which `undo` takes back.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        answered = tx.appeals.get(appeal_id, lock=True)
        comment = tx.comments.by_pk(answered.comment_pk) if answered else None
        if answered is None or comment is None or comment.site_id != site.id:
            raise NotFound("There is no such appeal.")
        if comment.status in FINAL:
            raise Final
        if not tx.appeals.take_answer_back(appeal_id):
            raise NothingToUndo(comment, tx.decisions.current(comment))
        upheld = tx.decisions.get(answered.decision_id)
        if upheld and upheld.who_kind is not Who.MODERATOR:
            tx.labels.retract([upheld.id], now)
        tx.audit_log.append(
            who, "undo", f"{site.name}: comment {comment.pk}, answer to appeal {appeal_id}", now
        )
    return comment
