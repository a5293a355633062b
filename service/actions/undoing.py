"""undo: take the standing decision back; free before it left the house, compensated after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from service.actions.leaving import leave
from service.actions.moving import follow_up, locked, swap
from service.moderation.comment import Comment, Status
from service.moderation.errors import (
    NothingToUndo,
)
from service.moderation.verdict import Action, Decision, Who
from service.ports import (
    DELIVER,
    SCORE,
    House,
    Site,
    Tx,
)


def undo(
    house: House, site: Site, comment_id: str, who_kind: Who, who: str, decision_id: int | None = None
) -> Comment:
    """Take the standing decision back and return the comment as it is then.

    Before departure nothing has left the house and nothing will. After it, a compensating `restore` decision and a
    `comment.restored` callback follow. The label is retracted either way. Raises NothingToUndo when no decision
    stands, or another than `decision_id`.
    """
    with house.store.write() as tx:
        undone = take_back(tx, site, comment_id, who_kind, who, decision_id, house.clock())
    if undone.called_back:
        house.bell.ring(DELIVER)
    if undone.comment.status is Status.PENDING:
        house.bell.ring(SCORE)
    return undone.comment


@dataclass(frozen=True, slots=True)
class Undone:
    """The comment as it is after the undo; `called_back` when there is something to deliver at once."""

    comment: Comment
    called_back: bool


def take_back(
    tx: Tx, site: Site, comment_id: str, who_kind: Who, who: str, decision_id: int | None, now: datetime
) -> Undone:
    """Do what `undo` does within a transaction that does more; what is to be rung after it is the caller's."""
    comment = locked(tx, site, comment_id)
    standing = tx.decision(comment.decision_id) if comment.decision_id else None
    if standing is None or standing.action is Action.RESTORE or decision_id not in (None, standing.id):
        raise NothingToUndo(comment, standing)
    if not tx.undo_decision(standing.id, now):
        raise NothingToUndo(comment, standing)
    tx.retract_labels(standing.id, now)
    tx.undo_matters(standing.id)
    called_back, stands = _put_back(tx, site, comment, standing, who_kind, who, now)
    tx.reopen_appeal(standing.id, stands)
    _judge_again(tx, comment, standing, stands, now)
    tx.log_act(who, "undo", f"{site.name}: comment {comment.pk}, decision {standing.id}", now)
    return Undone(tx.comment_by_pk(comment.pk) or comment, called_back)


def _put_back(
    tx: Tx, site: Site, comment: Comment, standing: Decision, who_kind: Who, who: str, now: datetime
) -> tuple[bool, int | None]:
    """Put the comment back where it was, and return which decision stands then.

    What has left the house goes to a person, never back to the machine.
    """
    if standing.seq is None:
        before = standing.from_status
        swap(tx, comment, standing, before, standing.previous, comment.published_revision, now)
        return False, standing.previous
    target = Status.HELD if standing.from_status is Status.PENDING else standing.from_status
    published = standing.from_published if target is Status.APPROVED else None
    restore = follow_up(tx, comment, Action.RESTORE, target, who_kind, who, "undone", now)
    swap(tx, comment, standing, target, restore.id, published, now)
    return leave(tx, {site.id: site}, [(comment, restore)], fresh=True), restore.id


def _judge_again(tx: Tx, comment: Comment, undone: Decision, stands: int | None, now: datetime) -> None:
    """Let the judgement that was overruled count again, under the decision that stands for it now."""
    if undone.previous is None or stands is None:
        return
    told = [one for one in tx.labels_of(comment.pk) if one.decision_id == undone.previous]
    if told and told[-1].retracted_at is not None and told[-1].revision == comment.revision:
        tx.add_labels([replace(told[-1], decision_id=stands, created_at=now, retracted_at=None)])
