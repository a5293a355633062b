"""What an edit keeps of a comment's past: when it was first posted, and a refusal by a person that still counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from service.moderation.comment import Comment, Draft
from service.moderation.verdict import Action, Decision, Who

FIRST_POSTED: Final = "first_posted_at"
REFUSED: Final = "refused_earlier"
IMPORTED: Final = "imported"
"""The reason of a decision that came with an import: another program may have made it."""
WAVE: Final = "wave"
"""The reason of a decision that a person's decision about copies made of one more."""
_REFUSALS: Final = frozenset({Action.REJECT, Action.SPAM, Action.HOLD, Action.RESTORE})
"""A RESTORE counts where it put no other decision back: it left the comment to a person."""


def edited(draft: Draft, current: Comment, standing: Decision | None) -> Draft:
    """Return the draft of the next revision, which keeps what counts of the current one.

    `standing` is the decision that stands on it, or the one that a RESTORE put back.
    """
    kept: dict[str, object] = {FIRST_POSTED: first_posted_at(current).isoformat()}
    if refusal := _refusal(current, standing):
        kept[REFUSED] = asdict(refusal)
    submitted_at = current.submitted_at if draft.undated else draft.submitted_at
    return replace(draft, submitted_at=submitted_at, signals={**draft.signals, **kept})


def first_posted_at(comment: Comment) -> datetime:
    """Return when the comment was first posted: an edit counts by that moment."""
    kept = comment.signals.get(FIRST_POSTED)
    told = datetime.fromisoformat(kept) if isinstance(kept, str) else comment.submitted_at
    return min(told, comment.submitted_at)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A person's refusal of an earlier revision: the decision's number, the revision, and whether an import made it."""

    decision: int
    revision: int
    imported: bool = False


def refusal_of(comment: Comment) -> Refusal | None:
    """Return the refusal of an earlier revision that still counts, None without one."""
    kept = comment.signals.get(REFUSED)
    return Refusal(**kept) if isinstance(kept, dict) else None


def _refusal(current: Comment, standing: Decision | None) -> Refusal | None:
    if standing is None or (standing.who_kind is Who.MACHINE and standing.reason != WAVE):
        return refusal_of(current)
    if standing.reason == IMPORTED and (earlier := refusal_of(current)) and not earlier.imported:
        return earlier  # a person refused here, which no import takes back
    if standing.action not in _REFUSALS:
        return None
    return Refusal(standing.id, standing.revision, standing.reason == IMPORTED)
