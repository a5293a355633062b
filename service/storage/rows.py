"""Rows become comments, verdicts, decisions and deliveries, and verdicts become text again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from service.domain.comment import Article, Client, Comment, Source
from service.domain.events import Delivery
from service.domain.status import Status
from service.domain.verdict import Action, Decision, Effort, Reason, Span, Verdict, Who
from service.storage.columns import to_json


def verdict_text(verdict: Verdict | None) -> str | None:
    """Return a verdict as compact JSON; `verdict_of` gives it back equal."""
    if verdict is None:
        return None
    return to_json(
        {
            "action": verdict.action,
            "reasons": [[reason.code, reason.detail, reason.label] for reason in verdict.reasons],
            "scores": dict(verdict.scores),
            "spans": [
                [span.begin, span.end, span.label, span.weight, *([span.rule] if span.rule else [])]
                for span in verdict.spans
            ],
            "reads_as": verdict.reads_as,
            "language": verdict.language,
            "model": verdict.model,
            "policy": verdict.policy,
            "effort": verdict.effort,
        }
    )


def verdict_of(text: str | None) -> Verdict | None:
    """Return the verdict that `verdict_text` wrote."""
    if text is None:
        return None
    stored = json.loads(text)
    return Verdict(
        action=Action(stored["action"]),
        reasons=tuple(Reason(*reason) for reason in stored["reasons"]),
        scores=stored["scores"],
        spans=tuple(Span(*span) for span in stored["spans"]),
        reads_as=stored["reads_as"],
        language=stored["language"],
        model=stored["model"],
        policy=stored["policy"],
        effort=Effort(effort) if (effort := stored.get("effort")) else None,
    )


def comment_of(row: RowMapping | Mapping[str, Any], article: Article) -> Comment:
    """Return the comment of a row of `comments`; its article comes from a row of its own."""
    return Comment(
        pk=row["pk"],
        site_id=row["site_id"],
        id=row["id"],
        revision=row["revision"],
        status=Status(row["status"]),
        article=article,
        author_name=row["author_name"],
        body=row["body"],
        submitted_at=row["submitted_at"],
        received_at=row["received_at"],
        content_hash=row["content_hash"],
        source=Source(row["source"]),
        parent_id=row["parent_id"],
        website=row["website"],
        author_key=row["author_key"],
        client=Client(row["ip"], row["user_agent"], row["referrer"]),
        signals=row["signals"] or {},
        live=row["live"],
        attempts=row["attempts"],
        decided_at=row["decided_at"],
        verdict=verdict_of(row["verdict"]),
        decision_id=row["decision_id"],
        published_revision=row["published_revision"],
        rescore=bool(row["rescore"]),
    )


def decision_of(row: RowMapping | Mapping[str, Any]) -> Decision:
    """Return the decision of a row of `decisions`."""
    return Decision(
        id=row["pk"],
        comment_pk=row["comment_pk"],
        site_id=row["site_id"],
        revision=row["revision"],
        action=Action(row["action"]),
        who_kind=Who(row["who_kind"]),
        who=row["who"],
        from_status=Status(row["from_status"]),
        to_status=Status(row["to_status"]),
        created_at=row["created_at"],
        effective_at=row["effective_at"],
        reason=row["reason"],
        seq=row["seq"],
        replaces=row["replaces"],
        previous=row["previous"],
        undone_at=row["undone_at"],
        from_published=row["from_published"],
    )


def delivery_of(row: RowMapping) -> Delivery:
    """Return the delivery of a row of `deliveries`."""
    return Delivery(
        id=row["pk"],
        site_id=row["site_id"],
        comment_pk=row["comment_pk"],
        decision_id=row["decision_id"],
        webhook_id=row["webhook_id"],
        type=row["type"],
        payload=row["payload"],
        state=row["state"],
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        created_at=row["created_at"],
        last_outcome=row["last_outcome"],
        delivered_at=row["delivered_at"],
    )
