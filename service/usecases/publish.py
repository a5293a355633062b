"""Publish decisions: number them, make them visible, write their callbacks; at once or when they are due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from service.context import Dependencies
from service.domain import events
from service.domain.comment import Comment
from service.domain.events import Delivery
from service.domain.site import Site
from service.domain.verdict import Decision
from service.messaging.tasks import DELIVER
from service.storage import Tx
from service.usecases.transitions import published_by


def publish_decisions(
    tx: Tx, sites: dict[int, Site], decided: Sequence[tuple[Comment, Decision]], *, fresh: bool
) -> bool:
    """Number the decisions and write their callbacks; return whether there is anything to deliver.

    Counters are taken last and in the order of site ids: they stay locked until commit, so two transactions never
    wait for each other in a circle. `fresh` decisions are stored, the others are already and are given their number.
    """
    by_site: dict[int, list[tuple[Comment, Decision]]] = defaultdict(list)
    for comment, decision in decided:
        by_site[comment.site_id].append((comment, decision))
    deliveries: list[Delivery] = []
    for site_id in sorted(by_site):
        group = by_site[site_id]
        first = tx.decisions.take_sequence(site_id, len(group))
        numbered = [
            (comment, replace(decision, seq=first + n)) for n, (comment, decision) in enumerate(group)
        ]
        if fresh:
            tx.decisions.add([decision for _, decision in numbered])
        else:
            tx.decisions.number({decision.id: decision.seq or 0 for _, decision in numbered})
        if sites[site_id].callback_url:
            deliveries += [_delivery(comment, decision) for comment, decision in numbered]
    if deliveries:
        tx.deliveries.add(deliveries)
    return bool(deliveries)


def _delivery(comment: Comment, decision: Decision) -> Delivery:
    return Delivery(
        site_id=comment.site_id,
        comment_pk=comment.pk,
        decision_id=decision.id,
        webhook_id=f"msg_{comment.site_id}_{decision.seq}",
        type=str(events.TYPE_OF[decision.action]),
        payload=events.payload(comment, decision),
        next_attempt_at=decision.effective_at,
        created_at=decision.effective_at,
    )


def publish_due(deps: Dependencies, limit: int = 200) -> int:
    """Publish due decisions: number, visibility, callback; return how many.

    A decision that no longer stands is marked undone instead: it never happened outside.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        due = sorted(tx.decisions.due(now, limit), key=lambda decision: decision.comment_pk)
        comments = tx.comments.by_pks({decision.comment_pk for decision in due}, lock=True)
        # another worker may have published some
        known = tx.decisions.by_ids({decision.id for decision in due})
        publishing: list[tuple[Comment, Decision]] = []
        overruled = []
        for decision in due:
            comment, now_known = comments.get(decision.comment_pk), known.get(decision.id)
            if now_known is None or now_known.seq is not None or now_known.undone_at is not None:
                continue
            if comment and comment.decision_id == decision.id:
                publishing.append((comment, decision))
            else:
                overruled.append(decision.id)
        tx.decisions.publish([(comment.pk, one.id, published_by(one)) for comment, one in publishing])
        tx.decisions.undo(overruled, now)
        site_ids = {comment.site_id for comment, _ in publishing}
        sites = {site.id: site for site_id in site_ids if (site := tx.sites.by_id(site_id))}
        called_back = publish_decisions(tx, sites, publishing, fresh=False)
    if called_back:
        deps.dispatcher.enqueue(DELIVER)
    return len(publishing)


BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)
A_MINUTE: Final = 2**20
"""More than can be decided in a minute; a double still holds the product exactly for sixteen thousand years."""


def advance_sequence(deps: Dependencies) -> int:
    """Let every number that sites know decisions by go on from one that was never given; return it.

    A restored database has forgotten the decisions made since its backup, but their receivers have not: they would
    take a new decision under a known `webhook-id` for a repetition, and a follower whose cursor is ahead would never
    see it. How many there were nobody knows, so the number goes by the clock, beyond what could have been reached.
    """
    number = (deps.clock() - BEGINNING) // timedelta(minutes=1) * A_MINUTE
    with deps.store.write() as tx:
        tx.decisions.advance_sequence(number)
    return number
