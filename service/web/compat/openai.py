"""OpenAI's moderation call: `/v1/moderations`, answered and refused as OpenAI's own clients read it."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from typing import Final

import structlog
from flask import Blueprint, Response

from service.compat.openai import Asked, BadInput, asked, result
from service.compat.service import text_submission
from service.domain.clean_text import is_blank
from service.domain.comment import BODY_LIMIT, Source, Submission
from service.domain.facts import Facts
from service.domain.site import Site
from service.domain.text import as_seen
from service.domain.verdict import Assessment
from service.web.api.gate import SINGLE_LIMIT, bearer_key, bounded_body, reply
from service.web.compat.gate import AWAY, NOT_STORED, NoKey, answer_errors, compat, moderation, site_of
from service.web.problems import Problem
from service.web.rates import charge

blueprint = Blueprint("openai", __name__)

EVERY_METHOD: Final = ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]
NOT_JUDGED: Final = "X-Replydesk-Not-Judged"
KEEP_SECONDS: Final = 1.0
"""So long a list of texts is put on the desk; a client waits for the whole of it."""

log = structlog.get_logger(__name__)


@blueprint.post("/v1/moderations", provide_automatic_options=False)
def moderations() -> Response:
    """Say of each input what it is, in OpenAI's categories; by the site's mode, also what its policy makes of it."""
    site = site_of(bearer_key())
    call = asked(_members(bounded_body(SINGLE_LIMIT)))
    charge(site, Source.COMPAT, len(call.texts))
    verbs = compat().verbs
    readings = [verbs.reading(site, text[:BODY_LIMIT]) for text in call.texts]
    assessed = verbs.score(readings, explain=site.options.compat_mode == "queue")
    results = [result(one, site.policy) for one in assessed]
    headers = {NOT_JUDGED: "image"} if call.has_pictures else {}
    if site.options.compat_mode != "score":
        for answered, text, reading, one in zip(results, call.texts, readings, assessed, strict=True):
            facts = Facts(body="", cut=len(text) > BODY_LIMIT)
            answered["moderation"] = moderation(verbs.verdict(site, reading, one, facts))
    if site.options.compat_mode == "queue" and (why := _keep(site, call, assessed)):
        headers[NOT_STORED] = why
    members = {"id": f"modr-{uuid.uuid4().hex}", "model": call.model, "results": results}
    return reply(members, headers=headers)


@blueprint.route("/v1/moderations", methods=EVERY_METHOD, provide_automatic_options=False)
def elsewhere() -> Response:
    """Say in OpenAI's form that the call is a POST."""
    return _error(405, "Not allowed to use this method on this endpoint. Use POST.", "invalid_request_error")


def _members(raw: bytes) -> object:
    """Read the body. Raises BadInput for what is no JSON in UTF-8."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise BadInput("The body cannot be read: it must be JSON in UTF-8.", None) from None


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
        if compat().verbs.try_submit_scored(site, _submission(site, text), one) is None:
            return AWAY
    return None


def _submission(site: Site, text: str) -> Submission:
    """Make a comment of a text that came without author or page, named by what it says."""
    return text_submission(
        site,
        text,
        signals={"cut": True} if len(text) > BODY_LIMIT else {},
        idempotency_key="openai:" + hashlib.sha256(as_seen(text).encode()).hexdigest(),
    )


# -- answers and errors ------------------------------------------------------------------------------------------------


def _error(
    status: int, message: str, kind: str, param: str | None = None, code: str | None = None
) -> Response:
    return reply({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)


def _bad_input(error: BadInput) -> Response:
    return _error(400, error.message, "invalid_request_error", error.param)


def _refused(problem: Problem) -> Response:
    """Say in OpenAI's form what any compatibility API may be refused for."""
    message, kind, code = problem.sentence, "invalid_request_error", None
    if isinstance(problem, NoKey):
        message = NO_KEY
    elif problem.kind.name == "unauthorized":
        message, code = "Incorrect API key provided.", "invalid_api_key"
    elif problem.kind.name == "too-many-requests":
        kind, code = "requests", "rate_limit_exceeded"
    elif problem.kind.status >= 500:
        kind = "server_error"
    status = 400 if problem.kind.name == "validation" else problem.kind.status
    response = _error(status, message, kind, code=code)
    response.headers.extend(problem.headers)
    return response


NO_KEY: Final = (
    "You didn't provide an API key. Provide it in an Authorization header: Authorization: Bearer KEY."
)
answer_errors(blueprint, _refused)
blueprint.register_error_handler(BadInput, _bad_input)
