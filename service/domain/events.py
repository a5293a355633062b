"""What the site is told: the public view of a comment, and the callback that carries it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from service.domain.author_status import AuthorStatus, AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.severity import is_at_risk
from service.domain.verdict import Action, Decision, Verdict, Who


class EventType(StrEnum):
    """Types of callbacks, as Standard Webhooks writes them."""

    APPROVED = "comment.approved"
    REJECTED = "comment.rejected"
    SPAM = "comment.spam"
    HELD = "comment.held"
    RESTORED = "comment.restored"
    WITHDRAWN = "comment.withdrawn"
    ERASED = "comment.erased"
    AUTHOR_TRUSTED = "author.trusted"
    AUTHOR_WATCHED = "author.watched"
    AUTHOR_BANNED = "author.banned"
    AUTHOR_CLEARED = "author.cleared"


CALLBACKS_STOPPED = "site.callbacks_stopped"
TYPE_OF = {
    Action.APPROVE: EventType.APPROVED,
    Action.REJECT: EventType.REJECTED,
    Action.SPAM: EventType.SPAM,
    Action.HOLD: EventType.HELD,
    Action.RESTORE: EventType.RESTORED,
    Action.WITHDRAW: EventType.WITHDRAWN,
    Action.ERASE: EventType.ERASED,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One callback on its way: the exact bytes, and where it stands. `webhook_id` is the same on every retry."""

    site_id: int
    comment_pk: int
    decision_id: int
    webhook_id: str
    type: str
    payload: bytes
    next_attempt_at: datetime
    created_at: datetime
    id: int = 0
    state: str = "waiting"
    attempts: int = 0
    last_outcome: str | None = None
    delivered_at: datetime | None = None


def instant(moment: datetime | None) -> str | None:
    """Write a moment as RFC 3339 in UTC with a Z, or None."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def public_view(comment: Comment) -> dict[str, object]:
    """Return what anyone may see of a comment; never an address, an author key or a client."""
    return {
        "id": comment.id,
        "revision": comment.revision,
        "article_url": comment.article.url,
        "parent_id": comment.parent_id,
        "name": comment.author_name,
        "website": comment.website,
        "body": comment.body,
        "submitted_at": instant(comment.submitted_at),
    }


def verdict_view(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as the site sees it; span offsets count code points of the masked text."""
    return {
        "action": str(verdict.action),
        "at_risk": is_at_risk(verdict),
        "scores": {label: round(score, 6) for label, score in verdict.scores.items()},
        "reasons": [
            _without_none({"code": r.code, "label": r.label, "detail": r.detail}) for r in verdict.reasons
        ],
        "spans": [
            _without_none(
                {"begin": s.begin, "end": s.end, "label": s.label, "weight": s.weight, "rule": s.rule}
            )
            for s in verdict.spans
        ],
        "reads_as": verdict.reads_as,
        "language": verdict.language,
        "model": verdict.model,
        "policy": verdict.policy,
        "effort": verdict.effort,
    }


def decision_view(decision: Decision) -> dict[str, object]:
    """Return a decision as the site sees it; names of moderators stay in the service."""
    return {
        "decision": str(decision.id),
        "sequence": decision.seq,
        "revision": decision.revision,
        "action": str(decision.action),
        "status": str(decision.to_status),
        "by": str(decision.who_kind),
        "reason": decision.reason,
        "replaces": str(decision.replaces) if decision.replaces else None,
        "decided_at": instant(decision.created_at),
        "effective_at": instant(decision.effective_at),
        "undone_at": instant(decision.undone_at),
    }


def payload(comment: Comment, decision: Decision) -> bytes:
    """Return the body of the callback for `decision`: stored once, sent with the same bytes on every retry."""
    return _encoded(
        {
            "type": str(TYPE_OF[decision.action]),
            "timestamp": instant(decision.effective_at),
            "data": {
                "comment": public_view(comment),
                "action": str(decision.action),
                "status": str(decision.to_status),
                "reason": decision.reason,
                "by": str(decision.who_kind),
                "at_risk": is_at_risk(comment.verdict),
                "decision": str(decision.id),
                "sequence": decision.seq,
                **_effort(comment, decision),
                **_origin(comment),
            },
        }
    )


def author_type(status: AuthorStatus | None) -> EventType:
    """Return the type of the webhook about an author's status; None: it was ended."""
    return EventType(f"author.{status}") if status else EventType.AUTHOR_CLEARED


def author_payload(comment: Comment, entry: AuthorStatusEntry | None, now: datetime) -> bytes:
    """Return the body of the callback about an author, who is named by a comment the site knows; never by a key."""
    return _encoded(
        {
            "type": str(author_type(entry.status if entry else None)),
            "timestamp": instant(now),
            "data": {
                "comment": {"id": comment.id, "name": comment.author_name},
                "standing": str(entry.status) if entry else None,
                "reason": entry.reason if entry else None,
                "until": instant(entry.until) if entry else None,
            },
        }
    )


def stopped_payload(site_name: str, reason: str, now: datetime) -> bytes:
    """Return the body of the webhook about an endpoint that wants no more callbacks."""
    message = {
        "type": CALLBACKS_STOPPED,
        "timestamp": instant(now),
        "data": {"site": site_name, "reason": reason},
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _encoded(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _effort(comment: Comment, decision: Decision) -> dict[str, object]:
    """Say how the text was scored, where the decision rests on a score."""
    effort = comment.verdict.effort if comment.verdict and decision.who_kind is Who.MACHINE else None
    return {"effort": effort} if effort else {}


def _origin(comment: Comment) -> dict[str, object]:
    """Say how the system that the comment came from calls it, where that is known."""
    origin = comment.signals.get("origin")
    return {"origin": origin} if origin else {}


def _without_none(mapping: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in mapping.items() if value is not None}
