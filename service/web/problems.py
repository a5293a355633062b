"""Errors, said once for every entry point: RFC 9457 problem answers, stable types, no value of the input."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, request
from sqlalchemy import exc as sql
from werkzeug.exceptions import HTTPException

from service.domain.errors import Invalid, ReplydeskError
from service.domain.faults import Fault
from service.web.pages import error_page, is_person, message_page

MIMETYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 2
FAULT_LIMIT: Final = 50
WHOLE: Final = "(request)"  # the field of a fault that is in no field
API_PATHS: Final = ("/v1", "/healthz", "/readyz", "/metrics", "/openapi.json")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: the last part of its type URI, its status code, its title, and how to fix it."""

    name: str
    status: int
    title: str
    fix: str

    @property
    def type(self) -> str:
        """The stable type URI, as it is where we have a host to ourselves; a page for people is served there."""
        return f"/problems/{self.name}"


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "malformed",
            400,
            "The request cannot be read",
            "The body is not well-formed JSON in UTF-8, or a header is broken. Nothing was stored. "
            "Send one JSON document, without a byte order mark, NaN, or repeated names.",
        ),
        Kind(
            "unauthorized",
            401,
            "The key or the signature is missing or wrong",
            "Send `Authorization: Bearer KEY` with the site's key; an inbound call carries the three "
            "webhook headers, signed with the site's inbound secret within the last five minutes.",
        ),
        Kind("forbidden", 403, "This is not allowed", "Your key or role does not allow this."),
        Kind(
            "not-found",
            404,
            "Not found",
            "Check the address and the id. Another site's comments are never found with this site's key.",
        ),
        Kind(
            "gone",
            404,
            "The comment was withdrawn or erased",
            "It is gone for good; `current` shows its last state. Pages of comments and the decisions feed still "
            "list a withdrawn one.",
        ),
        Kind(
            "no-contact",
            404,
            "There is no sealed address for this comment",
            "The reader gave no address, or the site keeps none.",
        ),
        Kind(
            "method-not-allowed",
            405,
            "This address does not take that method",
            "The `Allow` header lists the methods it takes.",
        ),
        Kind(
            "conflict",
            409,
            "The comment is no longer as you saw it",
            "The answer shows its current state under `current`. Look at it and decide again: name the "
            "revision you saw, and name the decision you overrule in `replaces`.",
        ),
        Kind(
            "final",
            409,
            "The comment was withdrawn or erased",
            "That is final. Send a new comment under a new id.",
        ),
        Kind(
            "idempotency-mismatch",
            409,
            "This idempotency key was used with other content",
            "A key names one submission for 7 days, and a line of an import for good. Send a new key for a new "
            "submission.",
        ),
        Kind("too-large", 413, "The body is too large", "A single comment may have 256 KiB, a batch 16 MiB."),
        Kind("uri-too-long", 414, "The address is too long", "Send long values in the body."),
        Kind(
            "unsupported-media-type",
            415,
            "The body has the wrong content type",
            "Send `Content-Type: application/json`, not compressed.",
        ),
        Kind(
            "validation",
            422,
            "Validation failed",
            "Each entry of `errors` names a field and says how to fix it. Nothing of this submission was stored.",
        ),
        Kind("too-many-requests", 429, "Too many requests", "Wait as long as `Retry-After` says."),
        Kind(
            "internal",
            500,
            "Internal error",
            "It was logged with the request id of the `X-Request-Id` header. Sending the same request "
            "again, with the same id or idempotency key, is safe.",
        ),
        Kind(
            "unavailable",
            503,
            "The service cannot answer right now",
            "Nothing was accepted. Send the same request again after `Retry-After` seconds.",
        ),
    )
}
BY_STATUS: Final = {
    kind.status: kind
    for kind in KINDS.values()
    if kind.name not in ("gone", "no-contact", "final", "idempotency-mismatch")
}


class Problem(Exception):
    """A refusal on its way to the edge; `extra` holds further members of the answer."""

    def __init__(
        self,
        name: str,
        detail: str | None = None,
        *,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(name)
        self.kind = KINDS[name]
        self.detail = detail
        self.faults = list(faults)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    @property
    def sentence(self) -> str:
        """What is wrong, in a sentence that quotes nothing of the request."""
        named = "; ".join(f"{fault.field}: {fault.message}" for fault in self.faults[:5])
        return named or self.detail or f"{self.kind.title}."

    def members(self) -> dict[str, object]:
        """Return the members of the problem object."""
        members: dict[str, object] = {
            "type": f"{request.script_root}{self.kind.type}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail or self.kind.fix,
        }
        if self.faults:
            members["errors"] = [
                {"field": fault.field or WHOLE, "message": fault.message, "code": fault.code}
                for fault in self.faults[:FAULT_LIMIT]
            ]
        return members | self.extra


def problem_of(error: Exception) -> Problem:
    """Translate whatever was raised; what nobody foresaw is logged by its place alone."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ReplydeskError) and error.code != "internal":
        return from_error(error)
    if isinstance(error, HTTPException):
        return _from_http(error)
    if isinstance(error, (sql.OperationalError, sql.InterfaceError, sql.TimeoutError)):
        # busy or away: nothing was committed, so the caller may send the same again
        log.warning("store.unavailable", error=type(error).__name__)
        return unavailable("The store cannot answer right now; nothing was accepted.")
    # where it broke, never what was said: a message may quote a comment or an address
    log.error("request.broke", error=type(error).__name__, where=where(error))
    return Problem("internal")


def from_error(error: ReplydeskError, current: Mapping[str, object] | None = None) -> Problem:
    """Translate an error of the domain by its code; `current` is the state that a conflict shows."""
    if isinstance(error, Invalid):
        return Problem(error.code, faults=error.faults)
    if error.code == "unavailable":
        log.warning("request.unavailable", error=type(error).__name__)
        return unavailable(error.detail)
    return Problem(error.code, error.detail, extra={"current": current} if current else None)


def answer(problem: Problem) -> Response:
    """Return the problem as a response: JSON for programs, a plain page for a browser outside the API."""
    if wants_page() and is_person():
        response = error_page(problem.kind.status)
    elif wants_page():
        sentence = (problem.detail or problem.kind.fix).replace("`", "")
        response = message_page(problem.kind.status, problem.kind.title, sentence)
    else:
        text = json.dumps(problem.members(), ensure_ascii=False, separators=(",", ":"))
        response = Response(text, problem.kind.status, content_type=MIMETYPE)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.update(problem.headers)
    return response


def wants_page() -> bool:
    """Whether a person's browser asks, outside the API."""
    if request.path.startswith(API_PATHS):
        return False
    return "text/html" in request.headers.get("Accept", "")


def register(app: Flask) -> None:
    """Let every error of the application end in a problem answer."""
    app.after_request(_without_host)
    app.register_error_handler(
        HTTPException, lambda error: error if _is_redirect(error) else _answered(error)
    )
    app.register_error_handler(Exception, _answered)


def _answered(error: Exception) -> Response:
    return answer(problem_of(error))


def _is_redirect(error: HTTPException) -> bool:
    return error.code is not None and error.code < 400


def _from_http(error: HTTPException) -> Problem:
    status = error.code or 500
    kind = BY_STATUS.get(status) or BY_STATUS[400 if status < 500 else 500]
    # Of werkzeug's own headers only these say something; its descriptions may quote the request.
    kept = {
        name: value
        for name, value in error.get_headers()
        if name in ("Allow", "Retry-After", "WWW-Authenticate")
    }
    return Problem(kind.name, headers=kept)


def _without_host(response: Response) -> Response:
    """Lead a redirect of the router to its path alone: host and scheme are known to the reader, and not to us."""
    if response.status_code == 308:
        to = urlsplit(response.headers.get("Location", ""))
        path = "/" + to.path.lstrip("/")  # never another host
        response.headers["Location"] = f"{path}?{to.query}" if to.query else path
    return response


def unavailable(detail: str) -> Problem:
    """Return the problem that asks the caller to come again."""
    return Problem("unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})


def where(error: BaseException) -> list[str]:
    """Return the places an error passed, innermost last, without its message and without locals."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
