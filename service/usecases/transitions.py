"""Transitions of comments that the use cases share: lock, decide, and move by compare-and-swap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from service.domain.comment import Comment
from service.domain.errors import Conflict, Final, NotFound, ReplydeskError
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.verdict import OUTCOME, Action, Decision, Who
from service.storage import Tx
from service.storage.records import Label, Move

T = TypeVar("T")
STATUS_AFTER = {**OUTCOME, Action.WITHDRAW: Status.WITHDRAWN, Action.ERASE: Status.ERASED}


def or_raise(outcome: T | ReplydeskError) -> T:
    """Return what became of one of several; raise the error that stands in its place."""
    if isinstance(outcome, ReplydeskError):
        raise outcome
    return outcome


def locked(tx: Tx, site: Site, comment_id: str) -> Comment:
    """Return the comment locked for this transaction. Raises NotFound, and Final for what can move no more."""
    (found,) = locked_each(tx, [(site, comment_id)])
    return or_raise(found)


def locked_each(tx: Tx, named: Sequence[tuple[Site, str]]) -> list[Comment | NotFound | Final]:
    """Return the comments locked for this transaction, in order; in the place of one the error that `locked` raises."""
    found = tx.comments.lock({(site.id, comment_id) for site, comment_id in named})
    return [_movable(found.get((site.id, comment_id))) for site, comment_id in named]


def _movable(comment: Comment | None) -> Comment | NotFound | Final:
    if comment is None:
        return NotFound("There is no comment with this id on this site.")
    if comment.status in FINAL:
        return Final(f"The comment is {comment.status}, and that is final.")
    return comment


def current_decisions(tx: Tx, comments: Iterable[Comment]) -> dict[int, Decision]:
    """Return the current decision by pk of the locked comments; comments without any are left out."""
    ids = {one.pk: one.decision_id for one in comments if one.decision_id}
    found = tx.decisions.by_ids(ids.values())
    return {pk: found[decision_id] for pk, decision_id in ids.items() if decision_id in found}


def swap(
    tx: Tx,
    comment: Comment,
    decision: Decision | None,
    to_status: Status,
    decision_id: int | None,
    published: int | None,
    now: datetime,
) -> None:
    """Move the comment, or refuse: the row changed meanwhile."""
    if not tx.comments.move([move_of(comment, to_status, decision_id, published, now)]):
        raise Conflict(comment, decision)


def move_of(
    comment: Comment, to_status: Status, decision_id: int | None, published: int | None, now: datetime
) -> Move:
    """Return the compare-and-swap from the comment as it was seen. The moment of its first verdict stays."""
    return Move(
        pk=comment.pk,
        revision=comment.revision,
        from_status=comment.status,
        expected_decision_id=comment.decision_id,
        to_status=to_status,
        decision_id=decision_id,
        published_revision=published,
        decided_at=None if to_status is Status.PENDING else comment.decided_at or now,
    )


def new_decision(
    decision_id: int,
    comment: Comment,
    action: Action,
    who_kind: Who,
    who: str,
    now: datetime,
    *,
    reason: str | None = None,
    to_status: Status | None = None,
) -> Decision:
    """Return a decision on the comment as it was seen, in effect at once, over the one that stands.

    `to_status` is for a restore; each other action has a status of its own.
    """
    return Decision(
        id=decision_id,
        comment_pk=comment.pk,
        site_id=comment.site_id,
        revision=comment.revision,
        action=action,
        who_kind=who_kind,
        who=who,
        from_status=comment.status,
        to_status=to_status or STATUS_AFTER[action],
        created_at=now,
        effective_at=now,
        reason=reason,
        replaces=comment.decision_id,
        previous=comment.decision_id,
        from_published=comment.published_revision,
    )


def move_to(comment: Comment, decision: Decision, now: datetime) -> Move:
    """Return the move that a decision in effect at once makes: readers see the revision that it approves."""
    return move_of(comment, decision.to_status, decision.id, published_by(decision), now)


def published_by(decision: Decision) -> int | None:
    """Return the revision that readers see once the decision is published; None when they see nothing."""
    return decision.revision if decision.to_status is Status.APPROVED else None


def new_label(
    comment: Comment, action: Action, who_kind: Who, who: str, now: datetime, decision_id: int | None = None
) -> Label:
    """Return a judgement of the comment as it was seen, for training."""
    return Label(
        site_id=comment.site_id,
        comment_pk=comment.pk,
        revision=comment.revision,
        who_kind=who_kind,
        who=who,
        action=action,
        created_at=now,
        decision_id=decision_id,
    )
