"""Which decision counts: what is known outside, where none is before it is published, and what a restore put back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.domain.comment import Comment
from service.domain.status import Status
from service.domain.verdict import Action, Decision


@dataclass(frozen=True, slots=True)
class PublicState:
    """A comment's state as it is known outside: its status, and the decision behind it."""

    status: Status
    decision_id: int | None


def is_unpublished(decision: Decision | None) -> bool:
    """Whether the decision still waits to be published, so that nothing of it may be seen."""
    return decision is not None and decision.seq is None


def public_state(comment: Comment, current_decision: Decision | None) -> PublicState:
    """Return the state to show, given the decision that stands on the comment."""
    if (
        current_decision is not None
        and current_decision.id == comment.decision_id
        and is_unpublished(current_decision)
    ):
        return PublicState(current_decision.from_status, current_decision.previous)
    return PublicState(comment.status, comment.decision_id)


def put_back(decision: Decision, decisions: Iterable[Decision]) -> Decision:
    """Return the decision that a RESTORE put back, of all `decisions` on its comment; any other decision itself.

    Where it put back none, as after the undo of the first decision, it speaks for itself.
    """
    known = {one.id: one for one in decisions}
    found = decision
    while found.action is Action.RESTORE:
        undone = known.get(found.previous or 0)
        before = known.get(undone.previous or 0) if undone else None
        if before is None or before.id >= found.id:
            return decision
        found = before
    return found
