"""The verbs: submit, settle, depart, review, undo, withdraw. Each takes what it needs; comments move one way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.moderation import events
from service.moderation.comment import FINAL, Comment, Draft, Status
from service.moderation.errors import (
    Conflict,
    Final,
    IdempotencyMismatch,
    NotFound,
    NothingToUndo,
    ReplydeskError,
)
from service.moderation.events import Delivery
from service.moderation.links import count_links
from service.moderation.policy import Facts, decide
from service.moderation.verdict import OUTCOME, Action, Assessment, Decision, Verdict, Who
from service.ports import (
    DELIVER,
    DEPART,
    SCORE,
    House,
    Key,
    Label,
    Move,
    Placed,
    Sealer,
    Site,
    Submission,
    Tx,
)

RACES = 3
"""How often a submission looks again when other requests use its idempotency key at the same moment."""

# -- submit ------------------------------------------------------------------------------------------------------------


def submit(
    house: House, sealer: Sealer, site: Site, submissions: Sequence[Submission]
) -> list[Placed | ReplydeskError]:
    """Accept comments: each is stored pending once, replayed, or made the next revision; one answer each, in order.

    When this returns, what is answered `Placed` is committed. A refused item is answered by its error and spoils no
    other.
    """
    now = house.clock()
    drafts = [sealer.draft(site, submission, now) for submission in submissions]
    placed = _place_one(house, site, drafts, now) or _place_all(house, site, drafts, now)
    if any(isinstance(answer, Placed) and answer.outcome != "replay" for answer in placed):
        house.bell.ring(SCORE)
    return placed


def _place_one(
    house: House, site: Site, drafts: Sequence[Draft], now: datetime
) -> list[Placed | ReplydeskError]:
    """Place what comes alone and is new, which is most of it, in the store's cheapest way; nothing for the rest."""
    if len(drafts) != 1 or drafts[0].idempotency_key is not None:
        return []
    added = house.store.add_comment(site.id, drafts[0], now)
    return [Placed(added, "new")] if added else []


def _place_all(
    house: House, site: Site, drafts: Sequence[Draft], now: datetime
) -> list[Placed | ReplydeskError]:
    for _ in range(RACES):
        placed: list[Placed | ReplydeskError] = []
        try:
            with house.store.write() as tx:
                for round_of_drafts in _rounds(drafts):
                    placed += _place(tx, site, round_of_drafts, now)
            return placed
        except _KeyRaced:
            continue  # nothing is stored; the next round finds what the other request made of the key
    return [IdempotencyMismatch() for _ in drafts]


class _KeyRaced(Exception):
    """Another request used one of the idempotency keys between our look and our commit."""


def _rounds(drafts: Sequence[Draft]) -> Iterable[list[Draft]]:
    """Cut into consecutive runs of distinct ids and keys, so that a later item sees what an earlier one made."""
    run: list[Draft] = []
    seen: set[str] = set()
    for draft in drafts:
        names = {f"id {draft.id}", f"key {draft.idempotency_key or draft.id}"}
        if names & seen:
            yield run
            run, seen = [], set()
        run.append(draft)
        seen |= names
    if run:
        yield run


def _place(tx: Tx, site: Site, drafts: Sequence[Draft], now: datetime) -> list[Placed | ReplydeskError]:
    keyed = [draft.idempotency_key for draft in drafts if draft.idempotency_key]
    used = tx.keys_used(site.id, keyed) if keyed else {}
    unused = [draft for draft in drafts if draft.idempotency_key not in used]
    added = tx.add_comments(site.id, unused, now)
    answers: list[Placed | ReplydeskError] = []
    for draft in drafts:
        key = used.get(draft.idempotency_key or "")
        if key is not None:
            answers.append(_replayed(tx, draft, key))
        elif draft.id in added:
            answers.append(Placed(added[draft.id], "new"))
        else:
            answers.append(_again(tx, site, draft, now))
    _remember(tx, site, unused, answers, drafts, now)
    return answers


def _replayed(tx: Tx, draft: Draft, key: Key) -> Placed | ReplydeskError:
    comment = tx.comment_by_pk(key.comment_pk)
    if comment is None or key.request_hash != draft.request_hash:
        return IdempotencyMismatch()
    return Placed(comment, "replay")


def _again(tx: Tx, site: Site, draft: Draft, now: datetime) -> Placed | ReplydeskError:
    """The id is known: the same content is a replay, new content is the next revision."""
    current = tx.comment(site.id, draft.id, lock=True)
    if current is None:
        return NotFound()
    if draft.id_from_key and not _is_same(current, draft):
        return IdempotencyMismatch()
    if current.content_hash == draft.content_hash:
        return Placed(current, "replay")
    if current.status in FINAL:
        return Final()
    revised = tx.revise(current, draft, now, keep_published=site.policy.moderation == "post")
    return Placed(revised, "revised") if revised else Conflict(current, None)


def _is_same(current: Comment, draft: Draft) -> bool:
    """Whether a draft under an id made from its key is what that key stood for before."""
    there = (current.content_hash, current.article.url, current.parent_id)
    return there == (draft.content_hash, draft.article.url, draft.parent_id)


def _remember(
    tx: Tx,
    site: Site,
    unused: Sequence[Draft],
    answers: Sequence[Placed | ReplydeskError],
    drafts: Sequence[Draft],
    now: datetime,
) -> None:
    by_id = {draft.id: answer for draft, answer in zip(drafts, answers, strict=True)}
    keys = []
    for draft in unused:
        answer = by_id[draft.id]
        if draft.idempotency_key and isinstance(answer, Placed):
            keys.append(
                Key(draft.idempotency_key, answer.comment.pk, answer.comment.revision, draft.request_hash)
            )
    if keys and len(tx.remember_keys(site.id, keys, now)) < len(keys):
        raise _KeyRaced


# -- settle ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scored:
    """A leased comment with what the classifier said; None when there is no score, and then why."""

    comment: Comment
    assessment: Assessment | None
    exhausted: bool = False
    late: bool = False


def settle(house: House, scored: Sequence[Scored]) -> int:
    """Decide scored comments by their site's policy and send each on its way in one transaction; return how many moved.

    Only pending comments in the revision that was scored move; who acted first has won, and the rest are left alone.
    """
    if not scored:
        return 0
    now = house.clock()
    with house.store.write() as tx:
        sites = {site_id: tx.site_by_id(site_id) for site_id in {one.comment.site_id for one in scored}}
        known = _known_authors(tx, scored, sites)
        ids = tx.new_decision_ids(len(scored))
        decided = [
            _machine_decision(one, decision_id, _verdict(one, site, known), now)
            for one, decision_id in zip(scored, ids, strict=True)
            if (site := sites[one.comment.site_id]) is not None
        ]
        moved = tx.move([move for move, _, _ in decided])
        left = [(comment, decision) for move, comment, decision in decided if move.pk in moved]
        called_back = _leave(tx, {key: site for key, site in sites.items() if site}, left, fresh=True)
    if called_back:
        house.bell.ring(DELIVER)
    return len(left)


def _known_authors(tx: Tx, scored: Sequence[Scored], sites: dict[int, Site | None]) -> set[tuple[int, str]]:
    """Look up approved authors, but only for sites whose policy asks."""
    asked: dict[int, set[str]] = defaultdict(set)
    for one in scored:
        site = sites[one.comment.site_id]
        if site and site.policy.hold_first_time and one.comment.author_key:
            asked[site.id].add(one.comment.author_key)
    return {(site_id, key) for site_id, keys in asked.items() for key in tx.has_approved(site_id, keys)}


def _verdict(one: Scored, site: Site, known: set[tuple[int, str]]) -> Verdict:
    comment = one.comment
    fill = comment.signals.get("fill_seconds")
    facts = Facts(
        body=comment.body,
        author_name=comment.author_name,
        website=comment.website,
        links=count_links(comment.body),
        known_author=not site.policy.hold_first_time or (site.id, comment.author_key or "") in known,
        submitted_at=comment.submitted_at,
        article_published_at=comment.article.published_at,
        honeypot=bool(comment.signals.get("honeypot")),
        fill_seconds=float(fill) if isinstance(fill, int | float) else None,
        attempts=comment.attempts,
        exhausted=one.exhausted,
        late=one.late,
    )
    return decide(one.assessment, facts, site.policy)


def _machine_decision(
    one: Scored, decision_id: int, verdict: Verdict, now: datetime
) -> tuple[Move, Comment, Decision]:
    comment, status = one.comment, OUTCOME[verdict.action]
    published = comment.revision if verdict.action is Action.APPROVE else None
    move = Move(
        pk=comment.pk,
        revision=comment.revision,
        from_status=Status.PENDING,
        standing=None,
        to_status=status,
        decision_id=decision_id,
        published_revision=published,
        decided_at=now,
        verdict=verdict,
    )
    decision = Decision(
        id=decision_id,
        comment_pk=comment.pk,
        site_id=comment.site_id,
        revision=comment.revision,
        action=verdict.action,
        who_kind=Who.MACHINE,
        who=verdict.model or "policy",
        from_status=Status.PENDING,
        to_status=status,
        created_at=now,
        effective_at=now,
        reason=verdict.reasons[0].code,
    )
    return move, comment, decision


# -- leaving the house -------------------------------------------------------------------------------------------------


def _leave(tx: Tx, sites: dict[int, Site], left: Sequence[tuple[Comment, Decision]], *, fresh: bool) -> bool:
    """Number the decisions and write their callbacks; return whether there is anything to deliver.

    Counters are taken last and in the order of site ids: they stay locked until commit, so two transactions never
    wait for each other in a circle. `fresh` decisions are stored, the others are already and are given their number.
    """
    by_site: dict[int, list[tuple[Comment, Decision]]] = defaultdict(list)
    for comment, decision in left:
        by_site[comment.site_id].append((comment, decision))
    deliveries: list[Delivery] = []
    for site_id in sorted(by_site):
        group = by_site[site_id]
        first = tx.sequence(site_id, len(group))
        numbered = [
            (comment, replace(decision, seq=first + n)) for n, (comment, decision) in enumerate(group)
        ]
        if fresh:
            tx.add_decisions([decision for _, decision in numbered])
        else:
            for _, decision in numbered:
                tx.depart(decision.id, decision.seq or 0)
        if sites[site_id].callback_url:
            deliveries += [_delivery(comment, decision) for comment, decision in numbered]
    if deliveries:
        tx.add_deliveries(deliveries)
    return bool(deliveries)


def _delivery(comment: Comment, decision: Decision) -> Delivery:
    return Delivery(
        id=0,
        site_id=comment.site_id,
        comment_pk=comment.pk,
        decision_id=decision.id,
        webhook_id=f"msg_{comment.site_id}_{decision.seq}",
        type=str(events.TYPE_OF[decision.action]),
        payload=events.payload(comment, decision),
        state="waiting",
        attempts=0,
        next_attempt_at=decision.effective_at,
        created_at=decision.effective_at,
    )


def depart(house: House, limit: int = 200) -> int:
    """Let decisions whose moment has come leave the house: number, publication, callback; return how many left.

    A decision that no longer stands is marked undone instead: it never happened outside.
    """
    now = house.clock()
    with house.store.write() as tx:
        due = sorted(tx.departures_due(now, limit), key=lambda decision: decision.comment_pk)
        leaving: list[tuple[Comment, Decision]] = []
        for decision in due:
            comment = tx.comment_by_pk(decision.comment_pk, lock=True)
            now_known = tx.decision(
                decision.id
            )  # another worker may have let it go before this one got the lock
            if now_known is None or now_known.seq is not None or now_known.undone_at is not None:
                continue
            if comment and comment.decision_id == decision.id:
                tx.publish(comment.pk, decision.id, _published_by(decision))
                leaving.append((comment, decision))
            else:
                tx.undo_decision(decision.id, now)
        sites = {site.id: site for comment, _ in leaving if (site := tx.site_by_id(comment.site_id))}
        called_back = _leave(tx, sites, leaving, fresh=False)
    if called_back:
        house.bell.ring(DELIVER)
    return len(leaving)


def _published_by(decision: Decision) -> int | None:
    return decision.revision if decision.to_status is Status.APPROVED else None


# -- review, undo, withdraw --------------------------------------------------------------------------------------------


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
    now = house.clock()
    with house.store.write() as tx:
        comment = _locked(tx, site, comment_id)
        standing = tx.decision(comment.decision_id) if comment.decision_id else None
        _refuse_stale(comment, standing, judgement)
        decision = _judged(tx, comment, standing, judgement, now, delay)
        published = comment.published_revision if delay > 0 else _published_by(decision)
        _swap(tx, comment, standing, decision.to_status, decision.id, published, now)
        if standing and standing.seq is None:
            tx.undo_decision(standing.id, now)
        if standing:
            tx.retract_labels(standing.id, now)  # one revision has one judgement: the one that stands
        tx.add_labels([_label(decision, judgement)])
        called_back = False
        if delay > 0:
            tx.add_decisions([decision])
        else:
            called_back = _leave(tx, {site.id: site}, [(comment, decision)], fresh=True)
        if judgement.note:
            tx.add_note(decision.id, judgement.note, judgement.who, now)
    _ring_after_decision(house, called_back, delay)
    return decision


def _locked(tx: Tx, site: Site, comment_id: str) -> Comment:
    comment = tx.comment(site.id, comment_id, lock=True)
    if comment is None:
        raise NotFound("There is no comment with this id on this site.")
    if comment.status in FINAL:
        raise Final(f"The comment is {comment.status}, and that is final.")
    return comment


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


def _swap(
    tx: Tx,
    comment: Comment,
    standing: Decision | None,
    to_status: Status,
    decision_id: int | None,
    published: int | None,
    now: datetime,
) -> None:
    """Move the comment, or refuse: the row changed under the hand. The moment of its first verdict stays."""
    move = Move(
        pk=comment.pk,
        revision=comment.revision,
        from_status=comment.status,
        standing=comment.decision_id,
        to_status=to_status,
        decision_id=decision_id,
        published_revision=published,
        decided_at=None if to_status is Status.PENDING else comment.decided_at or now,
    )
    if not tx.move([move]):
        raise Conflict(comment, standing)


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


def _ring_after_decision(house: House, called_back: bool, delay: float) -> None:
    if delay > 0:
        house.bell.ring(DEPART, after=delay)
    elif called_back:
        house.bell.ring(DELIVER)


def undo(
    house: House, site: Site, comment_id: str, who_kind: Who, who: str, decision_id: int | None = None
) -> Comment:
    """Take the standing decision back and return the comment as it is then.

    Before departure nothing has left the house and nothing will. After it, a compensating `restore` decision and a
    `comment.restored` callback follow. The label is retracted either way. Raises NothingToUndo when no decision
    stands, or another than `decision_id`.
    """
    now = house.clock()
    with house.store.write() as tx:
        comment = _locked(tx, site, comment_id)
        standing = tx.decision(comment.decision_id) if comment.decision_id else None
        if standing is None or standing.action is Action.RESTORE or decision_id not in (None, standing.id):
            raise NothingToUndo(comment, standing)
        if not tx.undo_decision(standing.id, now):
            raise NothingToUndo(comment, standing)
        tx.retract_labels(standing.id, now)
        called_back = _take_back(tx, site, comment, standing, who_kind, who, now)
        after = tx.comment_by_pk(comment.pk) or comment
    if called_back:
        house.bell.ring(DELIVER)
    if after.status is Status.PENDING:
        house.bell.ring(SCORE)
    return after


def _take_back(
    tx: Tx, site: Site, comment: Comment, standing: Decision, who_kind: Who, who: str, now: datetime
) -> bool:
    """Put the comment back where it was. What has left the house goes to a person, never back to the machine."""
    if standing.seq is None:
        before = standing.from_status
        _swap(tx, comment, standing, before, standing.previous, comment.published_revision, now)
        return False
    target = Status.HELD if standing.from_status is Status.PENDING else standing.from_status
    published = standing.from_published if target is Status.APPROVED else None
    restore = _follow_up(tx, comment, Action.RESTORE, target, who_kind, who, "undone", now)
    _swap(tx, comment, standing, target, restore.id, published, now)
    return _leave(tx, {site.id: site}, [(comment, restore)], fresh=True)


def withdraw(house: House, site: Site, comment_id: str, who: str) -> Comment:
    """Take the comment off for good, at the site's wish, and return it; withdrawing twice is no error.

    The site is told by `comment.withdrawn` after whatever was on its way, so that its last word on the comment is this.
    """
    now = house.clock()
    with house.store.write() as tx:
        comment = tx.comment(site.id, comment_id, lock=True)
        if comment is None or comment.status is Status.ERASED:
            raise NotFound("There is no comment with this id on this site.")
        if comment.status is Status.WITHDRAWN:
            return comment
        standing = tx.decision(comment.decision_id) if comment.decision_id else None
        if standing and standing.seq is None:
            tx.undo_decision(standing.id, now)
        withdrawal = _follow_up(tx, comment, Action.WITHDRAW, Status.WITHDRAWN, Who.SITE, who, None, now)
        _swap(tx, comment, standing, Status.WITHDRAWN, withdrawal.id, None, now)
        tx.drop_dead_deliveries(comment.pk)  # a replay of an approval must not follow the withdrawal
        called_back = _leave(tx, {site.id: site}, [(comment, withdrawal)], fresh=True)
        after = tx.comment_by_pk(comment.pk) or comment
    if called_back:
        house.bell.ring(DELIVER)
    return after


def _follow_up(
    tx: Tx,
    comment: Comment,
    action: Action,
    target: Status,
    who_kind: Who,
    who: str,
    reason: str | None,
    now: datetime,
) -> Decision:
    """Make a decision that takes effect at once, over the one that stands."""
    (decision_id,) = tx.new_decision_ids(1)
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
