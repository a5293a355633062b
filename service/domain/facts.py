"""What a policy is told of a comment besides its score."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from service.domain.comment import Comment
from service.domain.links import count_links, own_hosts
from service.domain.options import Options
from service.domain.policy import Facts
from service.domain.revisions import first_posted_at, refusal_of


def facts_of(comment: Comment, own: Collection[str] = (), **more: Any) -> Facts:
    """Return the facts that the comment itself tells; `more` are those that only its surroundings know.

    `own` are the hosts of the site's pages, to which links are free.
    """
    refusal = refusal_of(comment)
    fill = comment.signals.get("fill_seconds")
    return Facts(
        body=comment.body,
        author_name=comment.author_name,
        website=comment.website,
        links=count_links(comment.body, own),
        submitted_at=first_posted_at(comment),
        article_published_at=comment.article.published_at,
        honeypot=bool(comment.signals.get("honeypot")),
        cut=bool(comment.signals.get("cut")),
        fill_seconds=float(fill) if isinstance(fill, int | float) else None,
        attempts=comment.attempts,
        refused_revision=refusal.revision if refusal else None,
        **more,
    )


def free_hosts(options: Options, *urls: str | None) -> frozenset[str]:
    """Return the hosts of a site's own addresses, to which links do not count; none where they do."""
    return own_hosts(*urls) if options.own_links == "free" else frozenset()
