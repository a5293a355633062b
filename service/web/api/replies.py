"""How answers are written and small requests read: compact JSON out, strict models in, faults without values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from flask import Response, request
from pydantic import BaseModel, ValidationError

from service.domain.errors import Fault
from service.web.api import strict_json
from service.web.problems import Problem, safe_name

M = TypeVar("M", bound=BaseModel)

SAID: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("missing", "is required"),
    "extra_forbidden": ("unknown", "is not known here; leave it out"),
    "model_type": ("object", "must be an object"),
    "string_type": ("text", "must be text, given once"),
    "string_unicode": ("unicode", "must not contain half a surrogate pair"),
    "string_too_long": ("too_long", "must be at most {max_length} characters"),
    "string_too_short": ("too_short", "must be at least {min_length} characters"),
    "string_pattern_mismatch": ("pattern", "is not of the form that the documentation shows"),
    "bool_type": ("truth", "must be true or false"),
    "literal_error": ("choice", "must be one of {expected}"),
    "enum": ("choice", "must be one of {expected}"),
    "int_type": ("whole", "must be a whole number"),
    "int_parsing": ("whole", "must be a whole number"),
    "int_parsing_size": ("whole", "must be a smaller whole number"),
    "int_from_float": ("whole", "must be a whole number"),
    "greater_than_equal": ("too_small", "must be at least {ge}"),
    "less_than_equal": ("too_large", "must be at most {le}"),
}
OWN_KINDS: Final = frozenset({"nul", "url", "decision", "whole", "text", "email", "datetime"})


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `value` as JSON; no cache keeps it unless `headers` say so."""
    response = Response(written(value), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    if headers:
        response.headers.update(headers)
    return response


def written(value: object) -> bytes:
    """Return `value` as compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def checked(model: type[M], value: Any) -> M:
    """Return `value` as the model, or raise the problem "validation" with every fault."""
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        faults = [
            _fault(detail["type"], detail["loc"], detail) for detail in wrong.errors(include_input=False)
        ]
        raise Problem("validation", faults=faults) from None


def body(model: type[M], raw: bytes) -> M:
    """Return a JSON body as the model, or raise the problem "validation" with every fault."""
    value, flawed = strict_json.read(raw)
    if flawed and (faults := strict_json.faults_in(value)):
        raise Problem("validation", faults=faults)
    return checked(model, value)


def _fault(kind: str, place: tuple[int | str, ...], detail: Mapping[str, Any]) -> Fault:
    code, sentence = SAID.get(kind, ("invalid", "is not valid"))
    if kind in OWN_KINDS:
        code, sentence = kind, detail["msg"]
    name = ".".join(safe_name(step) for step in place)
    return Fault(name, sentence.format_map(detail.get("ctx", {})), code)


def query(model: type[M]) -> M:
    """Return the query of the request as the model; a parameter given twice is a fault, as is an unknown one."""
    given: dict[str, object] = {}
    for name, values in request.args.lists():
        given[name] = values[0] if len(values) == 1 else values
    return checked(model, given)
