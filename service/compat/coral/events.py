"""Coral's webhooks: which comment an event is about, and Coral's own word on that comment."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

import urllib3
from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from service.domain.errors import Invalid, ReplydeskError
from service.domain.faults import Fault
from service.domain.verdict import Action

LEFT_QUEUE: Final = "COMMENT_LEFT_MODERATION_QUEUE"
ABOUT_COMMENTS: Final = frozenset(
    {"COMMENT_CREATED", "COMMENT_REPLY_CREATED", "COMMENT_ENTERED_MODERATION_QUEUE", LEFT_QUEUE}
)
ID: Final = r"^[A-Za-z0-9._:-]{1,100}$"
SECONDS: Final = 3.0
ANSWER_BOUND: Final = 512 * 1024
QUERY: Final = (
    "query Comment($id: ID!) { comment(id: $id) "
    "{ id body status author { id } story { id url } parent { id } revision { id } } }"
)
JUDGED: Final = {"APPROVED": Action.APPROVE, "REJECTED": Action.REJECT}


class CoralSilent(ReplydeskError):
    """Coral did not say what its comment is; it sends the event again, or its next event brings the comment."""

    code = "unavailable"


@dataclass(frozen=True, slots=True)
class Event:
    """One webhook: its type, and the comment and story it is about where it is about a comment."""

    type: str
    comment_id: str | None = None


def _or_empty(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_or_empty)]


class FetchedComment(BaseModel):
    """What Coral says of a comment, in its answer to `QUERY`."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    id: str = Field(validation_alias=AliasPath("data", "comment", "id"), pattern=ID)
    body: Text = Field("", validation_alias=AliasPath("data", "comment", "body"), repr=False)
    status: Text = Field("", validation_alias=AliasPath("data", "comment", "status"))
    author_id: str = Field(validation_alias=AliasPath("data", "comment", "author", "id"))
    story_id: str = Field(validation_alias=AliasPath("data", "comment", "story", "id"))
    story_url: Text = Field("", validation_alias=AliasPath("data", "comment", "story", "url"))
    parent_id: str | None = Field(None, validation_alias=AliasPath("data", "comment", "parent", "id"))
    revision_id: str | None = Field(None, validation_alias=AliasPath("data", "comment", "revision", "id"))

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
    return re.fullmatch(ID, value) is not None


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
        return FetchedComment.model_validate_json(raw)
    except (urllib3.exceptions.HTTPError, OSError, ValidationError):
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
