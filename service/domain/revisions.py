"""What an edit keeps of a comment's past: when it was first posted, whether it got in, and a person's refusal of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from service.domain.comment import STAFF, Client, Comment, Draft, Source
from service.domain.status import Status
from service.domain.verdict import Action, Decision, Who

FIRST_POSTED: Final = "first_posted_at"
APPROVED: Final = "approved_earlier"
REFUSED: Final = "refused_earlier"
IMPORTED: Final = "imported"
"""The reason of a decision that came with an import: another program may have made it."""
DUPLICATE: Final = "duplicate"
"""The reason of a decision that a moderator's decision on a duplicate cluster made for one more copy."""
_OF_AUTHOR: Final = (STAFF, "origin")
"""Signals that stay until something else is said."""
_OF_FORM: Final = ("honeypot", "fill_seconds")
"""Signals that stay until a text of the comment was approved."""
_REFUSALS: Final = frozenset({Action.REJECT, Action.SPAM, Action.HOLD, Action.RESTORE})
"""A RESTORE counts where it put no other decision back: it left the comment to a person."""


def edited(draft: Draft, current: Comment, current_decision: Decision | None) -> Draft:
    """Return the draft of the next revision, which keeps what counts of the current one.

    `decision` is the current one, or the one that a RESTORE put back. What the draft leaves out stays as it is: moment,
    parent, author with website and staff, whose sealed address stays, too, and what is known of their machine.
    """
    kept: dict[str, object] = {FIRST_POSTED: first_posted_at(current).isoformat()}
    lasting: tuple[str, ...] = _OF_AUTHOR
    if current.status is Status.APPROVED or was_approved(current):
        kept[APPROVED] = True
    else:
        lasting += _OF_FORM
    if refusal := _refusal(current, current_decision):
        kept[REFUSED] = asdict(refusal)
    submitted_at = current.submitted_at if draft.undated else draft.submitted_at
    source = Source.IMPORT if _is_kept_back(current) else draft.source
    return replace(
        draft,
        submitted_at=submitted_at,
        parent_id=draft.parent_id or current.parent_id,
        author_key=draft.author_key or current.author_key,
        website=draft.website if draft.names_website else current.website,
        client=Client(
            draft.client.ip or current.client.ip,
            draft.client.user_agent or current.client.user_agent,
            draft.client.referrer or current.client.referrer,
        ),
        source=source,
        signals={
            **{name: current.signals[name] for name in lasting if name in current.signals},
            **draft.signals,
            **kept,
        },
    )


def is_same_text(draft: Draft, current: Comment) -> bool:
    """Whether the draft says what the current revision does: what nobody sees makes no other text."""
    is_kept = not draft.names_website or draft.website == current.website
    return is_kept and current.content_hash in (draft.content_hash, draft.exact_hash)


def _is_kept_back(current: Comment) -> bool:
    """Whether it was imported under an article that is not public: no edit shows it to readers."""
    return current.source is Source.IMPORT and bool(current.article.private)


def first_posted_at(comment: Comment) -> datetime:
    """Return when the comment was first posted: an edit counts by that moment."""
    kept = comment.signals.get(FIRST_POSTED)
    first = datetime.fromisoformat(kept) if isinstance(kept, str) else comment.submitted_at
    return min(first, comment.submitted_at)


def was_approved(comment: Comment) -> bool:
    """Return whether an earlier revision was approved: what keeps new comments out does not keep its edits out."""
    return comment.signals.get(APPROVED) is True


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


def _refusal(current: Comment, current_decision: Decision | None) -> Refusal | None:
    if current_decision is None or (
        current_decision.who_kind is Who.MACHINE and current_decision.reason != DUPLICATE
    ):
        return refusal_of(current)
    if current_decision.reason == IMPORTED and (earlier := refusal_of(current)) and not earlier.imported:
        return earlier  # a person refused here, which no import takes back
    if current_decision.action not in _REFUSALS:
        return None
    return Refusal(current_decision.id, current_decision.revision, current_decision.reason == IMPORTED)
