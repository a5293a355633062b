"""Updates for an open desk: every few seconds it renews its claims and hears what changed, 304 when nothing did."""

from __future__ import annotations

import hashlib
import json

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from service import usecases
from service.web.desk import blueprint
from service.web.desk.access import moderator, requires
from service.web.desk.place import Place, number, numbers
from service.web.desk.queue import counted, others
from service.web.desk.speech import gettext, ngettext
from service.web.reach import context

NEW_LIMIT = 100


@blueprint.get("/updates")
@requires("moderator")
def updates() -> ResponseReturnValue:
    """Renew the claims on what is on the screen, and tell counts, new arrivals, who else is here, what was lost."""
    here, place = context(), Place.of(request.args)
    now, have = here.deps.clock(), numbers(request.args.get("have"))
    usecases.renew_claims(here.deps, moderator().id, have)
    with here.deps.store.read() as tx:
        claims = tx.queue.claims(now)
        seen = number(request.args.get("seen")) or 0
        new = tx.queue.count_newer(place.wanted(tx), seen, NEW_LIMIT) if place.queue == "held" else 0
        update = {
            "counts": counted(tx),
            "new": new_words(new),
            "others": [others_words(name, many) for name, many in others(claims)],
            "lost": sorted(
                one.comment_pk
                for one in claims
                if one.moderator_id != moderator().id and one.comment_pk in have
            ),
        }
    body = json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode()
    tag = hashlib.sha256(body).hexdigest()[:20]
    response: Response = make_response("", 304) if tag in request.if_none_match else make_response(body)
    response.set_etag(tag)
    response.headers["Content-Type"] = "application/json"
    response.headers["Cache-Control"] = "no-store"
    return response


def new_words(number_new: int) -> str:
    """Say how many comments came since the page was made; nothing for none."""
    if not number_new:
        return ""
    if number_new >= NEW_LIMIT:
        return gettext("%(num)d or more new comments", num=NEW_LIMIT)
    return ngettext("%(num)d new comment", "%(num)d new comments", number_new)


def others_words(name: str, many: int) -> str:
    """Say how many comments are assigned to whom."""
    return ngettext("%(name)s has %(num)d comment", "%(name)s has %(num)d comments", many, name=name)
