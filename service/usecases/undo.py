"""undo: take the current decision back; free before it was published, compensated after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.context import Dependencies
from service.domain.audit_log import Act
from service.domain.comment import Comment
from service.domain.errors import Conflict, Final, NotFound, NothingToUndo
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Decision, Who
from service.messaging.tasks import DELIVER, SCORE
from service.storage import Tx
from service.storage.records import Move
from service.usecases.publish import publish_decisions
from service.usecases.transitions import current_decisions, locked_each, move_of, new_decision, or_raise


def undo(
    deps: Dependencies, site: Site, comment_id: str, who_kind: Who, who: str, decision_id: int | None = None
) -> Comment:
    """Take the current decision back and return the comment as it is then.

    Before publication an undo leaves no trace outside. After it, a compensating `restore` decision and a
    `comment.restored` callback follow. The label is retracted either way. Raises NothingToUndo when no decision
    stands, or another than `decision_id`.
    """
    with deps.store.write() as tx:
        undone = take_back(tx, site, comment_id, who_kind, who, decision_id, deps.clock())
    if undone.called_back:
        deps.dispatcher.enqueue(DELIVER)
    if undone.comment.status is Status.PENDING:
        deps.dispatcher.enqueue(SCORE)
    return undone.comment


@dataclass(frozen=True, slots=True)
class Undone:
    """The comment as it is after the undo; `called_back` when there is something to deliver at once."""

    comment: Comment
    called_back: bool


def take_back(
    tx: Tx, site: Site, comment_id: str, who_kind: Who, who: str, decision_id: int | None, now: datetime
) -> Undone:
    """Do what `undo` does within a transaction that does more; enqueueing what follows is the caller's."""
    (undone,) = take_back_each(tx, [UndoTarget(site, comment_id, decision_id)], who_kind, who, now)
    return or_raise(undone)


@dataclass(frozen=True, slots=True)
class UndoTarget:
    """A comment and the decision on it to undo; None means the current one."""

    site: Site
    comment_id: str
    decision_id: int | None


@dataclass(frozen=True, slots=True)
class _Case:
    """A comment, locked, and the decision on it that is being taken back."""

    site: Site
    comment: Comment
    undone: Decision


def take_back_each(
    tx: Tx, wanted: Sequence[UndoTarget], who_kind: Who, who: str, now: datetime
) -> list[Undone | NotFound | Final | NothingToUndo]:
    """Take back every decision that still stands; in the place of one that does not, why.

    However many there are, it takes as many statements as for one.
    """
    found = locked_each(tx, [(one.site, one.comment_id) for one in wanted])
    decisions = current_decisions(tx, (one for one in found if isinstance(one, Comment)))
    cases = [
        _Case(one.site, comment, decision)
        for one, comment in zip(wanted, found, strict=True)
        if isinstance(comment, Comment)
        and (decision := decisions.get(comment.pk))
        and decision.action is not Action.RESTORE
        and one.decision_id in (None, decision.id)
    ]
    marked = tx.decisions.undo({case.undone.id for case in cases}, now)
    undone = {case.comment.pk: case for case in cases if case.undone.id in marked}
    called_back = _put_back(tx, list(undone.values()), who_kind, who, now)
    after = tx.comments.by_pks(undone)
    outcomes: list[Undone | NotFound | Final | NothingToUndo] = []
    for comment in found:
        if not isinstance(comment, Comment):
            outcomes.append(comment)
        elif undone.pop(comment.pk, None):  # named twice, it is taken back once
            outcomes.append(Undone(after[comment.pk], called_back))
        else:
            outcomes.append(NothingToUndo(comment, decisions.get(comment.pk)))
    return outcomes


def _put_back(tx: Tx, cases: Sequence[_Case], who_kind: Who, who: str, now: datetime) -> bool:
    """Put the comments back where they were, with all that went with the decisions; return whether sites are told."""
    ids = [case.undone.id for case in cases]
    tx.labels.retract(ids, now)
    tx.cases.undo(ids)
    restores = _restores(tx, [case for case in cases if case.undone.seq is not None], who_kind, who, now)
    moves = [_move(case, restores.get(case.comment.pk), now) for case in cases]
    moved = tx.comments.move(moves)
    for case in cases:
        if case.comment.pk not in moved:  # never while it is locked; if so, nothing of this is kept
            raise Conflict(case.comment, case.undone)
    published = [(case.comment, restores[case.comment.pk]) for case in cases if case.comment.pk in restores]
    called_back = publish_decisions(tx, {case.site.id: case.site for case in cases}, published, fresh=True)
    stands = {case.undone.id: move.decision_id for case, move in zip(cases, moves, strict=True)}
    tx.appeals.reopen(stands)
    _judge_again(tx, cases, stands, now)
    tx.audit_log.append_all([Act(who, "undo", _audit_subject(case), now) for case in cases])
    return called_back


def _audit_subject(case: _Case) -> str:
    return f"{case.site.name}: comment {case.comment.pk}, decision {case.undone.id}"


def _restores(tx: Tx, cases: Sequence[_Case], who_kind: Who, who: str, now: datetime) -> dict[int, Decision]:
    """Make by comment the decision that tells the site of the undo; an unpublished one needs none."""
    ids = tx.decisions.new_ids(len(cases))
    return {
        case.comment.pk: new_decision(
            decision_id,
            case.comment,
            Action.RESTORE,
            who_kind,
            who,
            now,
            reason="undone",
            to_status=_target(case.undone),
        )
        for case, decision_id in zip(cases, ids, strict=True)
    }


def _target(undone: Decision) -> Status:
    """Say where what is published goes back to: to a person, never to the model."""
    return Status.HELD if undone.from_status is Status.PENDING else undone.from_status


def _move(case: _Case, restore: Decision | None, now: datetime) -> Move:
    """Return the move back; the decision that it names stands then."""
    undone = case.undone
    if restore is None:
        published = case.comment.published_revision
        return move_of(case.comment, undone.from_status, undone.previous, published, now)
    published = undone.from_published if restore.to_status is Status.APPROVED else None
    return move_of(case.comment, restore.to_status, restore.id, published, now)


def _judge_again(tx: Tx, cases: Sequence[_Case], stands: Mapping[int, int | None], now: datetime) -> None:
    """Let the judgements that were overruled count again, under the decisions that stand for them now."""
    overruled = {
        case.comment.pk: (case, instead)
        for case in cases
        if case.undone.previous is not None and (instead := stands[case.undone.id]) is not None
    }
    again = []
    labels = tx.labels.of_comments(overruled)
    for pk, (case, instead) in overruled.items():
        previous = [one for one in labels.get(pk, ()) if one.decision_id == case.undone.previous]
        if (
            previous
            and previous[-1].retracted_at is not None
            and previous[-1].revision == case.comment.revision
        ):
            again.append(replace(previous[-1], decision_id=instead, created_at=now, retracted_at=None))
    tx.labels.add(again)
