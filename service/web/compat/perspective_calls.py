"""Perspective's two requests, read as its servers read them: camelCase or snake_case, unknown fields ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from service.compat.perspective.attributes import JUDGED, LABEL_OF
from service.web.api import strict_json
from service.web.compat.google import GoogleError, bad_payload, own_error
from service.web.problems import Problem

TEXT_LIMIT: Final = 20_480
"""Bytes of UTF-8."""
TOKEN_LIMIT: Final = 4_096
LANGUAGES_LIMIT: Final = 20
LANGUAGE_LIMIT: Final = 35
PROBABILITY: Final = "PROBABILITY"
UNSPECIFIED: Final = ("", "SCORE_TYPE_UNSPECIFIED")
TEXT_TYPES: Final = ("", "TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT")
BOTH_CONTEXTS: Final = (
    "Context can have either entries or article_and_parent_comment, but both fields were populated."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One requested attribute and the least score that the caller wants to hear of."""

    name: str
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What both requests have in common; `text` is never printed."""

    text: str = field(repr=False)
    languages: tuple[str, ...] = ()
    client_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Analyze(Call):
    """A request for scores."""

    wanted: tuple[Wanted, ...] = ()
    spans: bool = False
    do_not_store: bool = False


@dataclass(frozen=True, slots=True)
class Suggest(Call):
    """A suggestion of what the scores should be: the highest value that was given for each attribute."""

    scores: Mapping[str, float] = field(default_factory=dict)


def analyze(raw: bytes) -> Analyze:
    """Read a request for scores. Raises GoogleError for every fault of Perspective's table."""
    body = _object(raw)
    text, languages, token = _common(body)
    wanted = _given(body, "requestedAttributes")
    names = _map(wanted, "requested_attributes")
    if not names:
        raise own_error("Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES")
    _refuse_unknown(names)
    return Analyze(
        text=text,
        languages=languages,
        client_token=token,
        wanted=tuple(_wanted(name, given) for name, given in names.items()),
        spans=_flag(body, "spanAnnotations"),
        do_not_store=_flag(body, "doNotStore"),
    )


def suggest(raw: bytes) -> Suggest:
    """Read a suggestion of scores. Raises GoogleError likewise."""
    body = _object(raw)
    text, languages, token = _common(body)
    given = _map(_given(body, "attributeScores"), "attribute_scores")
    if not given:
        raise own_error("Missing attribute_scores", "INVALID_REQUEST")
    _refuse_unknown({name: one for name, one in given.items() if name not in JUDGED})
    scores = {name: _suggested(name, one) for name, one in given.items()}
    return Suggest(text=text, languages=languages, client_token=token, scores=scores)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value, flawed = strict_json.read(raw)
    except Problem as problem:
        raise bad_payload("", problem.detail or "The body is not JSON.") from None
    if flawed:
        raise bad_payload("", "The body repeats a name, or has NaN or Infinity.")
    if not isinstance(value, dict):
        raise bad_payload("", "The body must be a JSON object.")
    return value


def _common(body: Mapping[str, Any]) -> tuple[str, tuple[str, ...], str | None]:
    comment = _map(_given(body, "comment"), "comment")
    text = _text(comment, "text", "comment.text")
    _refuse_type(_text(comment, "type", "comment.type"))
    if not text.strip():
        raise own_error("Comment must be non-empty.", "COMMENT_EMPTY")
    if len(text.encode()) > TEXT_LIMIT:
        raise own_error("Comment text too long.", "COMMENT_TOO_LONG")
    _refuse_context(_map(_given(body, "context"), "context"))
    for name in ("sessionId", "communityId"):
        _text(body, name, name)
    token = _text(body, "clientToken", "client_token")
    if len(token) > TOKEN_LIMIT:
        raise bad_payload("client_token", f"longer than {TOKEN_LIMIT} characters")
    return text, _languages(body), token or None


def _refuse_type(text_type: str) -> None:
    if text_type == "HTML":
        raise own_error("Currently, only 'PLAIN_TEXT' comments are supported", "INVALID_REQUEST")
    if text_type not in TEXT_TYPES:
        raise own_error("Unknown text type", "INVALID_REQUEST")


def _refuse_context(context: Mapping[str, Any]) -> None:
    entries = _given(context, "entries")
    pair = _given(context, "articleAndParentComment")
    if entries is not None and not isinstance(entries, list):
        raise bad_payload("context.entries", "must be a list")
    _map(pair, "context.article_and_parent_comment")
    if entries and pair:
        raise own_error(BOTH_CONTEXTS, "INVALID_REQUEST")


def _languages(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the languages asked for; an empty list asks for none, as its absence does."""
    given = _given(body, "languages")
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > LANGUAGES_LIMIT:
        raise bad_payload("languages", f"must be a list of at most {LANGUAGES_LIMIT} languages")
    for one in given:
        if not isinstance(one, str) or not _is_tag(one):
            raise bad_payload("languages", "must be BCP 47 languages such as en or pt-BR")
    return tuple(given)


def _is_tag(value: str) -> bool:
    letters = value.replace("-", "").replace("_", "")
    return (
        2 <= len(value) <= LANGUAGE_LIMIT and letters.isascii() and letters.isalnum() and value[0].isalpha()
    )


def _refuse_unknown(names: Mapping[str, Any]) -> None:
    for name in names:
        if name not in LABEL_OF:
            raise unknown_attribute(name)


def unknown_attribute(name: str) -> GoogleError:
    """Return the error about an attribute that is not answered here."""
    shown = name if len(name) <= 60 and name.isascii() and name.isprintable() else "(unreadable)"
    return own_error(f"Unknown requested attribute: {shown}", "INVALID_REQUEST")


def _wanted(name: str, given: object) -> Wanted:
    options = _map(given, f"requested_attributes[{name}]")
    _refuse_score_type(name, _text(options, "scoreType", f"requested_attributes[{name}].score_type"))
    threshold = _given(options, "scoreThreshold")
    if threshold is None:
        return Wanted(name)
    return Wanted(name, _number(threshold, f"requested_attributes[{name}].score_threshold"))


def _suggested(name: str, given: object) -> float:
    where = f"attribute_scores[{name}]"
    scores = _map(given, where)
    values = []
    summary = _given(scores, "summaryScore")
    if summary is not None:
        values.append(_score(name, _map(summary, f"{where}.summary_score"), where))
    spans = _given(scores, "spanScores")
    if spans is not None:
        values += _span_values(name, spans, where)
    if not values:
        raise own_error(f"Missing score of attribute {name}", "INVALID_REQUEST")
    return max(values)


def _span_values(name: str, spans: object, where: str) -> list[float]:
    if not isinstance(spans, list):
        raise bad_payload(f"{where}.span_scores", "must be a list")
    values = []
    for one in spans:
        span = _map(one, f"{where}.span_scores")
        begin, end = _given(span, "begin"), _given(span, "end")
        if not _is_place(begin) or not _is_place(end) or begin > end:
            raise own_error(f"Span scores of attribute {name} need begin and end", "INVALID_REQUEST")
        values.append(_score(name, _map(_given(span, "score"), f"{where}.span_scores.score"), where))
    return values


def _score(name: str, score: Mapping[str, Any], where: str) -> float:
    _refuse_score_type(name, _text(score, "type", f"{where}.type"))
    given = _given(score, "value")
    value = _number(0.0 if given is None else given, f"{where}.value")  # proto3 leaves zeros out
    if not 0.0 <= value <= 1.0:
        raise own_error(f"Score of attribute {name} must be from 0 to 1", "INVALID_REQUEST")
    return value


def _refuse_score_type(name: str, score_type: str) -> None:
    if score_type not in UNSPECIFIED and score_type != PROBABILITY:
        shown = score_type if len(score_type) <= 40 and score_type.isascii() else "(unreadable)"
        raise own_error(
            f"Requested score type {shown} is not supported by attribute {name}", "INVALID_REQUEST"
        )


# -- JSON as protocol buffers read it ----------------------------------------------------------------------------------


def _given(members: Mapping[str, Any], name: str) -> Any:
    """Return a member by its lowerCamelCase name or its snake_case one; null is absent."""
    value = members.get(name)
    return members.get(_snake(name)) if value is None else value


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _map(value: object, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_payload(where, "must be an object")
    return value


def _text(members: Mapping[str, Any], name: str, where: str) -> str:
    value = _given(members, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad_payload(where, "must be text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise bad_payload(where, "holds half a surrogate pair") from None
    return value


def _flag(members: Mapping[str, Any], name: str) -> bool:
    value = _given(members, name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise bad_payload(_snake(name), "must be true or false")
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise bad_payload(where, "must be a number")
    return float(value)


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


__all__ = ["Analyze", "Call", "GoogleError", "Suggest", "Wanted", "analyze", "suggest", "unknown_attribute"]
