"""What the embed's script reads instead of pages: the form's faults, and how a comment stands, in JSON.

It asks with `Accept: application/json`, from an article of the site; no other page may read the answers.
"""

from __future__ import annotations

from typing import Final

from flask import Request, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from service.domain.article_url import host_of
from service.domain.site import Site
from service.web.api.shown import published_view
from service.web.reply import blueprint
from service.web.reply.form import Form
from service.web.reply.receipt import Receipt, receipt_of
from service.web.security import keep_private
from service.web.speech import lazy_gettext as _l

SHORT: Final = {"pending": _l("It is being checked."), "held": _l("It is not published yet.")}
"""What is said without the words about the receipt's own page."""


def is_script(asked: Request) -> bool:
    """Whether the embed's script asks: a form that a browser sends wants a page."""
    return asked.accept_mimetypes.best == "application/json"


def form_again(form: Form, status: int) -> Response:
    """Say what is wrong with a form that was sent, and give the ticket for the next try."""
    answer = jsonify(ticket=form.ticket, line=form.line, faults=form.faults)
    answer.status_code = status
    return for_site(form.site, answer)


@blueprint.get("/r/<token>/status")
def status(token: str) -> ResponseReturnValue:
    """Say how the comment stands, or 204 while `seen` still holds."""
    found = receipt_of(token)
    if request.args.get("seen") == found.message.state:
        return for_site(found.site, Response(status=204))
    return status_answer(found)


def status_answer(receipt: Receipt, code: int = 200) -> Response:
    """Say how the comment stands, where to ask again and after how many seconds; once published, with the comment."""
    message, comment = receipt.message, receipt.comment
    answer = jsonify(
        state=message.state,
        title=str(message.title),
        text=str(SHORT.get(message.state, message.text)),
        help=str(message.help_text) if message.help_text else None,
        look_again=message.look_again,
        may_appeal=receipt.may_appeal,
        ask=url_for("reply.status", token=receipt.token, seen=message.state),
        receipt=url_for("reply.receipt", token=receipt.token),
        comment=published_view([comment])[0] if comment.published_revision == comment.revision else None,
    )
    answer.status_code = code
    return for_site(receipt.site, answer)


def for_site(site: Site, answer: Response) -> Response:
    """Let pages of the site read the answer; it is meant for one person."""
    origin = request.headers.get("Origin", "")
    if origin and host_of(origin) == host_of(site.url):
        answer.headers["Access-Control-Allow-Origin"] = origin
    answer.vary.update(("Accept", "Origin"))
    return keep_private(answer)
