"""A site decides about its own comments, takes a decision back, passes reports on, reads all decisions in order."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from flask import Response
from pydantic import AfterValidator, BeforeValidator, Field

from service import usecases
from service.domain.decisions import is_unpublished
from service.domain.events import decision_view, public_view
from service.domain.site import Site
from service.domain.verdict import Action, Who
from service.privacy.masking import mask
from service.usecases.validation import no_nul
from service.web.api import answers, blueprint, shown
from service.web.api.answers import Accepted, Comment, Decision, Number, PublicComment, Shape
from service.web.api.comments import found
from service.web.api.fields import (
    REVISION_LIMIT,
    Cursor,
    DecisionId,
    Note,
    Reason,
    Strict,
    digits,
    whole_number,
)
from service.web.api.gate import receipt_path, reply
from service.web.api.operation import Answer, operation
from service.web.reach import api

REPORTER: Final = "reporter"


class DecisionGiven(Strict):
    """A decision of the site about one of its comments."""

    action: Literal["approve", "reject", "spam", "hold"]
    reason: Reason | None = Field(None, description="Why; the callback and the decisions feed carry it.")
    note: Note | None = Field(
        None, description="For the moderators alone; it leaves with the comment when that is erased."
    )
    revision: (
        Annotated[int, Field(strict=True, ge=1, le=REVISION_LIMIT), BeforeValidator(whole_number)] | None
    ) = Field(None, description="The revision that was seen; another one now is a conflict.")
    replaces: DecisionId | None = Field(
        None, description="The decision that this one overrules; required once the comment is decided."
    )


class UndoGiven(Strict):
    """An undo of the decision that stands; `decision` makes sure that it is the one that was meant."""

    decision: DecisionId | None = Field(
        None, description="The id of the decision to take back; the current one."
    )


class ReportGiven(Strict):
    """A reader's report of a comment."""

    reason: Reason | None = Field(None, description="Why, in the reader's words; contacts in it are masked.")
    by: Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(no_nul)] | None = (
        Field(
            None,
            description="Who reports, as the site knows them; kept as a digest alone. The same reader counts once.",
        )
    )


class FeedQuery(Strict):
    """From where on to read the decisions."""

    after: Cursor = Field(0, description="The `next` of the answer before; without it, from the beginning.")
    limit: Annotated[int, Field(ge=1, le=1_000), BeforeValidator(digits)] = 100


class Reported(Accepted):
    """A comment that a reader reported; `new` is false when the same reader had reported it before."""

    new: bool


class Decided(Comment):
    """The comment after the decision; `made` names the decision that was made."""

    made: Number


class FeedDecision(Decision):
    """A decision with its comment."""

    comment: PublicComment


class Feed(Shape):
    """Decisions in order; ask again with `next` as `after`, at once while `more` is true."""

    decisions: list[FeedDecision]
    next: Number
    more: bool


@blueprint.post("/v1/comments/<id:comment_id>/decision")
@operation(
    "Deciding",
    {200: Answer("The comment as it is now.", (Decided,))},
    "not-found",
    "conflict",
    "final",
    body=DecisionGiven,
)
def decide(site: Site, given: DecisionGiven, comment_id: str) -> Response:
    """Decide about a comment.

    Takes effect at once. A stale `revision`, or a current decision that `replaces` does not name, is a conflict that
    shows the current state.
    """
    judgement = usecases.Judgement(
        action=Action(given.action),
        who_kind=Who.SITE,
        who=f"site {site.name}",
        revision=given.revision,
        replaces=given.replaces,
        reason=_masked(site, given.reason),
        note=_masked(site, given.note),
    )
    decision = usecases.review(api().context.deps, site, comment_id, judgement)
    return _now(site, comment_id, {"made": str(decision.id)})


@blueprint.post("/v1/comments/<id:comment_id>/undo")
@operation(
    "Deciding",
    {200: Answer("The comment as it is now.", (answers.Comment,))},
    "not-found",
    "conflict",
    "final",
    body=UndoGiven,
    body_required=False,
)
def undo(site: Site, given: UndoGiven, comment_id: str) -> Response:
    """Take a decision back.

    The comment goes back to where it was; an automatic decision goes back to the queue. A `comment.restored` callback
    follows.
    """
    deps = api().context.deps
    with deps.store.read() as tx:
        comment = found(tx, site, comment_id)
        current = tx.decisions.current(comment)
    if current is not None and is_unpublished(current):
        raise shown.being_decided(comment, current, deps.clock())
    # name the decision that was seen: one made in between must not be taken back unseen
    meant = given.decision if given.decision is not None else current.id if current else None
    usecases.undo(deps, site, comment_id, Who.SITE, f"site {site.name}", meant)
    return _now(site, comment_id, {})


@blueprint.post("/v1/comments/<id:comment_id>/reports")
@operation(
    "Deciding",
    {
        200: Answer("The same reader had reported it before.", (Reported,)),
        201: Answer("Reported.", (Reported,)),
    },
    "not-found",
    "final",
    body=ReportGiven,
)
def report_comment(site: Site, given: ReportGiven, comment_id: str) -> Response:
    """Report a comment.

    Passes a reader's report on: the comment comes before a moderator, whatever its state; nothing else changes. The
    same reader (`by`) counts once, and without `by` the same `reason` does.
    """
    here = api().context
    named = f"by {given.by}" if given.by is not None else f"for {given.reason or ''}"
    by = here.keyring.sign(REPORTER, f"{site.name} {named}".encode()).hex()
    comment, is_new = usecases.report(here.deps, site, comment_id, by, _masked(site, given.reason))
    with here.deps.store.read() as tx:
        current = tx.decisions.current(comment)
    view = shown.accepted_view(comment, receipt_path(site, comment_id), current)
    return reply({**view, "new": is_new}, 201 if is_new else 200)


@blueprint.get("/v1/decisions")
@operation("Deciding", {200: Answer("The decisions after the cursor.", (Feed,))}, query=FeedQuery)
def list_decisions(site: Site, asked: FeedQuery) -> Response:
    """Read every decision in order.

    Every decision that took effect, in the order of `sequence`, none skipped: a site can reconcile without webhooks.
    """
    with api().context.deps.store.read() as tx:
        rows = tx.decisions.feed(site.id, asked.after, asked.limit)
    last = rows[-1][0].seq if rows else asked.after
    views = [{**decision_view(decision), "comment": public_view(comment)} for decision, comment in rows]
    return reply({"decisions": views, "next": str(last), "more": len(rows) == asked.limit})


def _masked(site: Site, said: str | None) -> str | None:
    """Mask the contacts in what a person says of a comment: it often quotes the comment's writer."""
    return mask(said, region=site.region).text if said else said


def _now(site: Site, comment_id: str, extra: dict[str, object]) -> Response:
    with api().context.deps.store.read() as tx:
        return reply(
            {**shown.one_view(tx, found(tx, site, comment_id), receipt_path(site, comment_id)), **extra}
        )
