"""rescore: decide again what was decided on a fast score, now that it was scored in full and nobody has acted since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.policy import decide, was_closed
from service.domain.policy_preview import assessment_of
from service.domain.status import Status
from service.domain.verdict import OUTCOME, Action, Decision, Reason, Verdict, Who
from service.messaging.tasks import DELIVER
from service.scoring import Signer, no_signatures
from service.storage import Tx
from service.storage.records import Move
from service.usecases.duplicates import assign, sign_each, store_memberships
from service.usecases.publish import publish_decisions
from service.usecases.record_scores import Case, Scored, automatic_decision, cases_of
from service.usecases.transitions import current_decisions, move_of

PUBLISHED = Reason("rescored", "It was published on a fast score; scored in full, a person looks at it.")


def rescore(deps: Dependencies, scored: Sequence[Scored], signer: Signer = no_signatures) -> Counter[str]:
    """Decide comments again that were scored in full; return how many were kept, left, or moved to which state.

    A comment moves where the full score makes the policy decide otherwise, and a published one is held at most. What a
    person has to do with is left as it is, and so is what has no assessment. None of them is scored again after this.
    """
    if not scored:
        return Counter()
    now = deps.clock()
    with deps.store.read() as tx:
        cases = {
            case.scored.comment.pk: case for case in cases_of(tx, [s for s in scored if s.assessment], now)
        }
        covering = tx.clusters.sites_with_decisions(now)
    verdicts = {pk: verdict for pk, case in cases.items() if (verdict := _verdict(case))}
    candidates = [
        cases[pk].candidate(verdict)
        for pk, verdict in verdicts.items()
        if verdict.action is Action.HOLD and cases[pk].scored.comment.status is not Status.HELD
    ]
    candidates = sign_each(signer, candidates, covering)
    with deps.store.write() as tx:
        assignments = assign(tx, candidates, now)
        marked = _marked(tx, scored)
        acted_on = _acted_on(tx, marked, now)
        chosen = {pk: one for pk, one in verdicts.items() if pk in marked and pk not in acted_on}
        moving = [marked[pk] for pk, one in chosen.items() if OUTCOME[one.action] is not marked[pk].status]
        resting = marked.keys() - {comment.pk for comment in moving}
        tx.comments.move([replace(_unmoved(marked[pk], now), verdict=chosen.get(pk)) for pk in resting])
        published = _move(tx, moving, chosen, now)
        store_memberships(tx, assignments, {comment.pk for comment in moving}, now)
        called_back = publish_decisions(
            tx, {case.site.id: case.site for case in cases.values()}, published, fresh=True
        )
    if called_back:
        deps.dispatcher.enqueue(DELIVER)
    kept = len(chosen) - len(moving)
    became = Counter(str(decision.to_status) for _, decision in published)
    return became + Counter(kept=kept, left=len(scored) - len(moving) - kept)


def _verdict(case: Case) -> Verdict | None:
    """Return the verdict that is to stand; None where not the score but something around it has changed since.

    Of what changes, the article's date alone counts: a comment refused as too late is marked when it is corrected.
    """
    comment, verdict = case.scored.comment, case.verdict
    if OUTCOME[verdict.action] is comment.status:
        return verdict
    before = decide(assessment_of(comment.verdict), case.facts, case.site.policy)
    if before.action is verdict.action and not was_closed(comment.verdict):
        return None
    if comment.status is Status.APPROVED:
        return replace(verdict, action=Action.HOLD, reasons=(PUBLISHED, *verdict.reasons))
    return verdict


def _marked(tx: Tx, scored: Sequence[Scored]) -> dict[int, Comment]:
    """Lock the comments; return by pk those that are as they were when they were leased, and still marked."""
    found = tx.comments.by_pks({one.comment.pk for one in scored}, lock=True)
    return {
        pk: now
        for one in scored
        if (now := found.get(pk := one.comment.pk)) and now.rescore and _seen(now) == _seen(one.comment)
    }


def _seen(comment: Comment) -> tuple[int, Status, int | None]:
    return comment.revision, comment.status, comment.decision_id


def _acted_on(tx: Tx, comments: Mapping[int, Comment], now: datetime) -> set[int]:
    """Return those that a person decided, judged, reported, appealed against, or has claimed.

    Who has claimed a comment has claimed its copies, too: one decision decides them all.
    """
    decisions = current_decisions(tx, comments.values())
    decided = {pk for pk in comments if (one := decisions.get(pk)) is None or one.who_kind is not Who.MACHINE}
    labels = tx.labels.of_comments(comments).items()
    judged = {pk for pk, given in labels if any(one.retracted_at is None for one in given)}
    claimed = {claim.comment_pk for claim in tx.queue.claims(now)}
    clusters = tx.clusters.of_comments(claimed | comments.keys())
    clusters_claimed = {clusters[pk].id for pk in claimed if pk in clusters}
    copies = {pk for pk in comments if pk in clusters and clusters[pk].id in clusters_claimed}
    return decided | judged | (claimed & comments.keys()) | copies | tx.appeals.of_comments(comments).keys()


def _unmoved(comment: Comment, now: datetime) -> Move:
    """Return the move that changes nothing but the mark."""
    return move_of(comment, comment.status, comment.decision_id, comment.published_revision, now)


def _move(
    tx: Tx, comments: Sequence[Comment], verdicts: Mapping[int, Verdict], now: datetime
) -> list[tuple[Comment, Decision]]:
    """Move the comments, which are locked, to where their verdicts say; return each with its decision."""
    ids = tx.decisions.new_ids(len(comments))
    decided = [
        automatic_decision(replace(comment, verdict=verdicts[comment.pk]), decision_id, now)
        for comment, decision_id in zip(comments, ids, strict=True)
    ]
    tx.comments.move([move for move, _, _ in decided])
    return [(comment, decision) for _, comment, decision in decided]
