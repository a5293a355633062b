"""Comments inside pages of other sites: the script and its style under lasting names, and a form's ticket for it."""

from __future__ import annotations

from typing import Final

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from service.web.assets import lasting
from service.web.reply import blueprint
from service.web.reply.views import asked_for, blank_form

OPEN: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Anyone's page may read what anyone may see; no cookie goes with it."""
KEPT_SECONDS: Final = 300


@blueprint.get("/embed.js")
def script() -> Response:
    """Send the script; a page names it without a hash, so that an upgrade reaches it within minutes."""
    return _lasting("embed.js")


@blueprint.get("/embed.css")
def style() -> Response:
    """Send the style."""
    return _lasting("embed.css")


@blueprint.get("/sites/<slug:site>/form")
def ticket(site: str) -> ResponseReturnValue:
    """Give a fresh form's ticket for the article; the form itself is posted as any other."""
    asked = asked_for(site)
    if isinstance(asked, Response):
        asked.headers.extend(OPEN)
        return asked
    found, article_url = asked
    response = jsonify(ticket=blank_form(found, article_url).ticket, email_required=found.email_required)
    response.headers.extend(OPEN | {"Cache-Control": "no-store"})
    return response


def _lasting(name: str) -> Response:
    response = lasting(name)
    response.headers.extend(OPEN | {"Cache-Control": f"public, max-age={KEPT_SECONDS}"})
    return response
