"""What a policy is told of a comment besides its score."""

from __future__ import annotations

from typing import Any

from service.moderation.comment import Comment
from service.moderation.earlier import first_posted_at, refusal_of
from service.moderation.links import count_links
from service.moderation.policy import Facts


def facts_of(comment: Comment, **more: Any) -> Facts:
    """Return the facts that the comment itself tells; `more` are those that only its surroundings know."""
    refusal = refusal_of(comment)
    fill = comment.signals.get("fill_seconds")
    return Facts(
        body=comment.body,
        author_name=comment.author_name,
        website=comment.website,
        links=count_links(comment.body),
        submitted_at=first_posted_at(comment),
        article_published_at=comment.article.published_at,
        honeypot=bool(comment.signals.get("honeypot")),
        cut=bool(comment.signals.get("cut")),
        fill_seconds=float(fill) if isinstance(fill, int | float) else None,
        attempts=comment.attempts,
        refused_revision=refusal.revision if refusal else None,
        **more,
    )
