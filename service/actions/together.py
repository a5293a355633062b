"""Deciding together: a wave, or whatever a moderator chose by score, is decided in one act and undone in one act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Final

from service.actions.reviewing import Judgement, carry_out, ring_after
from service.actions.undoing import take_back
from service.moderation.comment import Comment, Status
from service.moderation.errors import Conflict, NotFound, NothingToUndo
from service.moderation.errors import Final as IsFinal
from service.moderation.verdict import Who
from service.moderation.waves import Wave
from service.ports import DELIVER, SCORE, House, Site
from service.ports.waves import Bundle

SLICE: Final = 100
"""Comments in one transaction: on SQLite no other writer waits longer than for so many."""
MOST: Final = 5_000
"""Comments that one act may decide."""


def range_named(by: str | None, low: float, high: float) -> str:
    """Say how a range was chosen, as bundles keep it: the score's label, or none for the leading one, and the edges."""
    return f"range {by or 'score'} {low:g} {high:g}"


@dataclass(frozen=True, slots=True)
class Target:
    """A comment that was chosen, in the revision that was seen."""

    site: Site
    comment_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Together:
    """What one act came to: its bundle, how many comments it decided, and how many had moved on meanwhile."""

    bundle: Bundle
    decided: int
    passed_over: int


def decide_together(
    house: House, targets: Iterable[Target], judgement: Judgement, what: str, delay: float = 0.0
) -> Together:
    """Carry one judgement out on every target, a hundred to a transaction; `what` says how they were chosen.

    A target that is no longer as it was seen is passed over: who acted first has won. At most 5,000 are decided.
    """
    with house.store.write() as tx:
        bundle = tx.add_bundle(judgement.who, judgement.action, what, house.clock())
    decided = passed_over = 0
    for some in _slices(islice(targets, MOST)):
        done = _decide_slice(house, bundle, some, judgement, delay)
        decided += done
        passed_over += len(some) - done
    return Together(bundle, decided, passed_over)


def _decide_slice(
    house: House, bundle: Bundle, targets: Sequence[Target], judgement: Judgement, delay: float
) -> int:
    now, reviewed = house.clock(), []
    with house.store.write() as tx:
        for target in targets:
            seen = replace(judgement, revision=target.revision)
            try:
                reviewed.append(carry_out(tx, target.site, target.comment_id, seen, now, delay))
            except (Conflict, IsFinal, NotFound):
                continue
        tx.add_to_bundle(bundle.id, [one.decision.id for one in reviewed])
    if reviewed:
        called_back = any(one.called_back for one in reviewed)
        ring_after(house, replace(reviewed[0], called_back=called_back), delay)
    return len(reviewed)


def decide_wave(house: House, site: Site, wave: Wave, judgement: Judgement, delay: float = 0.0) -> Together:
    """Decide the held members of a wave, and let the decision stand over its copies that arrive in the next hours."""
    made = decide_together(house, _members(house, site, wave), judgement, f"wave {wave.id}", delay)
    hours = site.options.fold_hours
    if hours:
        with house.store.write() as tx:
            tx.decide_wave(wave.id, made.bundle, house.clock() + timedelta(hours=hours))
    return made


def _members(house: House, site: Site, wave: Wave) -> Iterator[Target]:
    after = 0
    while True:
        with house.store.read() as tx:
            some = tx.held_in_wave(wave.id, after, SLICE)
        yield from (Target(site, comment.id, comment.revision) for comment in some)
        if len(some) < SLICE:
            return
        after = some[-1].pk


@dataclass(frozen=True, slots=True)
class UndoneTogether:
    """What an undo came to: how many decisions it took back, and how many no longer stood."""

    bundle: Bundle
    undone: int
    passed_over: int


def undo_together(house: House, bundle_id: int, who_kind: Who, who: str) -> UndoneTogether:
    """Take back every decision of a bundle that still stands, arrivals that it covered included.

    Raises NotFound for no such bundle, NothingToUndo never: what another decided since is passed over.
    """
    with house.store.write() as tx:
        bundle = tx.bundle(bundle_id)
        if bundle is None:
            raise NotFound("There is no such act to undo.")
        tx.undecide_waves(bundle_id)  # first, so that nothing more is covered meanwhile
        tx.end_bundle(bundle_id, house.clock())
    undone = passed_over = after = 0
    while True:
        with house.store.read() as tx:
            some = tx.bundled(bundle_id, after, SLICE)
            sites = {site_id: tx.site_by_id(site_id) for site_id in {one.site_id for _, one in some}}
        done = _undo_slice(house, some, sites, who_kind, who)
        undone += done
        passed_over += len(some) - done
        if len(some) < SLICE:
            return UndoneTogether(bundle, undone, passed_over)
        after = some[-1][0]


def _undo_slice(
    house: House,
    bundled: Sequence[tuple[int, Comment]],
    sites: dict[int, Site | None],
    who_kind: Who,
    who: str,
) -> int:
    now, taken = house.clock(), []
    with house.store.write() as tx:
        for decision_id, comment in bundled:
            site = sites[comment.site_id]
            if site is None or comment.decision_id != decision_id:
                continue
            try:
                taken.append(take_back(tx, site, comment.id, who_kind, who, decision_id, now))
            except (NothingToUndo, Conflict, IsFinal, NotFound):
                continue
    if any(one.called_back for one in taken):
        house.bell.ring(DELIVER)
    if any(one.comment.status is Status.PENDING for one in taken):
        house.bell.ring(SCORE)
    return len(taken)


def _slices(targets: Iterable[Target]) -> Iterator[list[Target]]:
    rest = iter(targets)
    while some := list(islice(rest, SLICE)):
        yield some
