"""Facts: what a policy is told of a comment besides its score."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.domain.author_status import AuthorStatus
from service.domain.comment import Comment
from service.domain.links import count_links, own_hosts
from service.domain.options import Options
from service.domain.revisions import first_posted_at, refusal_of, was_approved


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a comment besides its score. Times are aware; `links` counts those in the text."""

    body: str
    author_name: str = ""
    website: str | None = None
    links: int = 0
    known_author: bool = True
    submitted_at: datetime | None = None
    """When the comment was first posted, however often it was edited since."""
    article_published_at: datetime | None = None
    honeypot: bool = False
    cut: bool = False
    """The text was longer than is read, and only its beginning was."""
    fill_seconds: float | None = None
    attempts: int = 0
    exhausted: bool = False
    """The comment was tried as often as is allowed and could not be scored."""
    late: bool = False
    """No score came within the site's limit: the outage policy speaks."""
    author_status: AuthorStatus | None = None
    """What a moderator decided about everything that this author writes."""
    approved_earlier: bool = False
    """An earlier revision of this comment was approved, so that it is neither late nor its author's first."""
    refused_revision: int | None = None
    """The revision of this comment that a person refused, where the text is another by now."""
    article_held: bool = False
    """A moderator lets everything new under this article wait for a person."""

    def came_late(self, days: int | None) -> bool:
        """Whether it was first posted so many days after its article or later; never for None, nor for what got in."""
        if self.approved_earlier or days is None:
            return False
        if self.article_published_at is None or self.submitted_at is None:
            return False
        return self.submitted_at >= self.article_published_at + timedelta(days=days)


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
        approved_earlier=was_approved(comment),
        refused_revision=refusal.revision if refusal else None,
        **more,
    )


def free_hosts(options: Options, *urls: str | None) -> frozenset[str]:
    """Return the hosts of a site's own addresses, to which links do not count; none where they do."""
    return own_hosts(*urls) if options.own_links == "free" else frozenset()
