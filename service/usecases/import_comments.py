"""import_comments: take in comments that the site has decided already, in the state that it gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.context import Dependencies
from service.domain.comment import Comment, Draft, Placed, Submission
from service.domain.revisions import IMPORTED, is_same_text, refusal_of
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.privacy.sanitizer import Sanitizer
from service.storage import Tx
from service.usecases.publish import publish_decisions
from service.usecases.submit import Result, count, place_all
from service.usecases.transitions import move_to, new_decision

Imported = tuple[Submission, Action]


def import_comments(
    deps: Dependencies, sanitizer: Sanitizer, site: Site, imported: Sequence[Imported], who: str
) -> list[Result]:
    """Accept comments with the decision that the site had made of each; one answer each, in order.

    What is new or revised is decided in the transaction that stores it: no scorer sees it, and no callback tells the
    site what it told us. A replay is left as it is, unless the site has refused since what it had approved and nobody
    decided here. A decision that an automaton may have made is no label.
    """
    now = deps.clock()
    drafts = [sanitizer.draft(site, submission, now) for submission, _ in imported]

    def decide_all(tx: Tx, placed: Sequence[Result]) -> None:
        last = {  # a later item of the same comment has the last word
            answer.comment.pk: (answer.comment, _held_to(answer.comment, action))
            for answer, draft, (_, action) in zip(placed, drafts, imported, strict=True)
            if isinstance(answer, Placed)
            and (answer.outcome != "replay" or _is_refused_since(tx, answer.comment, draft, action))
        }
        _decide(tx, site, list(last.values()), who, now)

    placed = place_all(deps, site, drafts, now, then=decide_all)
    count(deps, [submission for submission, _ in imported], placed)
    return placed


def _held_to(comment: Comment, action: Action) -> Action:
    """Let new text of a comment that was refused here wait for a person, unless the site refuses it too."""
    refusal = refusal_of(comment)
    is_bound = refusal is not None and not refusal.imported and action not in (Action.REJECT, Action.SPAM)
    return Action.HOLD if is_bound else action


def _is_refused_since(tx: Tx, comment: Comment, draft: Draft, action: Action) -> bool:
    """Whether the site approved this text when it was imported, and has said otherwise since."""
    if comment.status is not Status.APPROVED or action is Action.APPROVE or comment.decision_id is None:
        return False
    if comment.article.is_newer_than(draft.article):
        return False
    current = tx.decisions.get(comment.decision_id)
    is_imported = current is not None and current.reason == IMPORTED
    return is_imported and is_same_text(draft, comment)


def _decide(tx: Tx, site: Site, imported: Sequence[tuple[Comment, Action]], who: str, now: datetime) -> None:
    if not imported:
        return
    ids = tx.decisions.new_ids(len(imported))
    decided = [
        (comment, new_decision(decision_id, comment, action, Who.SITE, who, now, reason=IMPORTED))
        for (comment, action), decision_id in zip(imported, ids, strict=True)
    ]
    moved = tx.comments.move([move_to(comment, decision, now) for comment, decision in decided])
    tx.search.index(moved)
    published = [(comment, decision) for comment, decision in decided if comment.pk in moved]
    publish_decisions(tx, {site.id: replace(site, callback_url=None)}, published, fresh=True)
    tx.cases.close_matters(
        {comment.pk: decision.id for comment, decision in published if decision.replaces}, now
    )
