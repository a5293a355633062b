"""What the verbs share: lock a comment, swap its state, make the decision that follows another."""

from __future__ import annotations

from datetime import datetime

from service.moderation.comment import FINAL, Comment, Status
from service.moderation.errors import (
    Conflict,
    Final,
    NotFound,
)
from service.moderation.verdict import Action, Decision, Who
from service.ports import (
    Move,
    Site,
    Tx,
)


def locked(tx: Tx, site: Site, comment_id: str) -> Comment:
    """Return the comment locked for this transaction. Raises NotFound, and Final for what can move no more."""
    comment = tx.comment(site.id, comment_id, lock=True)
    if comment is None:
        raise NotFound("There is no comment with this id on this site.")
    if comment.status in FINAL:
        raise Final(f"The comment is {comment.status}, and that is final.")
    return comment


def swap(
    tx: Tx,
    comment: Comment,
    standing: Decision | None,
    to_status: Status,
    decision_id: int | None,
    published: int | None,
    now: datetime,
) -> None:
    """Move the comment, or refuse: the row changed under the hand. The moment of its first verdict stays."""
    move = Move(
        pk=comment.pk,
        revision=comment.revision,
        from_status=comment.status,
        standing=comment.decision_id,
        to_status=to_status,
        decision_id=decision_id,
        published_revision=published,
        decided_at=None if to_status is Status.PENDING else comment.decided_at or now,
    )
    if not tx.move([move]):
        raise Conflict(comment, standing)


def follow_up(
    tx: Tx,
    comment: Comment,
    action: Action,
    target: Status,
    who_kind: Who,
    who: str,
    reason: str | None,
    now: datetime,
) -> Decision:
    """Make a decision that takes effect at once, over the one that stands."""
    (decision_id,) = tx.new_decision_ids(1)
    return Decision(
        id=decision_id,
        comment_pk=comment.pk,
        site_id=comment.site_id,
        revision=comment.revision,
        action=action,
        who_kind=who_kind,
        who=who,
        from_status=comment.status,
        to_status=target,
        created_at=now,
        effective_at=now,
        reason=reason,
        replaces=comment.decision_id,
        previous=comment.decision_id,
        from_published=comment.published_revision,
    )
