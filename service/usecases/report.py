"""report, dismiss and reopen: readers ask for another look at a comment, a moderator finds that it may stay."""

from __future__ import annotations

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.desk_records import Matter, Report
from service.domain.errors import Conflict, NothingToUndo
from service.domain.site import Site
from service.domain.verdict import Action, Who
from service.usecases.review import stale
from service.usecases.transitions import locked, new_label


def report(
    deps: Dependencies, site: Site, comment_id: str, by: str, reason: str | None
) -> tuple[Comment, bool]:
    """Put the comment into the reported queue; return it, and whether the report is new.

    `by` is a digest of who reported: the same reader counts once. Raises NotFound, and Final for what is gone.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        comment = locked(tx, site, comment_id)
        if not tx.cases.add_report(Report(comment.pk, comment.revision, by, reason, now)):
            return comment, False
        tx.cases.open(Matter.REPORTED, comment, now)
        tx.labels.add([new_label(comment, Action.HOLD, Who.READER, "reader", now)])
    return comment, True


def dismiss(
    deps: Dependencies, site: Site, comment_id: str, revision: int, who: str, replaces: int | None = None
) -> int | None:
    """Leave the comment as it is and close what was open about it.

    Return the number by which `reopen` takes it back, None where nothing was open. `replaces` names the decision that
    was seen to stand. Raises NotFound, Final, and Conflict when the comment changed
    or was decided since.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        comment = locked(tx, site, comment_id)
        decision = tx.decisions.current(comment)
        ground = stale(comment, decision, revision, replaces)
        if ground:
            raise Conflict(comment, decision, ground)
        (number,) = tx.decisions.new_ids(1)
        closed = tx.cases.close_matters({comment.pk: number}, now)
        tx.audit_log.append(who, "dismiss", f"{site.name}: comment {comment.pk}, revision {revision}", now)
    return number if closed else None


def reopen(deps: Dependencies, site: Site, comment_id: str, dismissal: int, who: str) -> Comment:
    """Open again exactly what a dismissal closed, and return the comment.

    Raises NotFound, Final, and NothingToUndo when there is no such dismissal or a decision was made since.
    """
    with deps.store.write() as tx:
        comment = locked(tx, site, comment_id)
        decided_since = (comment.decision_id or 0) >= dismissal
        if decided_since or tx.decisions.get(dismissal) or comment.pk not in tx.cases.closed_by(dismissal):
            raise NothingToUndo(comment, tx.decisions.current(comment))
        tx.cases.undo([dismissal])
        tx.audit_log.append(who, "undo", f"{site.name}: comment {comment.pk}, left as it was", deps.clock())
    return comment
