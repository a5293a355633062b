"""Accept comments: one, a batch, or a signed inbound call; what is answered as accepted is committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from flask import Blueprint, Response, request

from service import usecases
from service.domain import errors
from service.domain.comment import Placed, Source, Submission
from service.domain.effort import FAST_WANTED
from service.domain.errors import Fault, Invalid, ReplydeskError
from service.domain.site import Site
from service.domain.status import FINAL
from service.domain.verdict import Decision, Effort
from service.usecases import submission
from service.usecases.inbound_mapping import mapped
from service.web import access, rates
from service.web.api import shown, strict_json
from service.web.api.gate import (
    BATCH_LIMIT,
    SINGLE_LIMIT,
    authenticate,
    json_body,
    named_site,
    receipt_path,
    unauthorized,
)
from service.web.api.models import BatchQuery
from service.web.api.refusing import refused
from service.web.api.replies import query, reply
from service.web.api.waiting import seconds_preferred, wait_for_verdict
from service.web.problems import Problem
from service.web.reach import Api, api
from service.webhooks import signing

BATCH_ITEMS: Final = 1_000
BATCH_METHODS: Final = "POST, OPTIONS"
KEY_LIMIT: Final = 255
KEY_HEADER: Final = "Idempotency-Key"

blueprint = Blueprint("submitting", __name__, url_prefix="/v1")


@blueprint.post("/comments")
def post_comment() -> Response:
    """Accept one comment."""
    began = time.perf_counter()
    site = authenticate()
    rates.charge(site, Source.API)
    key = idempotency_key()
    return _one(site, json_body(SINGLE_LIMIT), Source.API, key, began)


@blueprint.post("/sites/<slug:name>/inbound")
def post_inbound(name: str) -> Response:
    """Accept one comment signed by Standard Webhooks; its `webhook-id` is the idempotency key."""
    began = time.perf_counter()
    site = named_site(name)
    raw = json_body(SINGLE_LIMIT)
    if site.options.inbound_map and signing.SIGNATURE not in request.headers:
        key = _keyed_id(site)
    else:
        key = _signed_id(site, raw)
    rates.charge(site, Source.INBOUND)  # after the signature: nobody else may use up the site's rate
    return _one(site, raw, Source.INBOUND, key, began)


@blueprint.post("/comments/batch", provide_automatic_options=False)
def post_batch() -> Response:
    """Accept up to 1,000 comments; each is answered by itself, in order."""
    began = time.perf_counter()
    site = authenticate()
    rates.charge(site, Source.BATCH, 0)  # before the body is read, which may take long
    key = idempotency_key()
    signals = FAST_WANTED if query(BatchQuery).effort is Effort.FAST else {}
    value, flawed = strict_json.read(json_body(BATCH_LIMIT))
    if not isinstance(value, list):
        raise Problem("validation", faults=[Fault("", "must be an array of submissions", "array")])
    if len(value) > BATCH_ITEMS:
        raise Problem(
            "validation", faults=[Fault("", f"must have at most {BATCH_ITEMS:,} submissions", "too_long")]
        )
    rates.charge(site, Source.BATCH, len(value))
    read = [_readable(site, item, n, key, flawed, signals) for n, item in enumerate(value)]
    answers = _answers(site, read, Source.BATCH, began)
    waiting = _unpublished(answers)
    return reply({"results": [_item(site, answer, waiting) for answer in answers]})


@blueprint.route(
    "/comments/batch", methods=["OPTIONS", "PUT", "PATCH", "TRACE"], provide_automatic_options=False
)
def other_batch_methods() -> Response:
    """Say which method the batch takes: the address also reads as that of a comment, whose methods are others."""
    if request.method == "OPTIONS":
        return Response(headers={"Allow": BATCH_METHODS})
    raise Problem("method-not-allowed", headers={"Allow": BATCH_METHODS})


def idempotency_key() -> str | None:
    """Return the caller's idempotency key, or raise "validation" for one that is empty, too long or not printable."""
    key = request.headers.get(KEY_HEADER)
    if key is None or (1 <= len(key) <= KEY_LIMIT and all("!" <= character <= "~" for character in key)):
        return key
    fault = Fault(KEY_HEADER, f"must be 1 to {KEY_LIMIT} visible ASCII characters without spaces", "pattern")
    raise Problem("validation", faults=[fault])


def _keyed_id(site: Site) -> str | None:
    """Let a site's own system, which signs in no way that we know, show the site's key; return its idempotency key."""
    if authenticate().id != site.id:
        raise unauthorized("The key is not this site's.")
    return idempotency_key()


def _signed_id(site: Site, raw: bytes) -> str:
    here = api()
    secrets = [
        here.context.keyring.decrypt(site.name, "inbound", secret).decode() for secret in site.inbound_secrets
    ]
    try:
        return signing.verify(secrets, dict(request.headers), raw, int(here.context.deps.clock().timestamp()))
    except signing.SignatureError:
        raise unauthorized(
            "The webhook signature does not fit this body, this site and this moment."
        ) from None


def _one(site: Site, raw: bytes, source: Source, key: str | None, began: float) -> Response:
    value, flawed = strict_json.read(raw)
    read = _reading(lambda: _submission(site, value, source, key, flawed))
    (answer,) = _answers(site, [read], source, began)
    if isinstance(answer, ReplydeskError):
        raise refused(answer)
    return _accepted(api(), site, answer)


def _readable(
    site: Site, value: object, number: int, key: str | None, flawed: bool, signals: Mapping[str, object]
) -> Submission | ReplydeskError:
    """Read one item of a batch; the batch's idempotency key and its place make the item's own."""
    own_key = None if key is None else f"{key}#{number}"
    return _reading(lambda: _submission(site, value, Source.BATCH, own_key, flawed, signals))


def _reading(read: Callable[[], Submission]) -> Submission | ReplydeskError:
    try:
        return read()
    except Invalid as refused:
        return refused


def _submission(
    site: Site,
    value: object,
    source: Source,
    key: str | None,
    flawed: bool,
    signals: Mapping[str, object] | None = None,
) -> Submission:
    if flawed and (faults := strict_json.faults_in(value)):
        raise Invalid(faults)
    if source is Source.INBOUND and site.options.inbound_map:
        value = mapped(value, site.options.inbound_map)
    given = submission.check(value)
    return submission.to_submission(
        given, source, email_required=site.email_required, idempotency_key=key, signals=signals
    )


def _answers(
    site: Site, read: Sequence[Submission | ReplydeskError], source: Source, began: float
) -> list[Placed | ReplydeskError]:
    """Submit what could be read, in one transaction, and put the answers back in the order of the questions."""
    here = api()
    good = [one for one in read if isinstance(one, Submission)]
    placed = iter(usecases.submit(here.context.deps, here.context.sanitizer, site, good) if good else ())
    answers = [_still_there(next(placed)) if isinstance(one, Submission) else one for one in read]
    here.meters.arrivals.came(
        source, "refused", len(read) - len(good)
    )  # the others are counted as they are stored
    note_stored(here, source, answers, began)
    return answers


def note_stored(here: Api, source: Source, answers: Sequence[Placed | ReplydeskError], began: float) -> None:
    """Take note of how long the commit took, and let the request's line name the rows."""
    here.meters.arrivals.took(source, time.perf_counter() - began)
    access.stored(answer.comment.pk for answer in answers if isinstance(answer, Placed))


def _still_there(answer: Placed | ReplydeskError) -> Placed | ReplydeskError:
    """A replay of what the site withdrew is refused like new text for it: asking for the comment finds nothing."""
    if isinstance(answer, Placed) and answer.comment.status in FINAL:
        return errors.Final(f"The comment is {answer.comment.status}, and that is final.")
    return answer


def _accepted(here: Api, site: Site, placed: Placed) -> Response:
    """Answer a submission that is stored: at once, or with its verdict where the caller prefers to wait."""
    seconds = seconds_preferred()
    replay = placed.outcome == "replay"
    headers = {"Idempotent-Replay": "true"} if replay else {}
    decided = wait_for_verdict(here, placed.comment, seconds) if seconds else None
    if decided is not None:
        with here.context.deps.store.read() as tx:
            view = shown.one_view(tx, decided[0], receipt_path(site, decided[0].id))
        return reply(view, 200, {**headers, "Preference-Applied": "wait"})
    return reply(_short(site, placed), 200 if replay else 202, headers)


def _short(site: Site, placed: Placed) -> dict[str, object]:
    comment = placed.comment
    receipt = receipt_path(site, comment.id)
    if comment.decision_id is None:
        return shown.accepted_view(comment, receipt)
    with api().context.deps.store.read() as tx:
        return shown.accepted_view(comment, receipt, shown.current_decision(tx, comment))


def _unpublished(answers: Sequence[Placed | ReplydeskError]) -> Mapping[int, Decision]:
    """Ask once for a whole batch which decisions must not show yet; new comments have none."""
    if not any(isinstance(answer, Placed) and answer.comment.decision_id for answer in answers):
        return {}
    deps = api().context.deps
    with deps.store.read() as tx:
        return shown.waiting_to_leave(tx, deps)


def _item(site: Site, answer: Placed | ReplydeskError, waiting: Mapping[int, Decision]) -> dict[str, object]:
    if isinstance(answer, ReplydeskError):
        problem = refused(answer)
        return {"code": problem.kind.status, "problem": problem.members()}
    replay = answer.outcome == "replay"
    comment = answer.comment
    decision = waiting.get(comment.decision_id or 0)
    view = shown.accepted_view(comment, receipt_path(site, comment.id), decision)
    return {"code": 200 if replay else 202, "replay": replay, **view}
