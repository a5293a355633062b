"""Waves: copies of one text, a little different each time; decided once, and so for what still arrives of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from service.moderation.leading import is_at_risk
from service.moderation.policy import PERSONAL_DATA, PHRASE
from service.moderation.verdict import Action, Reason, Verdict

ALIKE: Final = 0.5
"""From this likeness on two texts are of one wave: of the pairs in tests/evidence/folding.py that belong together 0.79
are found and no other (exact match finds 0.015). Lower finds more, and begins to put words into readers' mouths."""
TRIED: Final = 4
"""Waves with which one text is compared word for word."""
BY_RULE: Final = frozenset({PHRASE, PERSONAL_DATA})
"""Grounds of rules: a copy may differ in just what they found."""
_GRAVITY = {Action.APPROVE: 0, Action.HOLD: 1, Action.REJECT: 2, Action.SPAM: 3}


@dataclass(frozen=True, slots=True)
class Signature:
    """What of a text can be compared: `entries` of two bytes each, and the `bands` by which a store finds its like."""

    entries: bytes
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wave:
    """Held comments of one site with one text; `entries` are those of the first. A decision stands until a moment."""

    id: int
    site_id: int
    entries: bytes
    begun_at: datetime
    action: Action | None = None
    decided_by: str | None = None
    stands_until: datetime | None = None
    bundle_id: int | None = None
    """What was decided together; arrivals that the decision covers join it, so that one undo reaches them too."""

    def stands(self, now: datetime) -> bool:
        """Whether a person's decision covers what arrives now."""
        return self.action is not None and self.stands_until is not None and now < self.stands_until


def likeness(one: bytes, other: bytes) -> float:
    """Return the estimated share of their windows that two texts have in common, 0 to 1."""
    ours, theirs = memoryview(one).cast("H"), memoryview(other).cast("H")
    if not ours or len(ours) != len(theirs):
        return 0.0
    return sum(a == b for a, b in zip(ours, theirs, strict=True)) / len(ours)


def nearest(signature: Signature, waves: Iterable[Wave]) -> list[Wave]:
    """Return the waves that a text may belong to: the likest first, of equals the oldest; few of many."""
    found = [(likeness(signature.entries, wave.entries), -wave.id, wave) for wave in waves]
    alike = sorted((one for one in found if one[0] >= ALIKE), key=lambda one: one[:2], reverse=True)
    return [wave for _, _, wave in alike[:TRIED]]


def covered(verdict: Verdict, wave: Wave) -> Verdict | None:
    """Return the verdict that a standing decision on the wave gives one more arrival; None where it gives none.

    A person's refusal reaches what the machine would let pass; a person's approval lifts only a hold that scores alone
    caused, since it said nothing of a name, a link, a circumstance or an address. What the machine refuses stays
    refused. A writer who may be at risk is looked at each time.
    """
    if wave.action is None or is_at_risk(verdict):
        return None
    by_scores = all(reason.label is not None and reason.code not in BY_RULE for reason in verdict.reasons)
    lifts = wave.action is Action.APPROVE and verdict.action is Action.HOLD and by_scores
    if not lifts and _GRAVITY[wave.action] <= _GRAVITY[verdict.action]:
        return None
    reason = Reason("wave", f"A copy of what {wave.decided_by or 'a moderator'} decided ({wave.action}).")
    return replace(verdict, action=wave.action, reasons=(reason, *verdict.reasons))
