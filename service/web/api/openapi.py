"""The OpenAPI 3.1 description, made from the table of operations and the very models that check the requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.web.api import answers
from service.web.api.operations import EXAMPLE, OPERATIONS, Operation
from service.web.problems import KINDS, MIMETYPE

REF: Final = "#/components/schemas/{model}"
JSON: Final = "application/json"
API_VERSION: Final = "1.0.0"  # of this contract; the product has its own
ABOUT: Final = (
    "Self-hosted comment moderation. Post your readers' comments; each is scored, decided by your policy or by your "
    "moderators, and the decision comes back as a signed webhook or through the decisions feed.\n\n"
    "Authenticate with `Authorization: Bearer KEY`. Every error is `application/problem+json` (RFC 9457) with a stable "
    "`type`, and each validation error names its field. Fields that are not documented are refused. A reader's email "
    "address goes in, and never comes out, but for the sealed box that only your private key opens."
)
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "id": {"in": "path", "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"}},
    "site": {"in": "path", "schema": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"}},
    "Idempotency-Key": {
        "in": "header",
        "description": "Names this submission for 7 days: sent again under it, the same one is a replay and another is "
        "refused. The lines of `replydesk import` are known for good.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "Prefer": {
        "in": "header",
        "description": "`wait=N` asks to wait up to N seconds (10 at most) for the verdict; anything else is ignored.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {"in": "header", "schema": {"type": "string"}},
}
HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Idempotent-Replay": {
        "description": "`true` on a replay.",
        "schema": {"type": "string", "const": "true"},
    },
    "Preference-Applied": {"description": "`wait` when the answer waited.", "schema": {"type": "string"}},
    "ETag": {"schema": {"type": "string"}, "required": True},
    "Cache-Control": {"schema": {"type": "string"}, "required": True},
    "WWW-Authenticate": {"schema": {"type": "string"}, "required": True},
    "Retry-After": {
        "description": "Seconds.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "required": True,
    },
}
PROBLEM_HEADERS: Final = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def fill(spec: dict[str, Any] | str) -> dict[str, Any]:
    """Return APIFlask's empty description with the whole API in it."""
    if isinstance(spec, str):
        raise TypeError("the description is made as JSON")
    schemas = _schemas()
    spec["info"] = {
        "title": "Replydesk",
        "version": API_VERSION,
        "description": ABOUT,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    spec["servers"] = [{"url": "/"}]
    spec["tags"] = [{"name": tag} for tag in dict.fromkeys(one.tag for one in OPERATIONS)]
    spec["components"] = {
        "schemas": schemas,
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "The site's key."},
            "signature": {
                "type": "apiKey",
                "in": "header",
                "name": "webhook-signature",
                "description": "Standard Webhooks 1.0, with `webhook-id` and `webhook-timestamp`.",
            },
        },
    }
    spec["paths"] = {}
    for operation in OPERATIONS:
        spec["paths"].setdefault(operation.path, {})[operation.method] = _operation(operation)
    return spec


def _schemas() -> dict[str, Any]:
    given = {one.body for one in OPERATIONS if isinstance(one.body, type)}
    shown = {shape for one in OPERATIONS for shape, _ in one.answers.values() if shape} | {answers.Problem}
    inputs = sorted(given, key=lambda model: model.__name__)
    outputs = sorted(shown, key=lambda model: model.__name__)
    _, taken = models_json_schema([(model, "validation") for model in inputs], ref_template=REF)
    _require_email(taken["$defs"]["AuthorGiven"])
    _, made = models_json_schema([(model, "serialization") for model in outputs], ref_template=REF)
    return dict(sorted((taken["$defs"] | made["$defs"]).items()))


def _require_email(author: dict[str, Any]) -> None:
    """Describe the rule of nearly every site; the model itself cannot know whether its site switched it off."""
    email = author["properties"]["email"]
    author["required"] = [*author["required"], "email"]
    email |= next(choice for choice in email.pop("anyOf") if choice["type"] == "string")
    email.pop("default", None)


def _operation(one: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": one.id,
        "summary": one.summary,
        "description": one.text,
        "tags": [one.tag],
        "security": [{one.security: []}] if one.security else [],
        "responses": {**_answers(one), **_problems(one.problems)},
    }
    if parameters := [*_path_parameters(one.path), *_query_parameters(one.query), *_headers(one.headers)]:
        made["parameters"] = parameters
    if one.body is not None:
        made["requestBody"] = {"required": one.body_required, "content": {JSON: _body(one.body)}}
    return made


def _body(body: type[BaseModel] | str) -> dict[str, Any]:
    if isinstance(body, str):
        # each item is judged by itself, so the description of the whole must let a faulty one pass
        item = {
            "description": "A submission, as `SubmissionGiven` has it; a faulty one is answered in its place."
        }
        return {"schema": {"type": "array", "maxItems": 1000, "items": item}, "example": [EXAMPLE]}
    example = {"example": EXAMPLE} if body.__name__ == "SubmissionGiven" else {}
    return {"schema": _ref(body), **example}


def _answers(one: Operation) -> dict[str, Any]:
    return {str(status): _answer(one, status) for status in one.answers}


def _answer(one: Operation, status: int) -> dict[str, Any]:
    shape, meaning = one.answers[status]
    made: dict[str, Any] = {"description": meaning}
    if one.id == "metrics":
        made["content"] = {"text/plain": {"schema": {"type": "string"}}}
    elif shape is not None:
        made["content"] = {JSON: {"schema": _ref(shape)}}
    elif status == 200:
        made["content"] = {JSON: {"schema": {"anyOf": [_ref(answers.Accepted), _ref(answers.Comment)]}}}
    if names := one.answer_headers.get(status):
        made["headers"] = {name: HEADERS[name] for name in names}
    return made


def _problems(names: Iterable[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for name in names:
        by_status.setdefault(KINDS[name].status, []).append(KINDS[name].title)
    return {str(status): _problem(status, titles) for status, titles in sorted(by_status.items())}


def _problem(status: int, titles: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": "; or: ".join(titles),
        "content": {MIMETYPE: {"schema": _ref(answers.Problem)}},
    }
    if names := PROBLEM_HEADERS.get(status):
        made["headers"] = {name: HEADERS[name] for name in names}
    return made


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "required": True, **PARAMETERS[name]} for name in names]


def _headers(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"name": name, "required": False, **PARAMETERS[name]} for name in names]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    whole = model.model_json_schema(ref_template=REF)
    required = whole.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            **_described(_without_null(schema, whole.get("$defs", {}))),
        }
        for name, schema in whole["properties"].items()
    ]


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    text = schema.pop("description", None)
    return {"schema": schema, **({"description": text} if text else {})}


def _without_null(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: keep the other choice, inlined; titles say nothing new."""
    kept = {key: value for key, value in schema.items() if key not in ("anyOf", "default", "title", "$ref")}
    choices = [choice for choice in schema.get("anyOf", [schema]) if choice.get("type") != "null"]
    for choice in choices:
        named = defs[choice["$ref"].rpartition("/")[2]] if "$ref" in choice else choice
        kept |= {key: value for key, value in named.items() if key not in ("title", "default", "description")}
    if schema.get("default") is not None:
        kept["default"] = str(schema["default"]) if kept.get("type") == "string" else schema["default"]
    return {**kept, **({"description": schema["description"]} if "description" in schema else {})}


def _ref(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": REF.format(model=model.__name__)}
