"""What those who run the service look at: is the process alive, is each part ready, and the metrics."""

from __future__ import annotations

from typing import Final, Literal

from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from service.web.api import blueprint
from service.web.api.answers import Shape
from service.web.api.gate import reply
from service.web.api.operation import Answer, operation
from service.web.problems import Problem
from service.web.reach import api
from service.web.readiness import OK, Checks

EXTENSION: Final = "replydesk.checks"


class Health(Shape):
    """The process answers."""

    status: Literal["ok"]


class Ready(Shape):
    """Each part and how it is."""

    status: Literal["ready"]
    checks: dict[str, str]


@blueprint.get("/healthz")
@operation("Watching", {200: Answer("It is.", (Health,))}, access="operator")
def health() -> Response:
    """Is the process alive?

    Touches no part: a store that is away does not make this process dead.
    """
    return reply({"status": "ok"})


@blueprint.get("/readyz")
@operation("Watching", {200: Answer("Every part is ready.", (Ready,))}, "unavailable", access="operator")
def readiness() -> Response:
    """Is every part ready?

    Asks the store, its schema, the broker and by it workers and beat, within a second. Comments are accepted without
    broker and workers, so a balancer may watch /healthz instead.
    """
    if EXTENSION not in current_app.extensions:  # two first callers make two, and one is kept: harmless
        current_app.extensions[EXTENSION] = Checks(api().context)
    checks = current_app.extensions[EXTENSION].run()
    down = ", ".join(name for name, word in checks.items() if word != OK)
    if not down:
        return reply({"status": "ready", "checks": checks})
    raise Problem(
        "unavailable", f"Not ready: {down}.", headers={"Retry-After": "5"}, extra={"checks": checks}
    )


@blueprint.get("/metrics")
@operation("Watching", {200: Answer("The text format of Prometheus.", media="text/plain")}, access="operator")
def metrics() -> Response:
    """Metrics for Prometheus.

    Backlog, ages and rates, with units in the names; no site's and no reader's words.
    """
    return Response(api().meters.text(), content_type=CONTENT_TYPE_LATEST)
