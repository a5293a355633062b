"""Pages for people: the documentation of the API, and what each type of problem means; no third party is asked."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Response, abort, current_app, jsonify, make_response, render_template, request
from markupsafe import Markup

from service.web.api import blueprint
from service.web.api.fields import EXAMPLE
from service.web.api.openapi import describe
from service.web.problems import KINDS
from service.web.reach import public_url

DESCRIPTION: Final = "replydesk.openapi"


@blueprint.get("/openapi.json")
def description() -> Response:
    """Return the description of the API, with the path below which it is served here."""
    return jsonify({**_described(), "servers": [{"url": request.script_root or "/"}]})


@blueprint.get("/docs")
def docs() -> Response:
    """Show the API to a person, from the very description that programs read."""
    spec = _described()
    operations = [
        {"method": method, "path": path, **operation}
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]
    example = json.dumps(EXAMPLE, indent=2, ensure_ascii=False)
    url = public_url()
    return _page(
        "api/docs.html", spec=spec, operations=operations, example=example, url=url, kinds=KINDS.values()
    )


@blueprint.get("/problems/<name>")
def problem(name: str) -> Response:
    """Say what a type of problem means and how to fix it."""
    return _page("api/problem.html", kind=KINDS.get(name) or abort(404))


@blueprint.app_template_filter("coded")
def coded(text: str) -> Markup:
    """Return the text as HTML in which what stands between backticks is code."""
    pieces = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if n % 2 else piece for n, piece in enumerate(pieces)
    )


def _described() -> dict[str, Any]:
    """Return the description of the API, made once for each application."""
    if DESCRIPTION not in current_app.extensions:
        current_app.extensions[DESCRIPTION] = describe(current_app)
    found: dict[str, Any] = current_app.extensions[DESCRIPTION]
    return found


def _page(template: str, **values: object) -> Response:
    response = make_response(render_template(template, **values))
    response.headers["Cache-Control"] = "private, max-age=300"  # the links in it are as the proxy has told
    return response
