"""What those who run the house look at: is the process alive, is each part ready, and the meters."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from functools import partial
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from service.bell import connect
from service.moderation.errors import ReplydeskError
from service.storage import SqlStore, open_store
from service.web.api.gate import api
from service.web.api.replies import reply
from service.web.problems import Problem
from service.wiring import Parts

if TYPE_CHECKING:
    from redis import Redis

PART_SECONDS: Final = 1.0
OK: Final = "ok"
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
        current_app.extensions[EXTENSION] = Checks(api().parts)
    parts = current_app.extensions[EXTENSION].run()
    if all(word == OK for word in parts.values()):
        return reply({"status": "ready", "parts": parts})
    down = ", ".join(name for name, word in parts.items() if word != OK)
    raise Problem("unavailable", f"Not ready: {down}.", headers={"Retry-After": "5"}, extra={"parts": parts})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Write the meters in Prometheus' text format."""
    return Response(api().meters.text(), content_type=CONTENT_TYPE_LATEST)


class Checks:
    """Asks each part in a thread of its own, so that one that hangs holds up neither the others nor the answer."""

    def __init__(self, parts: Parts) -> None:
        self._asked: dict[str, Callable[[], None]] = {
            "store": parts.house.store.ping,
            "schema": partial(_schema, parts),
            "broker": _broker(parts),
        }
        self._threads = ThreadPoolExecutor(len(self._asked), thread_name_prefix="ready")
        self._running: dict[str, Future[None]] = {}

    def run(self) -> dict[str, str]:
        """Return a word on each part: "ok", or what is wrong. Takes a second for each part that hangs, no more."""
        for name, ask in self._asked.items():
            running = self._running.get(name)
            if running is None or running.done():
                self._running[name] = self._threads.submit(ask)
        return {name: _word(future) for name, future in self._running.items()}


def _word(future: Future[None]) -> str:
    try:
        future.result(timeout=PART_SECONDS)
    except TooLate:
        return "does not answer"
    except ReplydeskError as wrong:
        return wrong.detail
    except Exception as wrong:  # noqa: BLE001  whatever a part dies of, the others are still told
        return f"fails ({type(wrong).__name__})"
    return OK


def _schema(parts: Parts) -> None:
    if isinstance(parts.house.store, SqlStore):  # doubles have no schema
        open_store(parts.settings.database_url).close()


class NoBroker(ReplydeskError):
    """no broker is set; the sweep alone finds work"""


def _broker(parts: Parts) -> Callable[[], None]:
    """Return what asks the broker. The client is made here and now: its first import alone may outlast a check."""
    if parts.settings.redis_url is None:
        return _no_broker
    return partial(_ask, connect(parts.settings.redis_url))


def _ask(client: Redis) -> None:
    client.ping()


def _no_broker() -> None:
    raise NoBroker()
