"""Refusals of the verbs as the API says them: a conflict carries the state that the caller may see now."""

from __future__ import annotations

import math
from datetime import datetime

from service.domain.comment import Comment
from service.domain.decisions import is_unpublished
from service.domain.errors import Conflict, ReplydeskError
from service.domain.verdict import Decision
from service.web.api import shown
from service.web.problems import Problem, from_error
from service.web.reach import api


def refused(error: ReplydeskError) -> Problem:
    """Return the problem of a refusal; of a decision that has not been published it tells only when to come again."""
    if not isinstance(error, Conflict):
        return from_error(error)
    deps = api().context.deps
    with deps.store.read() as tx:
        current = tx.comments.by_pk(error.current.pk) or error.current
        decision = shown.current_decision(tx, current)
    if decision is not None and is_unpublished(decision):
        return being_decided(current, decision, deps.clock())
    return from_error(error, shown.current_view(current, decision))


def being_decided(comment: Comment, decision: Decision, now: datetime) -> Problem:
    """Return the conflict with a decision that a desk is still free to take back."""
    seconds = max(1, math.ceil((decision.effective_at - now).total_seconds()))
    return Problem(
        "conflict",
        "The comment is being decided at this moment; ask again in a few seconds.",
        headers={"Retry-After": str(seconds)},
        extra={"current": shown.current_view(comment, decision)},
    )
