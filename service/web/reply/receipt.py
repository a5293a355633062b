"""The receipt: a signed address that shows a commenter, without an account, what became of the comment."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from service.moderation.comment import Comment, Status
from service.moderation.outside import outside
from service.moderation.verdict import Decision
from service.ports import Site, Tx
from service.privacy.receipts import read_receipt
from service.web.pages import message_page
from service.web.reach import parts
from service.web.reply import blueprint
from service.web.reply.words import Told, told
from service.web.security import keep_private


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the page shows: never an address."""

    token: str
    site: Site
    comment: Comment
    told: Told


@blueprint.get("/r/<token>")
def receipt(token: str) -> ResponseReturnValue:
    """Show how the comment stands."""
    found = find_receipt(token)
    if found is None:
        return keep_private(
            message_page(404, "There is no such receipt", "The address may have been cut short on its way.")
        )
    return keep_private(make_response(render_template("reply/receipt.html", receipt=found)))


@blueprint.get("/r/<token>/state")
def state(token: str) -> ResponseReturnValue:
    """Hand a script on the page the part that changed, or 204 while `seen` still holds."""
    found = find_receipt(token)
    if found is None:
        return keep_private(Response(status=404))
    if request.args.get("seen") == found.told.state:
        return keep_private(Response(status=204))
    return keep_private(make_response(render_template("reply/_state.html", receipt=found)))


def find_receipt(token: str) -> Receipt | None:
    """Return the receipt that the token stands for, None when it is not one of ours or the comment is gone."""
    here = parts()
    meant = read_receipt(here.keyring, token)
    if meant is None:
        return None
    site_name, comment_id = meant
    with here.house.store.read() as tx:
        site = tx.site(site_name)
        comment = tx.comment(site.id, comment_id) if site else None
        if site is None or comment is None:
            return None
        status, decision = departed(tx, comment)
    return Receipt(token, site, comment, told(comment, status, decision))


def departed(tx: Tx, comment: Comment) -> tuple[Status, Decision | None]:
    """Return the state that has left the house: while a decision waits out its undo time, the one before it."""
    standing = tx.decision(comment.decision_id) if comment.decision_id else None
    known = outside(comment, standing)
    if standing is None or known.decision_id == standing.id:
        return known.status, standing
    return known.status, tx.decision(known.decision_id) if known.decision_id else None
