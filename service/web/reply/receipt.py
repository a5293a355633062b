"""The receipt: a signed address that shows a commenter, without an account, what became of the comment."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service import usecases
from service.domain.clean_text import cleaned, is_blank
from service.domain.comment import Comment
from service.domain.decisions import public_state, put_back
from service.domain.desk_records import Appeal
from service.domain.errors import NotFound, ReplydeskError
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Decision
from service.privacy.masking import mask
from service.privacy.signatures import read_receipt
from service.storage import Tx
from service.web.pages import message_page
from service.web.reach import context
from service.web.reply import blueprint
from service.web.reply.words import StatusMessage, status_message
from service.web.security import is_same_origin, keep_private
from service.web.speech import gettext

APPEAL_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Appealed:
    """An appeal as its writer sees it; `answer` None while it waits."""

    text: str
    answer: str | None
    upheld: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the page shows: never an address."""

    token: str
    site: Site
    comment: Comment
    message: StatusMessage
    appeal: Appealed | None = None
    may_appeal: bool = False


@blueprint.get("/r/<token>")
def receipt(token: str) -> ResponseReturnValue:
    """Show how the comment stands."""
    return private_page("reply/receipt.html", receipt=receipt_of(token))


@blueprint.get("/r/<token>/state")
def state(token: str) -> ResponseReturnValue:
    """Hand a script on the page the part that changed, or 204 while `seen` still holds."""
    found = receipt_of(token)
    if request.args.get("seen") == found.message.state:
        return keep_private(Response(status=204))
    return private_page("reply/_state.html", receipt=found)


@blueprint.errorhandler(NotFound)
def no_receipt(_: NotFound) -> Response:
    """Answer that there is no such receipt."""
    said = gettext("The address may have been cut short on its way.")
    return keep_private(message_page(404, gettext("There is no such receipt"), said))


def private_page(template: str, status: int = 200, **values: object) -> Response:
    """Render a page that is meant for one person."""
    return keep_private(make_response(render_template(template, **values), status))


def receipt_of(token: str) -> Receipt:
    """Return the receipt that the token stands for; NotFound when it is not one of ours or the comment is gone."""
    here = context()
    site_name, comment_id = read_receipt(here.keyring, token) or ("", "")
    with here.deps.store.read() as tx:
        site = tx.sites.get(site_name)
        comment = tx.comments.get(site.id, comment_id) if site else None
        if site is None or comment is None:
            raise NotFound
        status, decision = published_state(tx, comment)
        own = site.options.undo_seconds
        seconds = here.settings.undo_seconds if own is None else own
        answered_by = here.deps.clock() - timedelta(seconds=seconds)
        ground = put_back(decision, tx.decisions.of_comment(comment.pk)) if decision else None
        made = _appealed(tx.appeals.of_comment(comment.pk), decision, answered_by)
    refused = status in (Status.REJECTED, Status.SPAM) and decision is not None
    return Receipt(
        token, site, comment, status_message(comment, status, ground, site), made, refused and made is None
    )


def _appealed(appeals: Sequence[Appeal], decision: Decision | None, answered_by: datetime) -> Appealed | None:
    """Return the appeal about what is known outside.

    A reversal that is not published is no answer yet, nor is one that upholds until its undo time is over.
    """
    for one in reversed(appeals):
        if decision is None or decision.id not in (one.decision_id, one.reversed_by):
            continue
        upheld_for_good = one.answered_at is not None and one.answered_at <= answered_by
        is_out = one.reversed_by == decision.id or (one.reversed_by is None and upheld_for_good)
        return Appealed(one.text, one.answer if is_out else None, one.reversed_by is None)
    return None


@blueprint.post("/r/<token>/appeal")
def post_appeal(token: str) -> ResponseReturnValue:
    """Take the commenter's appeal, once for each decision, and lead back to the receipt."""
    found = receipt_of(token)
    if not is_same_origin(request):
        said = gettext("Open your receipt and write there.")
        return keep_private(message_page(403, gettext("Nothing was sent"), said))
    text = cleaned(request.form.get("text", "").replace("\0", "").strip())
    if is_blank(text) or len(text) > APPEAL_LIMIT:
        said = gettext(
            "Write between 1 and %(limit)d characters; yours has %(count)d.",
            limit=APPEAL_LIMIT,
            count=len(text),
        )
        return keep_private(message_page(400, gettext("Nothing was sent"), said))
    masked = mask(text, region=found.site.region).text
    # sent twice, or decided anew meanwhile: the receipt says how things stand
    with suppress(ReplydeskError):
        usecases.appeal(context().deps, found.site, found.comment.id, masked)
    return keep_private(Response(status=303, headers={"Location": url_for("reply.receipt", token=token)}))


def published_state(tx: Tx, comment: Comment) -> tuple[Status, Decision | None]:
    """Return the state that is published: while a decision waits out its undo time, the one before it."""
    current_decision = tx.decisions.current(comment)
    known = public_state(comment, current_decision)
    if current_decision is None or known.decision_id == current_decision.id:
        return known.status, current_decision
    return known.status, tx.decisions.get(known.decision_id) if known.decision_id else None
