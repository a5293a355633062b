"""Accept comments: one, a batch, or a signed inbound call; what is answered as accepted is committed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from flask import Response, g, request
from pydantic import BaseModel, Field

from service import usecases
from service.domain import errors
from service.domain.comment import Placed, Source, Submission
from service.domain.effort import FAST_WANTED
from service.domain.errors import Invalid, ReplydeskError
from service.domain.faults import Fault
from service.domain.site import Site
from service.domain.status import FINAL
from service.domain.verdict import Decision, Effort
from service.usecases.inbound_mapping import mapped
from service.usecases.submission import read_submission
from service.web import access, rates
from service.web.api import answers, blueprint, shown, strict_json
from service.web.api.fields import BATCH_BODY, BATCH_ITEMS, SUBMISSION_BODY
from service.web.api.gate import (
    BATCH_LIMIT,
    SINGLE_LIMIT,
    authenticate,
    json_body,
    receipt_path,
    reply,
    unauthorized,
)
from service.web.api.operation import Answer, operation
from service.web.api.waiting import seconds_preferred, wait_for_verdict
from service.web.problems import Problem
from service.web.reach import Api, api
from service.webhooks import signing

BATCH_METHODS: Final = "POST, OPTIONS"
KEY_LIMIT: Final = 255
KEY_HEADER: Final = "Idempotency-Key"
STORED: Final = {
    200: Answer(
        "A replay, or the comment with its verdict.",
        (answers.Accepted, answers.Comment),
        ("Idempotent-Replay", "Preference-Applied"),
    ),
    202: Answer("Stored, and pending.", (answers.Accepted,)),
}
REFUSED: Final = ("conflict", "final", "idempotency-mismatch", "too-many-requests")


class BatchQuery(BaseModel):
    """How a batch is to be scored; other parameters are ignored."""

    effort: Effort = Field(
        Effort.FULL,
        description="`fast`: scored by words and signals alone, for an archive. What is held, or near a limit of the "
        "site's policy, is scored again in full when there is time.",
    )


@blueprint.post("/v1/comments")
@operation("Submitting", STORED, *REFUSED, body=SUBMISSION_BODY, headers=(KEY_HEADER, "Prefer"))
def submit_comment(site: Site) -> Response:
    """Submit a comment.

    Stores the comment and answers before it is scored. The same `id` (or `Idempotency-Key`) with the same content is a
    replay; the same `id` with new text is the next revision. A comment is its id and its text (name, website, body), in
    which white space and what nobody sees make no difference:
    the same id and text is a replay, too, where another parent is named, which changes nothing, or another article,
    under which it stands from now on, with its answers. What is said last of an article counts, its title and its date.
    With `Prefer: wait=N` (at most 10 seconds) the answer is the comment with its verdict where there is one in time.
    """
    rates.charge(site, Source.API)
    key = idempotency_key()
    return _one(site, json_body(SINGLE_LIMIT), Source.API, key)


@blueprint.post("/v1/sites/<slug:name>/inbound")
@operation(
    "Submitting",
    STORED,
    "not-found",
    *REFUSED,
    access="signature",
    body=SUBMISSION_BODY,
    headers=("Prefer",),
)
def submit_signed(site: Site) -> Response:
    """Submit a comment as a signed webhook.

    The same submission, signed by Standard Webhooks with the site's inbound secret over the raw body. `webhook-id` is
    the idempotency key.
    """
    raw = json_body(SINGLE_LIMIT)
    if site.options.inbound_map and signing.SIGNATURE not in request.headers:
        key = _keyed_id(site)
    else:
        key = _signed_id(site, raw)
    rates.charge(site, Source.INBOUND)  # after the signature: nobody else may use up the site's rate
    return _one(site, raw, Source.INBOUND, key)


@blueprint.post("/v1/comments/batch", provide_automatic_options=False)
@operation(
    "Submitting",
    {200: Answer("One result for each item, in order.", (answers.Batch,))},
    "too-many-requests",
    body=BATCH_BODY,
    query=BatchQuery,
    headers=(KEY_HEADER,),
)
def submit_batch(site: Site, asked: BatchQuery) -> Response:
    """Submit up to 1,000 comments.

    Each item is a submission and is judged by itself: a bad one spoils no other. With an `Idempotency-Key` the key and
    its place are each item's own key, so that the whole batch can be sent again.
    """
    rates.charge(site, Source.BATCH, 0)  # before the body is read, which may take long
    key = idempotency_key()
    signals = FAST_WANTED if asked.effort is Effort.FAST else {}
    value, flawed = strict_json.read(json_body(BATCH_LIMIT))
    if not isinstance(value, list):
        raise Invalid([Fault("", "array")])
    if len(value) > BATCH_ITEMS:
        raise Invalid([Fault("", "too_long.batch", count=f"{BATCH_ITEMS:,}")])
    rates.charge(site, Source.BATCH, len(value))
    # the batch's idempotency key and an item's place make the item's own
    keys = [None if key is None else f"{key}#{place}" for place in range(len(value))]
    read = [
        _read(site, item, Source.BATCH, own_key, flawed, signals)
        for item, own_key in zip(value, keys, strict=True)
    ]
    answered = _answers(site, read, Source.BATCH)
    waiting = _unpublished(answered)
    return reply({"results": [_item(site, answer, waiting) for answer in answered]})


@blueprint.route(
    "/v1/comments/batch", methods=["OPTIONS", "PUT", "PATCH", "TRACE"], provide_automatic_options=False
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
    raise Invalid([Fault(KEY_HEADER, "pattern.header", count=KEY_LIMIT)])


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


def _one(site: Site, raw: bytes, source: Source, key: str | None) -> Response:
    value, flawed = strict_json.read(raw)
    (answer,) = _answers(site, [_read(site, value, source, key, flawed)], source)
    if isinstance(answer, ReplydeskError):
        raise answer
    return _accepted(api(), site, answer)


def _read(
    site: Site,
    value: object,
    source: Source,
    key: str | None,
    flawed: bool,
    signals: Mapping[str, object] | None = None,
) -> Submission | Invalid:
    """Return the submission, or what is wrong with it."""
    try:
        if flawed and (faults := strict_json.faults_in(value)):
            raise Invalid(faults)
        if source is Source.INBOUND and site.options.inbound_map:
            value = mapped(value, site.options.inbound_map)
        return read_submission(
            value, source, email_required=site.email_required, idempotency_key=key, signals=signals
        )
    except Invalid as wrong:
        return wrong


def _answers(
    site: Site, read: Sequence[Submission | Invalid], source: Source
) -> list[Placed | ReplydeskError]:
    """Submit what could be read, in one transaction, and put the answers back in the order of the questions."""
    here = api()
    good = [one for one in read if isinstance(one, Submission)]
    placed = iter(usecases.submit(here.context.deps, here.context.sanitizer, site, good) if good else ())
    answered = [_still_there(next(placed)) if isinstance(one, Submission) else one for one in read]
    here.meters.arrivals.came(
        source, "refused", len(read) - len(good)
    )  # the others are counted as they are stored
    note_stored(here, source, answered, g.began)
    return answered


def note_stored(here: Api, source: Source, answered: Sequence[Placed | ReplydeskError], began: float) -> None:
    """Note how long the request took until the commit, and let its log line name the rows."""
    here.meters.arrivals.took(source, time.perf_counter() - began)
    access.stored(answer.comment.pk for answer in answered if isinstance(answer, Placed))


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
        return shown.accepted_view(comment, receipt, tx.decisions.current(comment))


def _unpublished(answered: Sequence[Placed | ReplydeskError]) -> Mapping[int, Decision]:
    """Ask once for a whole batch which decisions must not show yet; new comments have none."""
    if not any(isinstance(answer, Placed) and answer.comment.decision_id for answer in answered):
        return {}
    deps = api().context.deps
    with deps.store.read() as tx:
        return shown.unpublished_decisions(tx, deps)


def _item(site: Site, answer: Placed | ReplydeskError, waiting: Mapping[int, Decision]) -> dict[str, object]:
    if isinstance(answer, ReplydeskError):
        problem = shown.refused(answer)
        return {"code": problem.kind.status, "problem": problem.members()}
    replay = answer.outcome == "replay"
    comment = answer.comment
    decision = waiting.get(comment.decision_id or 0)
    view = shown.accepted_view(comment, receipt_path(site, comment.id), decision)
    return {"code": 200 if replay else 202, "replay": replay, **view}
