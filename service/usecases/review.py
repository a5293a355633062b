"""review: carry out a person's decision on what they saw, or refuse it with the current state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.context import Dependencies
from service.domain.audit_log import Act
from service.domain.comment import Comment
from service.domain.desk_records import Matter
from service.domain.errors import Conflict, Final, NotFound
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Decision, Who
from service.messaging.tasks import DELIVER, PUBLISH
from service.storage import Tx
from service.storage.records import Move
from service.usecases.publish import publish_decisions
from service.usecases.transitions import (
    current_decisions,
    locked_each,
    move_of,
    new_decision,
    new_label,
    or_raise,
    published_by,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person decided and saw: `revision` None means the current one, `replaces` names a decision to overrule."""

    action: Action
    who_kind: Who
    who: str
    revision: int | None = None
    replaces: int | None = None
    reason: str | None = None
    note: str | None = None


def review(
    deps: Dependencies, site: Site, comment_id: str, judgement: Judgement, delay: float = 0.0
) -> Decision:
    """Carry out a person's decision; it takes effect `delay` seconds from now and is free to undo until then.

    Raises NotFound; Final for a withdrawn or erased comment; Conflict, with the current state, when the revision is
    not the one that was seen or when a decision stands that `replaces` does not name.
    """
    with deps.store.write() as tx:
        reviewed = carry_out(tx, site, comment_id, judgement, deps.clock(), delay)
    enqueue_after(deps, reviewed, delay)
    return reviewed.decision


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What carrying out a judgement came to; `called_back` when there is something to deliver at once."""

    decision: Decision
    called_back: bool


Refusal = NotFound | Final | Conflict
"""Why a judgement is not carried out."""


@dataclass(frozen=True, slots=True)
class Target:
    """A comment that was chosen, in the revision that was seen; None means the current one.

    `replaces` names the decision that is to be overruled, where one stands.
    """

    site: Site
    comment_id: str
    revision: int | None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """A comment, locked, on which the judgement is to be carried out."""

    site: Site
    comment: Comment
    current_decision: Decision | None
    replaces: int | None


def carry_out(
    tx: Tx, site: Site, comment_id: str, judgement: Judgement, now: datetime, delay: float
) -> Reviewed:
    """Do what `review` does within a transaction that does more; call `enqueue_after` once it is committed."""
    target = Target(site, comment_id, judgement.revision, judgement.replaces)
    (outcome,) = carry_out_each(tx, [target], judgement, now, delay)
    return or_raise(outcome)


def carry_out_each(
    tx: Tx, targets: Sequence[Target], judgement: Judgement, now: datetime, delay: float
) -> list[Reviewed | Refusal]:
    """Carry one judgement out on every target; in the place of one that cannot be, why: nothing of it is done then.

    However many there are, it takes as many statements as for one: on PostgreSQL each is a journey to the server.
    """
    outcomes: dict[int, Reviewed | Refusal] = {}
    fit = _fit(tx, targets, outcomes)
    ids = tx.decisions.new_ids(len(fit))
    judged = [
        (place, case, _judged(decision_id, case, judgement, now, delay))
        for (place, case), decision_id in zip(fit.items(), ids, strict=True)
    ]
    moved = tx.comments.move([_move(case.comment, decision, delay, now) for _, case, decision in judged])
    for place, case, _ in judged:
        if case.comment.pk not in moved:
            outcomes[place] = Conflict(case.comment, case.current_decision)
    carried = [(place, case, one) for place, case, one in judged if place not in outcomes]
    called_back = _keep(tx, [(case, one) for _, case, one in carried], judgement, now, delay)
    outcomes |= {place: Reviewed(decision, called_back) for place, _, decision in carried}
    return [outcomes[place] for place in range(len(targets))]


def _fit(tx: Tx, targets: Sequence[Target], outcomes: dict[int, Reviewed | Refusal]) -> dict[int, _Case]:
    """Lock the targets; return by place those that are as they were seen, and note why the others are not taken."""
    found = locked_each(tx, [(one.site, one.comment_id) for one in targets])
    decisions = current_decisions(tx, (one for one in found if isinstance(one, Comment)))
    fit: dict[int, _Case] = {}
    taken: set[int] = set()
    for place, (target, comment) in enumerate(zip(targets, found, strict=True)):
        if not isinstance(comment, Comment):
            outcomes[place] = comment
            continue
        current_decision = decisions.get(comment.pk)
        ground = stale(comment, current_decision, target.revision, target.replaces)
        if ground or comment.pk in taken:
            outcomes[place] = Conflict(comment, current_decision, ground)
        else:
            fit[place] = _Case(target.site, comment, current_decision, target.replaces)
            taken.add(comment.pk)
    return fit


def _move(comment: Comment, decision: Decision, delay: float, now: datetime) -> Move:
    published = comment.published_revision if delay > 0 else published_by(decision)
    return move_of(comment, decision.to_status, decision.id, published, now)


def _keep(
    tx: Tx, moved: Sequence[tuple[_Case, Decision]], judgement: Judgement, now: datetime, delay: float
) -> bool:
    """Store the decisions and all that goes with them; return whether there is something to deliver at once."""
    overruled = [case.current_decision for case, _ in moved if case.current_decision]
    tx.decisions.undo([one.id for one in overruled if one.seq is None], now)
    # one revision has one judgement: the one that stands
    tx.labels.retract([one.id for one in overruled], now)
    tx.labels.add(
        [
            new_label(case.comment, decision.action, decision.who_kind, decision.who, now, decision.id)
            for case, decision in moved
        ]
    )
    called_back = False
    if delay > 0:
        tx.decisions.add([decision for _, decision in moved])
    else:
        sites = {case.site.id: case.site for case, _ in moved}
        called_back = publish_decisions(
            tx, sites, [(case.comment, decision) for case, decision in moved], fresh=True
        )
    if judgement.note:
        tx.decisions.add_notes([decision.id for _, decision in moved], judgement.note, judgement.who, now)
    _settle_matters(tx, moved, now)
    tx.audit_log.append_all(
        [Act(judgement.who, "decision", _audit_subject(case, decision), now) for case, decision in moved]
    )
    return called_back


def _audit_subject(case: _Case, decision: Decision) -> str:
    subject = f"{case.site.name}: comment {case.comment.pk}, revision {case.comment.revision}"
    return f"{subject}, {decision.action}, decision {decision.id}"


def _settle_matters(tx: Tx, moved: Sequence[tuple[_Case, Decision]], now: datetime) -> None:
    """Close what was open beside the verdicts; a moderator who holds sets the comment aside instead."""
    tx.cases.close_matters({case.comment.pk: decision.id for case, decision in moved}, now)
    for case, decision in moved:
        if decision.action is Action.HOLD and decision.who_kind is Who.MODERATOR:
            tx.cases.open(Matter.ASIDE, case.comment, now, decision.id)  # no act sets many aside
    # what was scored is in the index already
    tx.search.index([case.comment.pk for case, _ in moved if case.comment.status is Status.PENDING])


def stale(
    comment: Comment, current_decision: Decision | None, revision: int | None, replaces: int | None
) -> str | None:
    """Say what is no longer as it was seen, None when all is."""
    if revision is not None and revision != comment.revision:
        return f"The comment is now in revision {comment.revision}; look at it again."
    if replaces is not None and (current_decision is None or current_decision.id != replaces):
        return "The decision named in `replaces` does not stand."
    if comment.status not in (Status.PENDING, Status.HELD) and replaces is None:
        return "The comment is decided; name the current decision in `replaces`."
    return None


def _judged(decision_id: int, case: _Case, judgement: Judgement, now: datetime, delay: float) -> Decision:
    """Make the decision. One that overrules another still unpublished takes that one's place and starting point."""
    comment, current_decision = case.comment, case.current_decision
    unpublished = current_decision if current_decision and current_decision.seq is None else None
    decision = new_decision(
        decision_id,
        comment,
        judgement.action,
        judgement.who_kind,
        judgement.who,
        now,
        reason=judgement.reason,
    )
    return replace(
        decision,
        from_status=unpublished.from_status if unpublished else comment.status,
        effective_at=now + timedelta(seconds=delay),
        replaces=case.replaces,
        previous=unpublished.previous if unpublished else comment.decision_id,
    )


def enqueue_after(deps: Dependencies, reviewed: Reviewed, delay: float) -> None:
    """Enqueue the tasks that follow from a committed judgement."""
    if delay > 0:
        deps.dispatcher.enqueue(PUBLISH, after=delay)
    elif reviewed.called_back:
        deps.dispatcher.enqueue(DELIVER)
