"""What a RESTORE put back: the decision that stands again, though the undo is what is written over it."""

from __future__ import annotations

from collections.abc import Iterable

from service.domain.verdict import Action, Decision


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
