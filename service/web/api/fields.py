"""Types of fields that requests share, and submissions as they are described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    WithJsonSchema,
)

from service.domain.faults import InvalidValue
from service.privacy.sealing import ADDRESS_LIMIT, Address
from service.usecases.submission import NO_NUL, text_field
from service.usecases.validation import no_nul, read_address

REVISION_LIMIT: Final = 2**31 - 1
NUMBER: Final = r"^[0-9]{1,18}$"
BATCH_ITEMS: Final = 1_000
EXAMPLE: Final[Mapping[str, object]] = {
    "id": "wp-4711",
    "article": {"url": "https://news.example/2026/the-bridge", "title": "The bridge opens"},
    "author": {"name": "Ada", "email": "ada@example.org"},
    "body": "At last! I have waited for this bridge since I was at school.",
    "submitted_at": "2026-11-22T19:00:00Z",
}
SUBMISSION_BODY: Final = {"schema": {"$ref": "#/components/schemas/SubmissionGiven"}, "example": EXAMPLE}
BATCH_BODY: Final = {
    "schema": {
        "type": "array",
        "maxItems": BATCH_ITEMS,
        # each item is judged by itself, so the description of the whole must let a faulty one pass
        "items": {
            "description": "A submission, as `SubmissionGiven` has it; a faulty one is answered in its place."
        },
    },
    "example": [EXAMPLE],
}


class Strict(BaseModel):
    """A request in which an unknown field is a fault."""

    model_config = ConfigDict(extra="forbid")


def _decision_id(given: object) -> object:
    """Take a decision's id as the API writes it, or as the number it is."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 18:
        return int(given)
    given = whole_number(given)
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 10**18:
        return given
    raise InvalidValue("decision")


def whole_number(given: object) -> object:
    """Take 5.0 as 5: JSON knows one kind of number, and some writers put the point."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


def digits(given: object) -> object:
    """Take a whole number as a query writes it, in plain digits and nothing else."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 18:
        return int(given)
    raise InvalidValue("whole")


Reason = Annotated[str, text_field(500, NO_NUL), AfterValidator(no_nul)]
Note = Annotated[str, text_field(4_000, NO_NUL), AfterValidator(no_nul)]
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
GivenAddress = Annotated[
    Address,
    PlainValidator(read_address),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": ADDRESS_LIMIT}),
]
Cursor = Annotated[int, BeforeValidator(digits), WithJsonSchema({"type": "string", "pattern": NUMBER})]
