"""Answers as Google's APIs give them: JSON in UTF-8, and errors with code, status, message and details."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from flask import Response

from service.web.compat.gate import NoKey
from service.web.problems import Problem

CONTENT_TYPE: Final = "application/json; charset=UTF-8"
OWN_ERROR: Final = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
SERVICE: Final = "commentanalyzer.googleapis.com"

HTTP: Final[Mapping[str, int]] = {
    "INVALID_ARGUMENT": 400,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}


class GoogleError(Exception):
    """A refusal in Google's form: an RPC status, a message that quotes no text, and details."""

    def __init__(self, status: str, message: str, *details: Mapping[str, object]) -> None:
        super().__init__(status)
        self.status, self.message, self.details = status, message, details


def own_error(message: str, error_type: str, **more: object) -> GoogleError:
    """Return an error of the comment analyser itself; callers read its `errorType`."""
    return GoogleError("INVALID_ARGUMENT", message, {"@type": OWN_ERROR, "errorType": error_type} | more)


def bad_payload(field: str, what: str) -> GoogleError:
    """Return the error of a body that is no JSON, or whose `field` has the wrong type."""
    description = f"Invalid value at '{field}': {what}" if field else what
    return GoogleError(
        "INVALID_ARGUMENT",
        f"Invalid JSON payload received. {description}",
        {"@type": BAD_REQUEST, "fieldViolations": [{"field": field, "description": description}]},
    )


def answer(members: Mapping[str, object], status: int = 200) -> Response:
    """Return a JSON answer."""
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def refused(error: GoogleError) -> Response:
    """Return the error as an answer."""
    code = HTTP[error.status]
    body: dict[str, object] = {"code": code, "message": error.message, "status": error.status}
    if error.details:
        body["details"] = list(error.details)
    return answer({"error": body}, code)


def refuse(problem: Problem) -> Response:
    """Say in Google's form what any compatibility API may be refused for."""
    response = refused(_error_of(problem))
    response.headers.extend(problem.headers)
    return response


def _error_of(problem: Problem) -> GoogleError:
    if isinstance(problem, NoKey):
        return GoogleError("PERMISSION_DENIED", UNREGISTERED)
    match problem.kind.name:
        case "malformed":
            return bad_payload("", problem.sentence)
        case "unauthorized":
            return GoogleError("INVALID_ARGUMENT", INVALID_KEY, _info("API_KEY_INVALID"))
        case "too-many-requests":
            return GoogleError(
                "RESOURCE_EXHAUSTED",
                "Quota exceeded for quota metric 'Requests'.",
                _info("RATE_LIMIT_EXCEEDED"),
            )
    return GoogleError(STATUS_OF.get(problem.kind.status, "INVALID_ARGUMENT"), problem.sentence)


def _info(reason: str) -> dict[str, object]:
    return {
        "@type": ERROR_INFO,
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": SERVICE},
    }


UNREGISTERED: Final = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)
INVALID_KEY: Final = "API key not valid. Please pass a valid API key."
STATUS_OF: Final[Mapping[int, str]] = {
    404: "NOT_FOUND",
    405: "NOT_FOUND",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
