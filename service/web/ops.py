"""What those who run the service look at: is the process alive, is each part ready, and the meters."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from service.web.api.replies import reply
from service.web.problems import Problem
from service.web.reach import api
from service.web.readiness import OK, Checks

EXTENSION: Final = "replydesk.checks"

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
def health() -> Response:
    """Say that the process answers; touches no part."""
    return reply({"status": "ok"})


@blueprint.get("/readyz")
def readiness() -> Response:
    """Say how each part is; 503 names those that are not ready."""
    if EXTENSION not in current_app.extensions:  # two first callers make two, and one is kept: harmless
        current_app.extensions[EXTENSION] = Checks(api().context)
    checks = current_app.extensions[EXTENSION].run()
    if all(word == OK for word in checks.values()):
        return reply({"status": "ready", "checks": checks})
    down = ", ".join(name for name, word in checks.items() if word != OK)
    raise Problem(
        "unavailable", f"Not ready: {down}.", headers={"Retry-After": "5"}, extra={"checks": checks}
    )


@blueprint.get("/metrics")
def metrics() -> Response:
    """Write the meters in Prometheus' text format."""
    return Response(api().meters.text(), content_type=CONTENT_TYPE_LATEST)
