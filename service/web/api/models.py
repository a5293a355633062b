"""What the API takes besides submissions: a decision, an undo, and the parameters of its pages."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from service.domain.comment import URL_LIMIT
from service.domain.status import Status
from service.domain.verdict import Effort
from service.privacy.masking import page_url
from service.privacy.sealing import ADDRESS_LIMIT, Address, AddressError
from service.usecases.submission import URL, Moment, Title
from service.web.published import PUBLISHED_LIMIT

REASON_LIMIT: Final = 500
NOTE_LIMIT: Final = 4_000
REVISION_LIMIT: Final = 2**31 - 1
PAGE_LIMIT: Final = 200
FEED_LIMIT: Final = 1_000
NUMBER: Final = r"^[0-9]{1,18}$"
TEXT: Final = r"^[^\u0000]*$"


class Strict(BaseModel):
    """A request in which an unknown field is a fault."""

    model_config = ConfigDict(extra="forbid")


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "must not contain the character U+0000")
    return text


def _article_url(url: str) -> str:
    try:
        return page_url(url)
    except ValueError as fault:
        raise PydanticCustomError("url", str(fault)) from None


def _decision_id(given: object) -> object:
    """Take a decision's id as the API writes it, or as the number it is."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 18:
        return int(given)
    given = _whole(given)
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 10**18:
        return given
    raise PydanticCustomError("decision", "must be a decision's id, as `decisions` shows it")


def _whole(given: object) -> object:
    """Take 5.0 as 5: JSON knows one kind of number, and some writers put the point."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


def _address(given: object) -> Address:
    """Wrap the address before anything else can see it; no fault shows it."""
    if not isinstance(given, str):
        raise PydanticCustomError("text", "must be text")
    try:
        return Address.parse(given)
    except AddressError:
        raise PydanticCustomError("email", "must be an email address such as name@example.org") from None


def _digits(given: object) -> object:
    """Take a whole number as a query writes it, in plain digits and nothing else."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 18:
        return int(given)
    raise PydanticCustomError("whole", "must be a whole number")


# The bound is part of the very check that it is text: without one, half surrogate pairs would pass.
Reason = Annotated[
    str,
    Field(strict=True, max_length=REASON_LIMIT, json_schema_extra={"pattern": TEXT}),
    AfterValidator(_no_nul),
]
Note = Annotated[
    str,
    Field(strict=True, max_length=NOTE_LIMIT, json_schema_extra={"pattern": TEXT}),
    AfterValidator(_no_nul),
]
DecisionId = Annotated[
    int,
    BeforeValidator(_decision_id),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": NUMBER},
                {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**18},
            ]
        }
    ),
]
ArticleUrl = Annotated[
    str,
    Field(strict=True, max_length=URL_LIMIT, json_schema_extra={"pattern": URL}),
    AfterValidator(_article_url),
]
GivenAddress = Annotated[
    Address,
    PlainValidator(_address),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": ADDRESS_LIMIT}),
]
Cursor = Annotated[int, BeforeValidator(_digits), WithJsonSchema({"type": "string", "pattern": NUMBER})]


class DecisionGiven(Strict):
    """A decision of the site about one of its comments."""

    action: Literal["approve", "reject", "spam", "hold"]
    reason: Reason | None = Field(None, description="Why; the callback and the decisions feed carry it.")
    note: Note | None = Field(
        None, description="For the moderators alone; it leaves with the comment when that is erased."
    )
    revision: Annotated[int, Field(strict=True, ge=1, le=REVISION_LIMIT), BeforeValidator(_whole)] | None = (
        Field(None, description="The revision that was seen; another one now is a conflict.")
    )
    replaces: DecisionId | None = Field(
        None, description="The decision that this one overrules; required once the comment is decided."
    )


class ReportGiven(Strict):
    """A reader's report of a comment."""

    reason: Reason | None = Field(None, description="Why, in the reader's words; contacts in it are masked.")
    by: Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_no_nul)] | None = (
        Field(
            None,
            description="Who reports, as the site knows them; kept as a digest alone. The same reader counts once.",
        )
    )


class UndoGiven(Strict):
    """An undo of the decision that stands; `decision` makes sure that it is the one that was meant."""

    decision: DecisionId | None = Field(
        None, description="The id of the decision to take back; the current one."
    )


class ArticleDescribed(Strict):
    """What a site says of an article; what is left out stays as it is, null takes it away."""

    url: ArticleUrl
    title: Title | None = None
    published_at: Moment = Field(None, description="When it appeared; a site may close comments by it.")
    private: StrictBool | None = Field(
        None, description="Whether comments that were imported under it are kept from readers."
    )


class ThreadMove(Strict):
    """Where a thread goes."""

    url: ArticleUrl = Field(description="The address under which it stands now.")
    to: ArticleUrl = Field(description="Its new address. Where that has comments, both threads become one.")
    redirect: StrictBool = Field(
        True,
        description="Whether the old address leads there from now on; else the next comment there begins a thread.",
    )


class PersonGiven(Strict):
    """Whose data is meant; the address is compared and forgotten."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)

    email: GivenAddress = Field(description="The address, as the person gives it.")


class PageQuery(Strict):
    """Which comments, and from where on."""

    status: Status | None = Field(None, description="Only comments of this status.")
    article: ArticleUrl | None = Field(
        None, description="Only comments under this article; compared normalised."
    )
    after: Cursor | None = Field(None, description="The `next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT), BeforeValidator(_digits)] = 50


class BatchQuery(BaseModel):
    """How a batch is to be scored; other parameters are ignored."""

    effort: Effort = Field(
        Effort.FULL,
        description="`fast`: scored by words and signals alone, for an archive. What is held, or near a limit of the "
        "site's policy, is scored again in full when there is time.",
    )


class FeedQuery(Strict):
    """From where on to read the decisions."""

    after: Cursor = Field(0, description="The `next` of the answer before; without it, from the beginning.")
    limit: Annotated[int, Field(ge=1, le=FEED_LIMIT), BeforeValidator(_digits)] = 100


class PublishedQuery(BaseModel):
    """Which article's comments; other parameters are ignored, for readers' browsers add some."""

    article_url: ArticleUrl
    after: Cursor = Field(0, description="The `next` of the answer before; without it, from the oldest.")
    limit: Annotated[int, Field(ge=1, le=PUBLISHED_LIMIT), BeforeValidator(_digits)] = PUBLISHED_LIMIT
