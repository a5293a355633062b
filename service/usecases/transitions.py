"""What the verbs share: lock comments, swap their state, make the decision that follows another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from service.domain.comment import Comment
from service.domain.errors import Conflict, Final, NotFound
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.verdict import Action, Decision, Who
from service.storage import Tx
from service.storage.records import Move


def locked(tx: Tx, site: Site, comment_id: str) -> Comment:
    """Return the comment locked for this transaction. Raises NotFound, and Final for what can move no more."""
    (found,) = locked_each(tx, [(site, comment_id)])
    if not isinstance(found, Comment):
        raise found
    return found


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


def follow_up(
    decision_id: int,
    comment: Comment,
    action: Action,
    target: Status,
    who_kind: Who,
    who: str,
    reason: str | None,
    now: datetime,
) -> Decision:
    """Make a decision that takes effect at once, over the one that stands."""
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
