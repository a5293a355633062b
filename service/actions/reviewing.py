"""review: carry out a person's decision on what they saw, or refuse it with the current state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.actions.leaving import leave, published_by
from service.actions.moving import locked, swap
from service.moderation.comment import Comment, Status
from service.moderation.desk import Matter
from service.moderation.errors import (
    Conflict,
)
from service.moderation.verdict import OUTCOME, Action, Decision, Who
from service.ports import (
    DELIVER,
    DEPART,
    House,
    Label,
    Site,
    Tx,
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


def review(house: House, site: Site, comment_id: str, judgement: Judgement, delay: float = 0.0) -> Decision:
    """Carry out a person's decision; it takes effect `delay` seconds from now and is free to undo until then.

    Raises NotFound; Final for a withdrawn or erased comment; Conflict, with the current state, when the revision is
    not the one that was seen or when a decision stands that `replaces` does not name.
    """
    with house.store.write() as tx:
        reviewed = carry_out(tx, site, comment_id, judgement, house.clock(), delay)
    ring_after(house, reviewed, delay)
    return reviewed.decision


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What carrying out a judgement came to; `called_back` when there is something to deliver at once."""

    decision: Decision
    called_back: bool


def carry_out(
    tx: Tx, site: Site, comment_id: str, judgement: Judgement, now: datetime, delay: float
) -> Reviewed:
    """Do what `review` does within a transaction that does more; ring by `ring_after` once it is committed."""
    comment = locked(tx, site, comment_id)
    standing = tx.decision(comment.decision_id) if comment.decision_id else None
    _refuse_stale(comment, standing, judgement)
    decision = _judged(tx, comment, standing, judgement, now, delay)
    published = comment.published_revision if delay > 0 else published_by(decision)
    swap(tx, comment, standing, decision.to_status, decision.id, published, now)
    if standing and standing.seq is None:
        tx.undo_decision(standing.id, now)
    if standing:
        tx.retract_labels(standing.id, now)  # one revision has one judgement: the one that stands
    tx.add_labels([_label(decision, judgement)])
    called_back = False
    if delay > 0:
        tx.add_decisions([decision])
    else:
        called_back = leave(tx, {site.id: site}, [(comment, decision)], fresh=True)
    if judgement.note:
        tx.add_note(decision.id, judgement.note, judgement.who, now)
    _settle_matters(tx, comment, decision, now)
    told = f"{site.name}: comment {comment.pk}, revision {comment.revision}, {decision.action}"
    tx.log_act(judgement.who, "decision", f"{told}, decision {decision.id}", now)
    return Reviewed(decision, called_back)


def _settle_matters(tx: Tx, comment: Comment, decision: Decision, now: datetime) -> None:
    """Close what was open beside the verdict; a moderator who holds sets the comment aside instead."""
    tx.close_matters(comment.pk, decision.id, now)
    if decision.action is Action.HOLD and decision.who_kind is Who.MODERATOR:
        tx.open_matter(Matter.ASIDE, comment, now, decision.id)
    if comment.status is Status.PENDING:
        tx.index_texts([comment.pk])  # what was scored is in the index already


def _refuse_stale(comment: Comment, standing: Decision | None, judgement: Judgement) -> None:
    if judgement.revision is not None and judgement.revision != comment.revision:
        raise Conflict(
            comment, standing, f"The comment is now in revision {comment.revision}; look at it again."
        )
    decided = comment.status not in (Status.PENDING, Status.HELD)
    if judgement.replaces is not None and (standing is None or standing.id != judgement.replaces):
        raise Conflict(comment, standing, "The decision named in `replaces` does not stand.")
    if decided and judgement.replaces is None:
        raise Conflict(comment, standing, "The comment is decided; name the standing decision in `replaces`.")


def _judged(
    tx: Tx, comment: Comment, standing: Decision | None, judgement: Judgement, now: datetime, delay: float
) -> Decision:
    """Make the decision. One that overrules another still in the house takes that one's place and starting point."""
    in_house = standing if standing and standing.seq is None else None
    (decision_id,) = tx.new_decision_ids(1)
    return Decision(
        id=decision_id,
        comment_pk=comment.pk,
        site_id=comment.site_id,
        revision=comment.revision,
        action=judgement.action,
        who_kind=judgement.who_kind,
        who=judgement.who,
        from_status=in_house.from_status if in_house else comment.status,
        to_status=OUTCOME[judgement.action],
        created_at=now,
        effective_at=now + timedelta(seconds=delay),
        reason=judgement.reason,
        replaces=judgement.replaces,
        previous=in_house.previous if in_house else comment.decision_id,
        from_published=comment.published_revision,
    )


def _label(decision: Decision, judgement: Judgement) -> Label:
    return Label(
        site_id=decision.site_id,
        comment_pk=decision.comment_pk,
        revision=decision.revision,
        who_kind=judgement.who_kind,
        who=judgement.who,
        action=judgement.action,
        created_at=decision.created_at,
        decision_id=decision.id,
    )


def ring_after(house: House, reviewed: Reviewed, delay: float) -> None:
    """Ring for what a committed judgement left to be done."""
    if delay > 0:
        house.bell.ring(DEPART, after=delay)
    elif reviewed.called_back:
        house.bell.ring(DELIVER)
