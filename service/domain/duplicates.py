"""Duplicate clusters: near-identical comments that are decided as one, including copies that arrive later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from service.domain.policy import PERSONAL_DATA, PHRASE
from service.domain.revisions import DUPLICATE
from service.domain.severity import is_at_risk
from service.domain.verdict import GRAVITY, Action, Reason, Verdict

ALIKE: Final = 0.5
"""Two texts at least this similar are duplicates. Measured in tools/evidence/duplicates.py: recall 0.79 at precision 1
(exact match: 0.015). A lower value finds more, and begins to group comments by different people."""
SAME: Final = 0.9
"""Likewise where nothing is left of the cluster's texts, so that what differs cannot be read."""
TRIED: Final = 4
"""Clusters with which one text is compared word for word."""
BY_RULE: Final = frozenset({PHRASE, PERSONAL_DATA})
"""Grounds of rules: a copy may differ in just what they found."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What of a text can be compared: `entries` of two bytes each, and the `bands` by which a store finds its like."""

    entries: bytes
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DuplicateCluster:
    """Held near-identical comments of one site; `entries` are the signature of the first. Its decision expires."""

    id: int
    site_id: int
    entries: bytes
    begun_at: datetime
    action: Action | None = None
    decided_by: str | None = None
    stands_until: datetime | None = None
    bulk_decision_id: int | None = None
    """The bulk decision; later copies that it covers join it, so that one undo reverts them too."""

    def stands(self, now: datetime) -> bool:
        """Tell whether a moderator's decision covers copies that arrive now."""
        return self.action is not None and self.stands_until is not None and now < self.stands_until


def likeness(one: bytes, other: bytes) -> float:
    """Return the estimated share of their windows that two texts have in common, 0 to 1."""
    ours, theirs = memoryview(one).cast("H"), memoryview(other).cast("H")
    if not ours or len(ours) != len(theirs):
        return 0.0
    return sum(a == b for a, b in zip(ours, theirs, strict=True)) / len(ours)


def nearest(signature: Signature, clusters: Iterable[DuplicateCluster]) -> list[DuplicateCluster]:
    """Return the clusters that a text may belong to, at most `TRIED`: the most similar first, of equals the oldest."""
    found = [(likeness(signature.entries, cluster.entries), -cluster.id, cluster) for cluster in clusters]
    alike = sorted((one for one in found if one[0] >= ALIKE), key=lambda one: one[:2], reverse=True)
    return [cluster for _, _, cluster in alike[:TRIED]]


def covered(verdict: Verdict, cluster: DuplicateCluster) -> Verdict | None:
    """Return the verdict that the cluster's decision gives one more copy; None where it gives none.

    A moderator's rejection covers copies that the policy would approve. A moderator's approval releases only a hold
    that scores alone caused: it said nothing about a name, a link, the author or an address. What the policy rejects
    stays rejected. An author who may be at risk is never covered.
    """
    if cluster.action is None or is_at_risk(verdict):
        return None
    by_scores = all(reason.label is not None and reason.code not in BY_RULE for reason in verdict.reasons)
    lifts = cluster.action is Action.APPROVE and verdict.action is Action.HOLD and by_scores
    if not lifts and GRAVITY[cluster.action] <= GRAVITY[verdict.action]:
        return None
    reason = Reason(
        DUPLICATE, f"A copy of what {cluster.decided_by or 'a moderator'} decided ({cluster.action})."
    )
    return replace(verdict, action=cluster.action, reasons=(reason, *verdict.reasons))


def held_beside(verdict: Verdict, cluster: DuplicateCluster) -> Verdict:
    """Return the verdict on a text that shares most with a refused cluster, and says something else with it.

    A person looks: it may be a paragraph that many paste, or spam in another dress.
    """
    if GRAVITY[verdict.action] >= GRAVITY[Action.HOLD]:
        return verdict
    reason = Reason(
        DUPLICATE, f"Much like what {cluster.decided_by or 'a moderator'} decided ({cluster.action})."
    )
    return replace(verdict, action=Action.HOLD, reasons=(reason, *verdict.reasons))
