"""The OpenAPI 3.1 description, made from what the views declare and the very models that check the requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.usecases.submission import SubmissionGiven
from service.web.api import answers, webhooks
from service.web.api.operation import DECLARED, Answer, Operation
from service.web.problems import KINDS, MIMETYPE

REF: Final = "#/components/schemas/{model}"
JSON: Final = "application/json"
API_VERSION: Final = "1.0.0"  # of this contract; the product has its own
TAGS: Final = ("Submitting", "Comments", "Deciding", "Articles", "People", "Readers", "Watching")
PATH_PART: Final = re.compile(r"<\w+:(\w+)>")
PATH_NAMES: Final = {"comment_id": "id", "name": "site"}
"""What the parts of a path are called outside."""
ABOUT: Final = (
    "Self-hosted comment moderation. Post your readers' comments; each is scored, decided by your policy or by your "
    "moderators, and the decision comes back as a signed webhook or through the decisions feed.\n\n"
    "Authenticate with `Authorization: Bearer KEY`. Every error is `application/problem+json` (RFC 9457) with a stable "
    "`type`, and each validation error names its field. Fields that are not documented are refused. A reader's email "
    "address goes in, and never comes out, but for the sealed box that only your private key opens."
)
SECURITY: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "The site's key."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks 1.0, with `webhook-id` and `webhook-timestamp`.",
    },
}
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


def describe(app: Flask) -> dict[str, Any]:
    """Return the description of the API that this application serves."""
    found = [
        (PATH_PART.sub(lambda part: f"{{{PATH_NAMES[part[1]]}}}", rule.rule), method.lower(), declared)
        for rule in app.url_map.iter_rules()
        if (declared := DECLARED.get(app.view_functions[rule.endpoint]))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    paths: dict[str, dict[str, Any]] = {}
    for path, method, declared in sorted(found, key=lambda one: TAGS.index(one[2].tag)):
        paths.setdefault(path, {})[method] = _operation(path, declared)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Replydesk",
            "version": API_VERSION,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": tag} for tag in TAGS],
        "paths": paths,
        "webhooks": {event.example["type"]: _webhook(event) for event in webhooks.events()},
        "components": {
            "schemas": _schemas([declared for _, _, declared in found]),
            "securitySchemes": SECURITY,
        },
    }


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    given: set[type[BaseModel]] = {SubmissionGiven}
    made: set[type[BaseModel]] = {answers.Problem, *webhooks.SHAPES}
    for one in operations:
        if isinstance(one.body, type):
            given.add(one.body)
        made.update(shape for answer in one.answers.values() for shape in answer.shapes)
    taken, shown = _definitions(given, "validation"), _definitions(made, "serialization")
    _require_email(taken["AuthorGiven"])
    return dict(sorted((taken | shown).items()))


def _definitions(models: set[type[BaseModel]], mode: Any) -> dict[str, Any]:
    ordered = sorted(models, key=lambda model: model.__name__)
    definitions: dict[str, Any] = models_json_schema([(one, mode) for one in ordered], ref_template=REF)[1]
    return definitions["$defs"]  # type: ignore[no-any-return]  # as pydantic makes them


def _require_email(author: dict[str, Any]) -> None:
    """Describe the rule of nearly every site; the model itself cannot know whether its site switched it off."""
    email = author["properties"]["email"]
    author["required"] = [*author["required"], "email"]
    email |= next(choice for choice in email.pop("anyOf") if choice["type"] == "string")
    email.pop("default", None)


def _operation(path: str, one: Operation) -> dict[str, Any]:
    parts = [name.strip("{}") for name in path.split("/") if name.startswith("{")]
    made: dict[str, Any] = {
        "operationId": one.id,
        "summary": one.summary,
        "description": one.text,
        "tags": [one.tag],
        "security": [{one.access: []}] if one.access in SECURITY else [],
        "parameters": [
            *({"name": name, "required": True, **PARAMETERS[name]} for name in parts),
            *_query_parameters(one.query),
            *({"name": name, "required": False, **PARAMETERS[name]} for name in one.headers),
        ],
        "responses": {
            **{str(status): _answer(answer) for status, answer in one.answers.items()},
            **_problems(one.errors),
        },
    }
    if one.body is not None:
        body = {"schema": _ref(one.body)} if isinstance(one.body, type) else one.body
        made["requestBody"] = {"required": one.body_required, "content": {JSON: body}}
    return made


def _answer(answer: Answer) -> dict[str, Any]:
    made: dict[str, Any] = {"description": answer.meaning}
    choices = [_ref(shape) for shape in answer.shapes]
    if choices:
        made["content"] = {JSON: {"schema": choices[0] if len(choices) == 1 else {"anyOf": choices}}}
    elif answer.media:
        made["content"] = {answer.media: {"schema": {"type": "string"}}}
    if answer.headers:
        made["headers"] = {name: HEADERS[name] for name in answer.headers}
    return made


def _problems(names: Iterable[str]) -> dict[str, Any]:
    titles: dict[int, list[str]] = {}
    for name in names:
        titles.setdefault(KINDS[name].status, []).append(KINDS[name].title)
    return {
        str(status): {
            "description": "; or: ".join(dict.fromkeys(titles[status])),
            "content": {MIMETYPE: {"schema": _ref(answers.Problem)}},
            **({"headers": {name: HEADERS[name] for name in names}} if names else {}),
        }
        for status in sorted(titles)
        for names in [PROBLEM_HEADERS.get(status, ())]
    }


def _webhook(event: webhooks.Event) -> dict[str, Any]:
    content = {JSON: {"schema": _ref(event.shape), "example": event.example}}
    return {
        "post": {
            "summary": event.summary,
            "description": " ".join((event.shape.__doc__ or "").split()),
            "parameters": webhooks.PARAMETERS,
            "requestBody": {"required": True, "content": content},
            "responses": webhooks.RESPONSES,
        }
    }


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    whole = model.model_json_schema(ref_template=REF)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in whole.get("required", []),
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
