"""withdraw: take a comment off for good, when the site asks."""

from __future__ import annotations

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.errors import NotFound
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.messaging.tasks import DELIVER
from service.usecases.publish import publish_decisions
from service.usecases.transitions import new_decision, swap


def withdraw(deps: Dependencies, site: Site, comment_id: str, who: str) -> Comment:
    """Take the comment off for good and return it; withdrawing twice is no error.

    Nothing stays open about it: reports, appeals, claims and its membership in a duplicate cluster end.
    The site is told by `comment.withdrawn` after whatever was on its way, so that its last word on the comment is this.
    Of an erased comment it takes off the text that stayed without its author.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        comment = tx.comments.get(site.id, comment_id, lock=True)
        if comment is not None and comment.status is Status.ERASED and comment.published_revision is not None:
            tx.erasure.empty([comment.pk])
            return tx.comments.by_pk(comment.pk) or comment
        if comment is None or comment.status is Status.ERASED:
            raise NotFound("There is no comment with this id on this site.")
        if comment.status is Status.WITHDRAWN:
            return comment
        decision = tx.decisions.current(comment)
        if decision and decision.seq is None:
            tx.decisions.undo([decision.id], now)
        (decision_id,) = tx.decisions.new_ids(1)
        withdrawal = new_decision(decision_id, comment, Action.WITHDRAW, Who.SITE, who, now)
        swap(tx, comment, decision, Status.WITHDRAWN, withdrawal.id, None, now)
        tx.cases.close_all({comment.pk: withdrawal.id}, now)
        tx.deliveries.drop_dead(comment.pk)  # a replay of an approval must not follow the withdrawal
        called_back = publish_decisions(tx, {site.id: site}, [(comment, withdrawal)], fresh=True)
        after = tx.comments.by_pk(comment.pk) or comment
    if called_back:
        deps.dispatcher.enqueue(DELIVER)
    return after
