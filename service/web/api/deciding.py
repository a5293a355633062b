"""A site decides about its own comments, and takes a decision back."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from service import usecases
from service.domain.decisions import is_unpublished
from service.domain.errors import ReplydeskError
from service.domain.site import Site
from service.domain.verdict import Action, Who
from service.privacy.masking import mask
from service.web.api import shown
from service.web.api.gate import SINGLE_LIMIT, authenticate, bounded_body, json_body, receipt_path
from service.web.api.models import DecisionGiven, ReportGiven, UndoGiven
from service.web.api.reading import found
from service.web.api.refusing import being_decided, refused
from service.web.api.replies import body, reply
from service.web.problems import Problem
from service.web.reach import api

REPORTER: Final = "reporter"

blueprint = Blueprint("deciding", __name__, url_prefix="/v1")


@blueprint.post("/comments/<id:comment_id>/decision")
def post_decision(comment_id: str) -> Response:
    """Decide; it takes effect at once."""
    site = authenticate()
    given = body(DecisionGiven, json_body(SINGLE_LIMIT))
    judgement = usecases.Judgement(
        action=Action(given.action),
        who_kind=Who.SITE,
        who=f"site {site.name}",
        revision=given.revision,
        replaces=given.replaces,
        reason=_masked(site, given.reason),
        note=_masked(site, given.note),
    )
    try:
        decision = usecases.review(api().context.deps, site, comment_id, judgement)
    except ReplydeskError as error:
        raise refused(error) from None
    return _now(site, comment_id, {"made": str(decision.id)})


@blueprint.post("/comments/<id:comment_id>/undo")
def post_undo(comment_id: str) -> Response:
    """Take the current decision back; a compensating callback follows."""
    site = authenticate()
    raw = json_body(SINGLE_LIMIT) if request.mimetype else bounded_body(SINGLE_LIMIT)
    if raw and not request.mimetype:
        raise Problem("unsupported-media-type")
    given = body(UndoGiven, raw) if raw else UndoGiven(decision=None)
    deps = api().context.deps
    with deps.store.read() as tx:
        comment = found(tx, site, comment_id)
        current_decision = shown.current_decision(tx, comment)
    if current_decision is not None and is_unpublished(current_decision):
        raise being_decided(comment, current_decision, deps.clock())
    # name the decision that was seen: one made in between must not be taken back unseen
    meant = (
        given.decision if given.decision is not None else current_decision.id if current_decision else None
    )
    try:
        usecases.undo(deps, site, comment_id, Who.SITE, f"site {site.name}", meant)
    except ReplydeskError as error:
        raise refused(error) from None
    return _now(site, comment_id, {})


@blueprint.post("/comments/<id:comment_id>/reports")
def post_report(comment_id: str) -> Response:
    """Take a reader's report of a comment."""
    site = authenticate()
    given = body(ReportGiven, json_body(SINGLE_LIMIT))
    here = api().context
    named = f"by {given.by}" if given.by is not None else f"for {given.reason or ''}"
    by = here.keyring.sign(REPORTER, f"{site.name} {named}".encode()).hex()
    try:
        comment, is_new = usecases.report(here.deps, site, comment_id, by, _masked(site, given.reason))
    except ReplydeskError as error:
        raise refused(error) from None
    with here.deps.store.read() as tx:
        view = shown.accepted_view(
            comment, receipt_path(site, comment_id), shown.current_decision(tx, comment)
        )
    return reply({**view, "new": is_new}, 201 if is_new else 200)


def _masked(site: Site, said: str | None) -> str | None:
    """Mask the contacts in what a person says of a comment: it often quotes the comment's writer."""
    return mask(said, region=site.region).text if said else said


def _now(site: Site, comment_id: str, extra: dict[str, object]) -> Response:
    with api().context.deps.store.read() as tx:
        return reply(
            {**shown.one_view(tx, found(tx, site, comment_id), receipt_path(site, comment_id)), **extra}
        )
