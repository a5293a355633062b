"""Perspective's two requests, read as its servers read them: camelCase or snake_case, unknown fields ignored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from service.compat.perspective.attributes import JUDGED, LABEL_OF
from service.domain.faults import InvalidValue
from service.usecases.validation import Text, faults_of
from service.web.api import strict_json
from service.web.compat.google import GoogleError, bad_payload, own_error
from service.web.problems import Problem

TEXT_LIMIT: Final = 20_480
"""Bytes of UTF-8."""
LANGUAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,34}")
PROBABILITY: Final = "PROBABILITY"
SCORE_TYPES: Final = ("", "SCORE_TYPE_UNSPECIFIED", PROBABILITY)
TEXT_TYPES: Final = ("", "TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT")
BOTH_CONTEXTS: Final = (
    "Context can have either entries or article_and_parent_comment, but both fields were populated."
)


def _language(tag: str) -> str:
    if not LANGUAGE.fullmatch(tag):
        raise InvalidValue("language")
    return tag


def _present(value: object) -> object:
    """An empty message for null, which is an absent one."""
    return {} if value is None else value


class Message(BaseModel):
    """A protocol buffer as JSON has it: null is absent. It is never printed, for it holds a text."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: inner for name, inner in value.items() if inner is not None}

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return []


class TextEntry(Message):
    """A text and how it is written."""

    text: Text = ""
    type: Text = ""


class Context(Message):
    """What the text answers; it is not looked at."""

    entries: list[Any] = []
    article_and_parent_comment: dict[str, Any] = {}


class AttributeParameters(Message):
    """How one attribute is wanted: `score_threshold` is the least score that the caller wants to hear of."""

    score_type: Text = ""
    score_threshold: float | None = None


class Score(Message):
    """One score; zeros are left out in proto3."""

    value: float = 0.0
    type: Text = ""


class SpanScore(Message):
    """The score of a stretch of the text."""

    begin: int = Field(-1, ge=0, validate_default=True)
    end: int = Field(-1, ge=0, validate_default=True)
    score: Score = Score()


class AttributeScores(Message):
    """The scores that are suggested for one attribute."""

    summary_score: Score | None = None
    span_scores: list[SpanScore] = []


class Call(Message):
    """What both requests have in common."""

    comment: TextEntry = TextEntry()
    context: Context = Context()
    languages: list[Annotated[str, AfterValidator(_language)]] = Field([], max_length=20)
    client_token: str = Field("", max_length=4_096)
    session_id: Text = ""
    community_id: Text = ""

    @property
    def text(self) -> str:
        """The text that is meant."""
        return self.comment.text


class Analyze(Call):
    """A request for scores."""

    requested_attributes: dict[str, Annotated[AttributeParameters, BeforeValidator(_present)]] = {}
    span_annotations: bool = False
    do_not_store: bool = False


class Suggest(Call):
    """A suggestion of what the scores should be."""

    attribute_scores: dict[str, Annotated[AttributeScores, BeforeValidator(_present)]] = {}

    @property
    def scores(self) -> dict[str, float]:
        """The highest value that was given for each attribute."""
        return {
            name: max(one.value for one in _given(given)) for name, given in self.attribute_scores.items()
        }


C = TypeVar("C", bound=Call)


def analyze(raw: bytes) -> Analyze:
    """Read a request for scores. Raises GoogleError for every fault of Perspective's table."""
    call = _read(Analyze, raw)
    if not call.requested_attributes:
        raise own_error("Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES")
    _refuse_unknown(call.requested_attributes)
    for name, wanted in call.requested_attributes.items():
        _refuse_score_type(name, wanted.score_type)
    return call


def suggest(raw: bytes) -> Suggest:
    """Read a suggestion of scores. Raises GoogleError likewise."""
    call = _read(Suggest, raw)
    if not call.attribute_scores:
        raise own_error("Missing attribute_scores", "INVALID_REQUEST")
    _refuse_unknown(name for name in call.attribute_scores if name not in JUDGED)
    for name, given in call.attribute_scores.items():
        if not _given(given):
            raise own_error(f"Missing score of attribute {name}", "INVALID_REQUEST")
        if any(span.begin > span.end for span in given.span_scores):
            raise own_error(f"Span scores of attribute {name} need begin and end", "INVALID_REQUEST")
        for score in _given(given):
            _refuse_score_type(name, score.type)
            if not 0.0 <= score.value <= 1.0:
                raise own_error(f"Score of attribute {name} must be from 0 to 1", "INVALID_REQUEST")
    return call


def unknown_attribute(name: str) -> GoogleError:
    """Return the error about an attribute that is not answered here."""
    shown = name if len(name) <= 60 and name.isascii() and name.isprintable() else "(unreadable)"
    return own_error(f"Unknown requested attribute: {shown}", "INVALID_REQUEST")


def _read(model: type[C], raw: bytes) -> C:
    try:
        value, flawed = strict_json.read(raw)
    except Problem as problem:
        raise bad_payload("", problem.detail or "The body is not JSON.") from None
    if flawed:
        raise bad_payload("", "The body repeats a name, or has NaN or Infinity.")
    try:
        call = model.model_validate(value)
    except ValidationError as error:
        fault = faults_of(error)[0]
        raise bad_payload(fault.field, fault.message) from None
    if call.comment.type == "HTML":
        raise own_error("Currently, only 'PLAIN_TEXT' comments are supported", "INVALID_REQUEST")
    if call.comment.type not in TEXT_TYPES:
        raise own_error("Unknown text type", "INVALID_REQUEST")
    if not call.text.strip():
        raise own_error("Comment must be non-empty.", "COMMENT_EMPTY")
    if len(call.text.encode()) > TEXT_LIMIT:
        raise own_error("Comment text too long.", "COMMENT_TOO_LONG")
    if call.context.entries and call.context.article_and_parent_comment:
        raise own_error(BOTH_CONTEXTS, "INVALID_REQUEST")
    return call


def _given(scores: AttributeScores) -> list[Score]:
    summary = [scores.summary_score] if scores.summary_score else []
    return [*summary, *(span.score for span in scores.span_scores)]


def _refuse_unknown(names: Iterable[str]) -> None:
    for name in names:
        if name not in LABEL_OF:
            raise unknown_attribute(name)


def _refuse_score_type(name: str, score_type: str) -> None:
    if score_type not in SCORE_TYPES:
        shown = score_type if len(score_type) <= 40 and score_type.isascii() else "(unreadable)"
        raise own_error(
            f"Requested score type {shown} is not supported by attribute {name}", "INVALID_REQUEST"
        )
