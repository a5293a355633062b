"""Coral's webhooks: which comment an event is about, and Coral's own word on that comment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import urllib3

from service.domain.errors import Invalid, ReplydeskError
from service.domain.faults import Fault
from service.domain.verdict import Action

LEFT_QUEUE: Final = "COMMENT_LEFT_MODERATION_QUEUE"
ABOUT_COMMENTS: Final = frozenset(
    {"COMMENT_CREATED", "COMMENT_REPLY_CREATED", "COMMENT_ENTERED_MODERATION_QUEUE", LEFT_QUEUE}
)
ID_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-")
ID_BOUND: Final = 100
SECONDS: Final = 3.0
ANSWER_BOUND: Final = 512 * 1024
QUERY: Final = (
    "query Comment($id: ID!) { comment(id: $id) "
    "{ id body status author { id } story { id url } parent { id } revision { id } } }"
)
JUDGED: Final = {"APPROVED": Action.APPROVE, "REJECTED": Action.REJECT}


class CoralSilent(ReplydeskError):
    """Coral did not say what its comment is; it sends the event again, or its next event brings the comment."""


@dataclass(frozen=True, slots=True)
class Event:
    """One webhook: its type, and the comment and story it is about where it is about a comment."""

    type: str
    comment_id: str | None = None


@dataclass(frozen=True, slots=True)
class FetchedComment:
    """What Coral says of a comment."""

    id: str
    body: str = field(repr=False)
    status: str
    author_id: str
    story_id: str
    story_url: str
    parent_id: str | None = None
    revision_id: str | None = None

    @property
    def judged(self) -> Action | None:
        """What Coral's moderators made of it; None while they made nothing."""
        return JUDGED.get(self.status)

    def origin(self) -> dict[str, str]:
        """Return where the comment comes from, as callbacks name it."""
        known = {
            "system": "coral",
            "comment_id": self.id,
            "revision_id": self.revision_id,
            "story_id": self.story_id,
        }
        return {name: value for name, value in known.items() if value}


def read(value: object) -> Event:
    """Read a webhook's body. Raises Invalid when it is none of Coral's."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise Invalid([Fault("type", "text")])
    if value["type"] not in ABOUT_COMMENTS:
        return Event(value["type"][:80])
    data = value.get("data")
    comment_id = data.get("commentID") if isinstance(data, dict) else None
    if not isinstance(comment_id, str) or not is_id(comment_id):
        raise Invalid([Fault("data.commentID", "pattern.coral")])
    return Event(value["type"], comment_id)


def is_id(value: str) -> bool:
    """Whether this can be an id of Coral's."""
    return 0 < len(value) <= ID_BOUND and set(value) <= ID_LETTERS


def ask(coral_url: str, address: str, token: str, comment_id: str) -> FetchedComment:
    """Ask Coral's GraphQL API for the comment; three seconds at most, no redirects. Raises CoralSilent.

    `address` is where the host of `coral_url` was found and judged; nothing else is connected to.
    """
    parts = urlsplit(coral_url)
    path = parts.path.rstrip("/") + "/api/graphql"
    body = json.dumps({"query": QUERY, "variables": {"id": comment_id}}).encode()
    headers = {
        "Host": parts.netloc,
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    try:
        with _line(parts, address) as line:
            response = line.request(
                "POST", path, body=body, headers=headers, retries=False, redirect=False, preload_content=False
            )
            raw = response.read(ANSWER_BOUND) if response.status == 200 else b""
            response.close()
        return _fetched_comment(json.loads(raw))
    except (urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError):
        raise CoralSilent() from None


def _line(target: SplitResult, address: str) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(total=SECONDS)
    if target.scheme != "https":
        return urllib3.HTTPConnectionPool(address, target.port or 80, timeout=timeout)
    return urllib3.HTTPSConnectionPool(
        address,
        target.port or 443,
        timeout=timeout,
        server_hostname=target.hostname,
        assert_hostname=target.hostname,
    )


def _fetched_comment(answer: Any) -> FetchedComment:
    """Read the answer. Raises ValueError for anything but a comment with author and story."""
    comment: Any = answer["data"]["comment"] if _has(answer, "data", "comment") else {}
    if not (
        _has(comment, "author", "id") and _has(comment, "story", "id") and isinstance(comment.get("id"), str)
    ):
        raise ValueError("no comment")
    texts: Mapping[str, Any] = {
        "id": comment["id"],
        "body": comment.get("body") or "",
        "status": comment.get("status") or "",
        "author_id": comment["author"]["id"],
        "story_id": comment["story"]["id"],
        "story_url": comment["story"].get("url") or "",
    }
    if not all(isinstance(value, str) for value in texts.values()) or not is_id(texts["id"]):
        raise ValueError("no comment")
    parent: Any = comment.get("parent")
    revision: Any = comment.get("revision")
    return FetchedComment(
        **texts,
        parent_id=parent["id"] if _has(parent, "id") and isinstance(parent["id"], str) else None,
        revision_id=revision["id"] if _has(revision, "id") and isinstance(revision["id"], str) else None,
    )


def _has(value: Any, *path: str) -> bool:
    for step in path:
        if not isinstance(value, dict) or value.get(step) is None:
            return False
        value = value[step]
    return True
