"""OpenAI's moderation call: `/v1/moderations`, answered and refused as OpenAI's own clients read it."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import structlog
from flask import Blueprint, Response, request

from service.compat.openai import Asked, BadInput, asked, result
from service.domain.clean_text import is_blank
from service.domain.comment import BODY_LIMIT, Article, Source, Submission
from service.domain.policy import Facts
from service.domain.site import Site
from service.domain.verdict import Assessment
from service.scoring import Reading
from service.web.compat import refusing
from service.web.compat.gate import compat, raw_body, site_of
from service.web.compat.refusing import Kind, Refusal
from service.web.rates import charge

blueprint = Blueprint("openai", __name__)

EVERY_METHOD: Final = ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]
UNNAMED: Final = "(no name)"
NOT_STORED: Final = "X-Replydesk-Not-Stored"
NOT_JUDGED: Final = "X-Replydesk-Not-Judged"
KEEP_SECONDS: Final = 1.0
"""So long a list of texts is put on the desk; a client waits for the whole of it."""

log = structlog.get_logger(__name__)


@blueprint.post("/v1/moderations", provide_automatic_options=False)
def moderations() -> Response:
    """Say of each input what it is, in OpenAI's categories; by the site's mode, also what its policy makes of it."""
    site = site_of(_key())
    call = asked(_members(raw_body()))
    charge(site, Source.COMPAT, len(call.texts))
    verbs = compat().verbs
    readings = [verbs.reading(site, text[:BODY_LIMIT]) for text in call.texts]
    assessed = verbs.score(readings, explain=site.options.compat_mode == "queue")
    results = [result(one, site.policy) for one in assessed]
    headers = {NOT_JUDGED: "image"} if call.has_pictures else {}
    if site.options.compat_mode != "score":
        for answered, text, reading, one in zip(results, call.texts, readings, assessed, strict=True):
            answered["moderation"] = _moderation(site, text, reading, one)
    if site.options.compat_mode == "queue" and (why := _keep(site, call, assessed)):
        headers[NOT_STORED] = why
    members = {"id": f"modr-{uuid.uuid4().hex}", "model": call.model, "results": results}
    return _answer(members, headers=headers)


@blueprint.route("/v1/moderations", methods=EVERY_METHOD, provide_automatic_options=False)
def elsewhere() -> Response:
    """Say in OpenAI's form that the call is a POST."""
    return _error(405, "Not allowed to use this method on this endpoint. Use POST.", "invalid_request_error")


def _key() -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else None


def _members(raw: bytes) -> object:
    """Read the body. Raises BadInput for what is no JSON in UTF-8."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise BadInput("The body cannot be read: it must be JSON in UTF-8.", None) from None


def _moderation(site: Site, text: str, reading: Reading, assessed: Assessment) -> dict[str, object]:
    """Return what the site's policy makes of the text: a member that OpenAI does not have, and clients pass over."""
    verdict = compat().verbs.verdict(site, reading, assessed, Facts(body="", cut=len(text) > BODY_LIMIT))
    return {
        "action": str(verdict.action),
        "reasons": [{"code": one.code, "detail": one.detail, "label": one.label} for one in verdict.reasons],
        "policy": verdict.policy,
    }


def _keep(site: Site, call: Asked, assessed: list[Assessment]) -> str | None:
    """Store the texts, each once however often it comes; say why some are not there, None when all are.

    The answer goes out all the same.
    """
    ends_at, count = time.monotonic() + KEEP_SECONDS, len(call.texts)
    for place, (text, one) in enumerate(zip(call.texts, assessed, strict=True)):
        if is_blank(text):
            continue
        if time.monotonic() > ends_at:
            log.warning("compat.not_stored", error="TooLate")
            return f"{count - place} of {count}: there was no time for all"
        spans = tuple(span for span in one.spans if span.end <= BODY_LIMIT)
        try:
            compat().verbs.submit_scored(site, _submission(site, text), replace(one, spans=spans))
        except Exception as failure:  # noqa: BLE001  # whatever the store died of
            log.warning("compat.not_stored", error=type(failure).__name__)
            return "the store is away"
    return None


def _submission(site: Site, text: str) -> Submission:
    """Make a comment of a text that came without author or page, named by what it says."""
    return Submission(
        article=Article(site.url),
        author_name=UNNAMED,
        body=text[:BODY_LIMIT],
        source=Source.COMPAT,
        signals={"cut": True} if len(text) > BODY_LIMIT else {},
        idempotency_key="openai:" + hashlib.sha256(text.encode()).hexdigest(),
    )


# -- answers and errors ------------------------------------------------------------------------------------------------


def _answer(
    members: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return JSON; `x-request-id`, which clients show, is on every answer of this installation."""
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return Response(
        text,
        status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"} | dict(headers or {}),
    )


def _error(
    status: int, message: str, kind: str, param: str | None = None, code: str | None = None
) -> Response:
    return _answer({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)


def _bad_input(error: BadInput) -> Response:
    return _error(400, error.message, "invalid_request_error", error.param)


def _refused(refusal: Refusal) -> Response:
    """Say in OpenAI's form what any compatibility API may be refused for."""
    status, kind, code = SAID.get(refusal.kind, (400, "invalid_request_error", None))
    response = _error(status, MESSAGES.get(refusal.kind, refusal.detail), kind, code=code)
    response.headers.extend(refusal.headers)
    return response


SAID: Final[Mapping[Kind, tuple[int, str, str | None]]] = {
    "no_key": (401, "invalid_request_error", None),
    "bad_key": (401, "invalid_request_error", "invalid_api_key"),
    "too_large": (413, "invalid_request_error", None),
    "too_many": (429, "requests", "rate_limit_exceeded"),
    "no_route": (404, "invalid_request_error", None),
    "unavailable": (503, "server_error", None),
    "broken": (500, "server_error", None),
}
MESSAGES: Final[Mapping[Kind, str]] = {
    "no_key": "You didn't provide an API key. Provide it in an Authorization header: Authorization: Bearer KEY.",
    "bad_key": "Incorrect API key provided.",
}
refusing.register(blueprint, _refused)
blueprint.register_error_handler(BadInput, _bad_input)
