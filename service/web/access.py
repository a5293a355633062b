"""One log line for each request: method, route, status, milliseconds, request id; never a path, query or body."""

from __future__ import annotations

import string
import time
import uuid
from collections.abc import Iterable
from typing import Final

import structlog
from flask import Flask, Response, g, request

from service.logging import ranges
from service.web.reach import api

HEADER: Final = "X-Request-Id"
ID_LETTERS: Final = frozenset(string.ascii_letters + string.digits + "._-")
ID_LIMIT: Final = 64
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNROUTED: Final = "(none)"

log = structlog.get_logger(__name__)


def init(app: Flask) -> None:
    """Name every request, count it and log it."""
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """Return the id of this request: the caller's own where it is sane, else one made here."""
    return str(g.get("request_id", "-"))


def stored(numbers: Iterable[int]) -> None:
    """Let this request's line name the rows that it stored or found, by which the workers' lines know them."""
    g.setdefault("stored", []).extend(numbers)


def _begin() -> None:
    g.began = time.perf_counter()
    given = request.headers.get(HEADER, "")
    sane = 0 < len(given) <= ID_LIMIT and set(given) <= ID_LETTERS
    g.request_id = given if sane else uuid.uuid4().hex
    # whatever else is logged meanwhile names it too
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    # the rule, not the path: paths hold ids and capabilities, and any number of them would drown the metrics
    route = request.url_rule.rule if request.url_rule else UNROUTED
    method = request.method if request.method in METHODS else "other"
    status = response.status_code
    response.headers[HEADER] = request_id()
    api().meters.requests.labels(method, route, str(status)).inc()
    spent = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1)
    stored = {"comments": ranges(g.stored)} if "stored" in g else {}
    log.info(
        "request", method=method, route=route, status=status, ms=spent, request_id=request_id(), **stored
    )
    return response
