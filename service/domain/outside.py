"""What is known outside the service: a decision that still waits to leave does not exist there."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.comment import Comment
from service.domain.status import Status
from service.domain.verdict import Decision


@dataclass(frozen=True, slots=True)
class Outside:
    """A comment's state as it is known outside: its status, and the decision behind it."""

    status: Status
    decision_id: int | None


def is_unpublished(decision: Decision | None) -> bool:
    """Whether the decision still waits to leave, so that nothing of it may be seen."""
    return decision is not None and decision.seq is None


def outside(comment: Comment, current_decision: Decision | None) -> Outside:
    """Return the state to show, given the decision that stands on the comment."""
    if (
        current_decision is not None
        and current_decision.id == comment.decision_id
        and is_unpublished(current_decision)
    ):
        return Outside(current_decision.from_status, current_decision.previous)
    return Outside(comment.status, comment.decision_id)
