"""import_comments: take in comments that the site has decided already, in the state that it gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.context import Dependencies
from service.domain.comment import Comment, Draft, Placed, Submission
from service.domain.errors import ReplydeskError
from service.domain.revisions import IMPORTED, refusal_of
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import OUTCOME, Action, Decision, Who
from service.privacy.sanitizer import Sanitizer
from service.storage import Tx
from service.storage.records import Move
from service.usecases.publish import publish_decisions
from service.usecases.submit import count, place_all

Brought = tuple[Submission, Action]


def import_comments(
    deps: Dependencies, sanitizer: Sanitizer, site: Site, brought: Sequence[Brought], who: str
) -> list[Placed | ReplydeskError]:
    """Accept comments with the decision that the site had made of each; one answer each, in order.

    What is new or revised is decided in the transaction that stores it: no scorer sees it, and no callback tells the
    site what it told us. A replay is left as it is, unless the site has refused since what it had approved and nobody
    decided here. A decision that an automaton may have made is no label.
    """
    now = deps.clock()
    drafts = [sanitizer.draft(site, submission, now) for submission, _ in brought]

    def decide_all(tx: Tx, placed: Sequence[Placed | ReplydeskError]) -> None:
        last = {  # a later item of the same comment has the last word
            answer.comment.pk: (answer.comment, _held_to(answer.comment, action))
            for answer, draft, (_, action) in zip(placed, drafts, brought, strict=True)
            if isinstance(answer, Placed)
            and (answer.outcome != "replay" or _is_refused_since(tx, answer.comment, draft, action))
        }
        _decide(tx, site, list(last.values()), who, now)

    placed = place_all(deps, site, drafts, now, then=decide_all)
    count(deps, [submission for submission, _ in brought], placed)
    return placed


def _held_to(comment: Comment, action: Action) -> Action:
    """Let new text of a comment that was refused here wait for a person, unless the site refuses it too."""
    refusal = refusal_of(comment)
    is_bound = refusal is not None and not refusal.imported and action not in (Action.REJECT, Action.SPAM)
    return Action.HOLD if is_bound else action


def _is_refused_since(tx: Tx, comment: Comment, draft: Draft, action: Action) -> bool:
    """Whether the site approved this text when it was imported, and now says otherwise."""
    if comment.status is not Status.APPROVED or action is Action.APPROVE or comment.decision_id is None:
        return False
    current = tx.decisions.get(comment.decision_id)
    is_imported = current is not None and current.reason == IMPORTED
    return is_imported and comment.content_hash == draft.content_hash


def _decide(tx: Tx, site: Site, adopted: Sequence[tuple[Comment, Action]], who: str, now: datetime) -> None:
    if not adopted:
        return
    ids = tx.decisions.new_ids(len(adopted))
    decided = [_decided(*one, decision_id, who, now) for one, decision_id in zip(adopted, ids, strict=True)]
    moved = tx.comments.move([move for move, _, _ in decided])
    tx.search.index(moved)
    left = [(comment, decision) for move, comment, decision in decided if move.pk in moved]
    publish_decisions(tx, {site.id: replace(site, callback_url=None)}, left, fresh=True)
    tx.cases.close_matters({comment.pk: decision.id for comment, decision in left if decision.replaces}, now)


def _decided(
    comment: Comment, action: Action, decision_id: int, who: str, now: datetime
) -> tuple[Move, Comment, Decision]:
    move = Move(
        pk=comment.pk,
        revision=comment.revision,
        from_status=comment.status,
        expected_decision_id=comment.decision_id,
        to_status=OUTCOME[action],
        decision_id=decision_id,
        published_revision=comment.revision if OUTCOME[action] is Status.APPROVED else None,
        decided_at=now,
    )
    decision = Decision(
        id=decision_id,
        comment_pk=comment.pk,
        site_id=comment.site_id,
        revision=comment.revision,
        action=action,
        who_kind=Who.SITE,
        who=who,
        from_status=comment.status,
        to_status=OUTCOME[action],
        created_at=now,
        effective_at=now,
        reason=IMPORTED,
        replaces=comment.decision_id,
        previous=comment.decision_id,
        from_published=comment.published_revision,
    )
    return move, comment, decision
