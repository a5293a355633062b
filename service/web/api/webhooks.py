"""The webhooks that a site receives: their shapes, and an example of each, made by the code that makes the webhooks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from service.domain.alarms import alarm_payload
from service.domain.author_status import AuthorStatus, AuthorStatusEntry
from service.domain.comment import Article, Comment, Source
from service.domain.events import EventType, author_payload, payload, stopped_payload
from service.domain.policy import Policy
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Decision, Effort, Reason, Verdict, Who
from service.web.api.answers import Id, Number, PublicComment, Shape

PARAMETERS: Final = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "description": "Of Standard Webhooks 1.0, by which the site checks the bytes.",
        "schema": {"type": "string"},
    }
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
]
RESPONSES: Final = {
    "2XX": {"description": "Received."},
    "410": {"description": "Send no more webhooks."},
    "default": {"description": "Send the same bytes again later, under the same `webhook-id`."},
}


class CommentData(Shape):
    """What was decided about a comment. `effort` is there where an automatic decision rests on a score."""

    comment: PublicComment
    action: Action
    status: Status
    reason: str | None
    by: Who
    at_risk: bool
    decision: Number
    sequence: int = Field(ge=1)
    effort: Effort | SkipJsonSchema[None] = None
    origin: dict[str, str] | SkipJsonSchema[None] = Field(
        default=None, description="How the system that the comment came from calls it, where that is known."
    )


class CommentEvent(Shape):
    """A decision about a comment took effect.

    Set the comment to `status`, unless a higher `sequence` was processed for it: a delivery may arrive twice or late.
    """

    type: EventType
    timestamp: datetime
    data: CommentData


class NamedComment(Shape):
    """A comment that names its author."""

    id: Id
    name: str


class AuthorData(Shape):
    """An author's status, by one of the author's comments; null when it ended."""

    comment: NamedComment
    status: AuthorStatus | None = Field(alias="standing")
    reason: str | None
    until: datetime | None


class AuthorEvent(Shape):
    """A moderator changed an author's status."""

    type: EventType
    timestamp: datetime
    data: AuthorData


class QueueLimits(Shape):
    """From where on the queue counts as grown."""

    held: int | None
    oldest_held_seconds: float | None


class QueueData(Shape):
    """The moderators' queue."""

    site: str
    held: int
    oldest_held_seconds: int
    limits: QueueLimits
    desk: str


class QueueEvent(Shape):
    """The moderators' queue grew past a limit, or is calm again; sent to the site's `notify_url`."""

    type: Literal["queue.grown", "queue.calm"]
    timestamp: datetime
    data: QueueData


class StoppedData(Shape):
    """Why no more webhooks are sent."""

    site: str
    reason: str


class StoppedEvent(Shape):
    """The site's endpoint answered 410; sent to the site's `notify_url`."""

    type: Literal["site.callbacks_stopped"]
    timestamp: datetime
    data: StoppedData


SHAPES: Final = (CommentEvent, AuthorEvent, QueueEvent, StoppedEvent)


NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
DESK: Final = "https://moderation.example/desk"
SITE: Final = Site(1, "courier", "https://news.example", Policy())
COMMENT: Final = Comment(
    pk=1,
    site_id=1,
    id="wp-4711",
    revision=1,
    status=Status.APPROVED,
    article=Article("https://news.example/2026/the-bridge", "The bridge opens"),
    author_name="Ada",
    body="At last! I have waited for this bridge since I was at school.",
    submitted_at=NOON - timedelta(seconds=2),
    received_at=NOON - timedelta(seconds=1),
    content_hash="",
    source=Source.API,
    verdict=Verdict(Action.APPROVE, (Reason("clear", "Nothing speaks against it."),), effort=Effort.FULL),
)
DECISIONS: Final = (
    ("A comment was approved", Action.APPROVE, Status.APPROVED, Who.MACHINE, "clear"),
    ("A comment was rejected", Action.REJECT, Status.REJECTED, Who.MODERATOR, "insult"),
    ("A comment was found to be spam", Action.SPAM, Status.SPAM, Who.MACHINE, "score"),
    ("A comment waits for a moderator", Action.HOLD, Status.HELD, Who.MACHINE, "score"),
    ("A published decision was undone", Action.RESTORE, Status.HELD, Who.MODERATOR, None),
    ("A comment was withdrawn for good", Action.WITHDRAW, Status.WITHDRAWN, Who.SITE, None),
    ("A comment was erased for good", Action.ERASE, Status.ERASED, Who.SITE, "er_0123456789abcdef"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One type of webhook as it is described."""

    summary: str
    shape: type[Shape]
    example: dict[str, Any]


def events() -> list[Event]:
    """Return every type of webhook, with an example from the code that writes it."""
    made: list[tuple[str, type[Shape], bytes]] = [
        (summary, CommentEvent, payload(COMMENT, _decision(action, status, who, reason)))
        for summary, action, status, who, reason in DECISIONS
    ]
    for status in AuthorStatus:
        entry = AuthorStatusEntry(1, "", status, "", NOON, "said so by telephone", NOON + timedelta(days=30))
        made.append((f"An author is {status} from now on", AuthorEvent, author_payload(COMMENT, entry, NOON)))
    made += [
        ("An author's status ended", AuthorEvent, author_payload(COMMENT, None, NOON)),
        ("The queue has grown", QueueEvent, alarm_payload(SITE, True, 120, 4000.0, DESK, NOON)),
        ("The queue is calm again", QueueEvent, alarm_payload(SITE, False, 12, 600.0, DESK, NOON)),
        ("No more callbacks are sent", StoppedEvent, stopped_payload(SITE.name, "answered 410", NOON)),
    ]
    return [Event(summary, shape, json.loads(body)) for summary, shape, body in made]


def _decision(action: Action, status: Status, who: Who, reason: str | None) -> Decision:
    return Decision(
        id=17,
        comment_pk=1,
        site_id=1,
        revision=1,
        action=action,
        who_kind=who,
        who="",
        from_status=Status.PENDING,
        to_status=status,
        created_at=NOON,
        effective_at=NOON,
        reason=reason,
        seq=12,
    )
