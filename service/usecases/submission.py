"""A submission as callers write it: its fields and bounds, held once for the API, the import and every other source.

Faults name the field and the fix, and never show what was sent: a value may be an address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
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
    model_validator,
)

from service.domain.clean_text import UNSEEN, is_blank
from service.domain.comment import (
    ARCHIVED_LIMIT,
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
LINES: Final = {
    ("author", "name"): NAME_LIMIT,
    ("article", "title"): TITLE_LIMIT,
    ("client", "user_agent"): CLIENT_LIMIT,
    ("client", "referrer"): CLIENT_LIMIT,
}
"""Lines that are cut in an archive."""
ARCHIVED_BOUND: Final = 2 * 1024 * 1024
CUT: Final = " […]"
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


def _some_text(text: str) -> str:
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


def _archived(text: str) -> str:
    """Return a text of an archive; one beyond all bounds is cut, and the cut is marked."""
    return text if len(text) <= ARCHIVED_LIMIT else text[: ARCHIVED_LIMIT - len(CUT)] + CUT


Text = Annotated[str, text_field(BODY_LIMIT, SOME_TEXT), AfterValidator(_some_text)]
ArchivedText = Annotated[
    str, text_field(ARCHIVED_BOUND, SOME_TEXT), AfterValidator(_some_text), AfterValidator(_archived)
]
Name = Annotated[str, text_field(NAME_LIMIT, SOME_TEXT), AfterValidator(_some_text)]
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


class ArchivedGiven(SubmissionGiven):
    """One comment of an archive: longer than what comes in live, and never refused for a length."""

    body: ArchivedText

    @model_validator(mode="before")
    @classmethod
    def cut_lines(cls, value: object) -> object:
        """Cut lines that are too long; what is no object is refused by the fields."""
        if not isinstance(value, dict):
            return value
        parts = {part: value[part] for part, _ in LINES if isinstance(value.get(part), dict)}
        for (part, name), limit in LINES.items():
            if part in parts and isinstance(line := parts[part].get(name), str):
                parts[part] = {**parts[part], name: line[:limit]}
        return {**value, **parts}

    @property
    def is_cut(self) -> bool:
        """Whether its end is missing."""
        return len(self.body) == ARCHIVED_LIMIT and self.body.endswith(CUT)


OPTIONAL: Final = frozenset(
    {
        "article.title",
        "article.published_at",
        "parent_id",
        "author.email",
        "author.website",
        "author.staff",
        "submitted_at",
        "client",
        "client.ip",
        "client.user_agent",
        "client.referrer",
    }
)
"""Fields that are left out of a comment of an archive where they are no good."""
CHARACTERS: Final = frozenset({"unicode", "nul"})
"""Codes of faults that a single character makes, which can be replaced."""


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
    return replace(_submission(given, source, signals), idempotency_key=idempotency_key)


def read_archived(
    value: Any, signals: Mapping[str, object] | None = None
) -> tuple[Submission, Sequence[Fault]]:
    """Return a comment of an archive, and the faults of what was left out: optional values that are no good.

    It was written under other rules: it may be longer, and needs no address. It is scored after what comes in live.
    Raises Invalid where what is needed is at fault, or a character.
    """
    faults: Sequence[Fault] = ()
    try:
        given = ArchivedGiven.model_validate(value)
    except ValidationError as error:
        faults = faults_of(error)
        if any(fault.field not in OPTIONAL or fault.code in CHARACTERS for fault in faults):
            raise Invalid(faults) from None
        for fault in faults:
            value = _without(value, fault.field)
        given = ArchivedGiven.model_validate(value)
    return replace(_submission(given, Source.IMPORT, signals), live=False), faults


def _without(value: Mapping[str, Any], field: str) -> dict[str, Any]:
    part, _, rest = field.partition(".")
    kept = {name: one for name, one in value.items() if name != part}
    return {**kept, part: _without(value[part], rest)} if rest else kept


def _submission(given: SubmissionGiven, source: Source, signals: Mapping[str, object] | None) -> Submission:
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
    """Say who wrote it, and whether its end is missing."""
    is_cut = isinstance(given, ArchivedGiven) and given.is_cut
    staff = given.author.staff
    return {**({} if staff is None else {STAFF: staff}), **({"cut": True} if is_cut else {})}
