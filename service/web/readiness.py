"""Readiness: each part is asked in a thread of its own, and the answer of this second serves all who ask in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from functools import partial
from threading import Condition
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache, cached

from service.context import AppContext
from service.messaging.heartbeats import read_heartbeats, silent_after
from service.messaging.redis_client import connect, fault_of
from service.storage import Probe, ReadOnlyError, SchemaError

if TYPE_CHECKING:
    from service.config import Settings

ANSWER_SECONDS: Final = 0.7
"""For all checks together: who watches gives up after a second."""
FRESH_SECONDS: Final = 1.0
OK: Final = "ok"

Words = Mapping[str, str]


class Checks:
    """Asks database and broker, so that one that hangs holds up neither the others nor the answer."""

    def __init__(self, context: AppContext, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._asked: dict[str, Callable[[], Words]] = {
            "store": partial(_store_words, Probe(context.settings.database_url)),
            "broker": _BrokerCheck(context.settings, monotonic).words,
        }
        self._named = {"store": ("store", "schema"), "broker": ("broker",)}
        self._threads = ThreadPoolExecutor(len(self._asked), thread_name_prefix="ready")
        self._running: dict[str, Future[Words]] = {}
        recent: TTLCache[Hashable, dict[str, str]] = TTLCache(1, FRESH_SECONDS, monotonic)
        self.run: Callable[[], dict[str, str]] = cached(recent, condition=Condition())(self._ask)

    def _ask(self) -> dict[str, str]:
        """Return a word on each part: "ok", or what is wrong; within a second, whatever hangs."""
        ends_at = time.monotonic() + ANSWER_SECONDS
        for name, ask in self._asked.items():
            running = self._running.get(name)
            if running is None or running.done():  # one that hangs is asked no second time
                self._running[name] = self._threads.submit(ask)
        answers: dict[str, str] = {}
        for name, future in self._running.items():
            answers |= dict.fromkeys(self._named[name], "does not answer")
            answers |= _words(future, ends_at)
        return answers


def _words(future: Future[Words], ends_at: float) -> Words:
    try:
        return future.result(timeout=max(0.0, ends_at - time.monotonic()))
    except TooLate:
        return {}


def _store_words(probe: Probe) -> Words:
    """Say how the store and its schema are; of a store that is away the schema is not known."""
    try:
        probe.ask()
    except SchemaError as older:
        return {"store": OK, "schema": older.detail}
    except ReadOnlyError as wrong:
        return {"store": wrong.detail, "schema": OK}
    except Exception as wrong:  # noqa: BLE001  whatever a part dies of, the others are still told
        return dict.fromkeys(("store", "schema"), f"fails ({type(wrong).__name__})")
    return {"store": OK, "schema": OK}


class _BrokerCheck:
    """Asks the broker, and by their heartbeats whether beat and any worker live."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float]) -> None:
        self._url, self._prefix = settings.redis_url, settings.redis_prefix
        self._silent = silent_after(settings.maintenance_seconds)
        self._monotonic = monotonic
        self._heard_at: dict[str, float] = {}
        if self._url:
            connect(self._url).close()  # here and now: the client's first import alone may outlast a check

    def words(self) -> Words:
        """Say how the broker is, and worker and beat, of whom nothing is known without it."""
        if self._url is None:
            return {"broker": "no broker is set; maintenance alone finds work"}
        try:
            heard = read_heartbeats(self._url, self._prefix)
        except Exception as wrong:  # noqa: BLE001  likewise
            return {"broker": fault_of(wrong)}
        return {
            "broker": OK,
            "worker": f"hangs in {heard.hung}" if heard.hung else self._word("worker", heard.worker),
            "beat": self._word("beat", heard.beat),
        }

    def _word(self, name: str, age: float | None) -> str:
        """Judge by the last that was heard: a broker that came back empty is told the next within seconds."""
        now = self._monotonic()
        if age is not None:
            self._heard_at[name] = now - age
        if name in self._heard_at and now - self._heard_at[name] <= self._silent:
            return OK
        return f"was not heard of within {self._silent:.0f} s"
