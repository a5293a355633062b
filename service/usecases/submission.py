"""A submission as callers write it: its fields and bounds, held once for the API, the import and every other source.

Faults name the field and the fix, and never show what was sent: a value may be an address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from service.domain.clean_text import UNSEEN, is_blank
from service.domain.comment import (
    BODY_LIMIT,
    ID_LIMIT,
    NAME_LIMIT,
    STAFF,
    TITLE_LIMIT,
    URL_LIMIT,
    Article,
    Client,
    Source,
    Submission,
    normalise_url,
)
from service.domain.errors import Invalid
from service.domain.faults import Fault, InvalidValue
from service.privacy.masking import page_url
from service.privacy.sealing import ADDRESS_LIMIT, Address
from service.usecases.validation import faults_of, no_nul, read_address

CLIENT_LIMIT: Final = 1_000
ID: Final = rf"^[A-Za-z0-9._:-]{{1,{ID_LIMIT}}}$"
MOMENT: Final = (
    r"^(199[0-9]|20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
MOMENT_READ: Final = re.compile(MOMENT.replace("(", "(?:"), re.ASCII)
NO_NUL: Final = r"^[^\u0000]*$"
UNSEEN_SHOWN: Final = "".join(c if c == "-" else f"\\u{ord(c):04x}" for c in UNSEEN)
SOME_TEXT: Final = rf"^[\s{UNSEEN_SHOWN}]*[^\s\u0000{UNSEEN_SHOWN}][^\u0000]*$"
URL: Final = r"^[Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,4})?([/?#][!-~]*)?$"


def some_text(text: str) -> str:
    """Return the text; one in which nothing is seen is refused."""
    if is_blank(text):
        raise InvalidValue("blank")
    return no_nul(text)


def _web_url(url: str) -> str:
    normalise_url(url)
    return url


def _address(given: object) -> Address | None:
    return None if given is None else read_address(given)


def _moment(given: object) -> datetime | None:
    """Read RFC 3339 with an offset; nothing else is a moment, numbers least of all."""
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > 40 or not MOMENT_READ.fullmatch(given):
        raise InvalidValue("datetime")
    try:
        return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except ValueError:
        raise InvalidValue("datetime.day") from None


def _ip(text: str) -> str:
    try:
        if "%" not in text:
            return str(ipaddress.ip_address(text))
    except ValueError:
        pass  # said below, without the value
    raise InvalidValue("ip")


def text_field(most: int, pattern: str) -> Any:
    """A bounded text; `pattern` is what the published schema says of the check that runs in Python.

    The bound is part of the very check that it is text: without one, half surrogate pairs would pass.
    """
    shown: dict[str, Any] = {"pattern": pattern} | ({"minLength": 1} if pattern != NO_NUL else {})
    return Field(strict=True, max_length=most, json_schema_extra=shown)


Id = Annotated[str, StringConstraints(strict=True, pattern=ID)]


Text = Annotated[str, text_field(BODY_LIMIT, SOME_TEXT), AfterValidator(some_text)]
Name = Annotated[str, text_field(NAME_LIMIT, SOME_TEXT), AfterValidator(some_text)]
Line = Annotated[str, text_field(CLIENT_LIMIT, NO_NUL), AfterValidator(no_nul)]
Title = Annotated[str, text_field(TITLE_LIMIT, NO_NUL), AfterValidator(no_nul)]
PageUrl = Annotated[str, text_field(URL_LIMIT, URL), AfterValidator(page_url)]
WebUrl = Annotated[str, text_field(URL_LIMIT, URL), AfterValidator(_web_url)]
Ip = Annotated[
    str,
    AfterValidator(_ip),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]}),
]
Moment = Annotated[
    datetime | None,
    PlainValidator(_moment),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date-time", "pattern": MOMENT}, {"type": "null"}]}
    ),
]
Email = Annotated[
    Address | None,
    PlainValidator(_address),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "email", "maxLength": ADDRESS_LIMIT}, {"type": "null"}]}
    ),
]


class _Given(BaseModel):
    """What a caller sent: unknown fields are refused, and nothing of it is ever printed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return []


class ArticleGiven(_Given):
    """The page that the comment stands under."""

    url: PageUrl = Field(
        description="Absolute http or https URL; compared without fragment, tracking parameters and parameters that "
        "hold an email address, which must be nowhere else in it."
    )
    title: Title | None = None
    published_at: Moment = Field(
        None, description="When the article appeared; a site may close comments by it."
    )


class AuthorGiven(_Given):
    """The reader who wrote the comment."""

    name: Name
    email: Email = Field(
        None, description="Sealed on arrival and never published; a site may make it optional."
    )
    website: WebUrl | None = Field(
        None, description="An edit that does not name it leaves it as it is; null takes it away."
    )
    staff: Annotated[bool, Field(strict=True)] | None = Field(
        None,
        description="Whether the site's own staff wrote it: such a comment is never decided as a copy of others. "
        "It stays so until it is said to be false.",
    )


class ClientGiven(_Given):
    """The reader's machine, as the site saw it; the IP is cut to /24 or /48 on arrival."""

    ip: Ip | None = None
    user_agent: Line | None = None
    referrer: Line | None = None


class SubmissionGiven(_Given):
    """One comment as a site posts it."""

    id: Id | None = Field(None, description="The caller's own id, unique on its site; made up when absent.")
    article: ArticleGiven
    parent_id: Id | None = Field(None, description="The id of the comment that this one answers.")
    author: AuthorGiven
    body: Text
    submitted_at: Moment = Field(
        None, description="When the reader wrote it; the time of arrival when absent."
    )
    client: ClientGiven | None = None


def read_submission(
    value: object,
    source: Source,
    *,
    email_required: bool = True,
    idempotency_key: str | None = None,
    signals: Mapping[str, object] | None = None,
) -> Submission:
    """Return the submission in a parsed JSON value. Raises Invalid with every fault, each naming its field."""
    try:
        given = SubmissionGiven.model_validate(value)
    except ValidationError as error:
        raise Invalid(faults_of(error)) from None
    if email_required and given.author.email is None:
        raise Invalid([Fault("author.email", "missing.here")])
    return replace(submission_of(given, source, signals), idempotency_key=idempotency_key)


def submission_of(given: SubmissionGiven, source: Source, signals: Mapping[str, object] | None) -> Submission:
    """Return the submission that the checked fields say."""
    author, article, client = given.author, given.article, given.client
    return Submission(
        id=given.id,
        article=Article(article.url, article.title, article.published_at),
        parent_id=given.parent_id,
        author_name=author.name,
        email=author.email,
        website=author.website or ("" if "website" in author.model_fields_set else None),
        body=given.body,
        submitted_at=given.submitted_at,
        client=Client(client.ip, client.user_agent, client.referrer) if client else Client(),
        source=source,
        signals={**(signals or {}), **_own_signals(given)},
    )


def _own_signals(given: SubmissionGiven) -> dict[str, object]:
    """Say whether the site's staff wrote it, where that is said."""
    staff = given.author.staff
    return {} if staff is None else {STAFF: staff}
