"""What a site sees of a comment: a decision that is not published does not exist here."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from flask import request

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.decisions import is_unpublished, public_state
from service.domain.errors import Conflict, ReplydeskError
from service.domain.events import decision_view, instant, public_view, verdict_view
from service.domain.status import Status
from service.domain.verdict import Decision
from service.storage import Tx
from service.web.problems import Problem, from_error, problem_of
from service.web.reach import api

UNPUBLISHED_LIMIT: Final = 10_000
FAR: Final = timedelta(days=1)


def unpublished_decisions(tx: Tx, deps: Dependencies) -> Mapping[int, Decision]:
    """Return every decision that is not published yet, by id: those of the last few seconds, found by one index."""
    return {one.id: one for one in tx.decisions.due(deps.clock() + FAR, UNPUBLISHED_LIMIT)}


def one_view(tx: Tx, comment: Comment, receipt: str) -> dict[str, object]:
    """Return the whole view of one comment, with every decision that is published; `receipt` is its path."""
    decisions = tx.decisions.of_comment(comment.pk)
    decision = next((one for one in decisions if one.id == comment.decision_id), None)
    return {
        **row_view(comment, decision),
        "decisions": [decision_view(one) for one in decisions if one.seq is not None],
        "links": {**links(comment.id), "receipt": receipt},
    }


def row_view(comment: Comment, decision: Decision | None) -> dict[str, object]:
    """Return the view of a comment as it stands in a page."""
    state = public_state(comment, decision)
    seen = public_view(comment)
    seen.pop("article_url")
    return {
        **seen,
        "status": str(state.status),
        "article": {
            "url": comment.article.url,
            "title": comment.article.title,
            "published_at": instant(comment.article.published_at),
        },
        "source": str(comment.source),
        "received_at": instant(comment.received_at),
        "published_revision": comment.published_revision,
        "decision": _name(state.decision_id),
        "verdict": verdict_view(comment.verdict)
        if comment.verdict and state.status is not Status.PENDING
        else None,
        "links": links(comment.id),
    }


def accepted_view(comment: Comment, receipt: str, decision: Decision | None = None) -> dict[str, object]:
    """Return the short answer to a submission; `receipt` is the path of the page made for its writer."""
    state = public_state(comment, decision)
    return {
        "id": comment.id,
        "revision": comment.revision,
        "status": str(state.status),
        "links": {**links(comment.id), "receipt": receipt},
    }


def current_view(comment: Comment, decision: Decision | None) -> dict[str, object]:
    """Return the state that a conflict shows: what stands now, and by which decision."""
    state = public_state(comment, decision)
    known = decision if decision is not None and decision.id == state.decision_id else None
    return {
        "id": comment.id,
        "revision": comment.revision,
        "status": str(state.status),
        "decision": _name(state.decision_id),
        "decided": decision_view(known) if known else None,
        "links": links(comment.id),
    }


def published_view(comments: Iterable[Comment], orphans: Collection[int] = ()) -> list[dict[str, object]]:
    """Return what readers may see, and nothing else; of `orphans` (pks) not even what they answer."""
    return [_published(comment, comment.pk in orphans) for comment in comments]


def _published(comment: Comment, is_orphan: bool) -> dict[str, object]:
    view = public_view(comment)
    shown = {name: view[name] for name in ("id", "parent_id", "name", "website", "body", "submitted_at")}
    return {**shown, "parent_id": None, "parent_hidden": True} if is_orphan else shown


def links(comment_id: str) -> dict[str, str]:
    """Return the addresses of a comment; its id is safe in a path as it is."""
    return {"self": f"{request.script_root}/v1/comments/{comment_id}"}


def _name(decision_id: int | None) -> str | None:
    return str(decision_id) if decision_id else None


def refused(error: ReplydeskError) -> Problem:
    """Return the problem of a refusal: a conflict shows the state that the caller may see now."""
    if not isinstance(error, Conflict):
        return problem_of(error)
    deps = api().context.deps
    with deps.store.read() as tx:
        current = tx.comments.by_pk(error.current.pk) or error.current
        decision = tx.decisions.current(current)
    if decision is not None and is_unpublished(decision):
        return being_decided(current, decision, deps.clock())
    return from_error(error, current_view(current, decision))


def being_decided(comment: Comment, decision: Decision, now: datetime) -> Problem:
    """Return the conflict with a decision that a desk is still free to take back: it tells only when to come again."""
    seconds = max(1, math.ceil((decision.effective_at - now).total_seconds()))
    return Problem(
        "conflict",
        "The comment is being decided at this moment; ask again in a few seconds.",
        headers={"Retry-After": str(seconds)},
        extra={"current": current_view(comment, decision)},
    )
