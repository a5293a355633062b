"""The one place where the service is put together; processes, commands and tests all call `build_context`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

from service.config import Settings
from service.domain.comment import Source
from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.tasks import Dispatcher
from service.privacy.keys import Keyring
from service.privacy.master_key import load_masters
from service.privacy.sanitizer import Sanitizer
from service.privacy.signatures import KeyedSigner
from service.scoring import Scorer
from service.scoring.scorer import ModelScorer
from service.storage import Store, open_store

Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC."""


class ArrivalCounter(Protocol):
    """Counts what comes. Counting never fails and waits for nobody."""

    def came(self, source: Source, outcome: str, number: int = 1) -> None:
        """Count so many from this source: new, replay, revised, refused, or limited by a rate."""

    def took(self, source: Source, seconds: float) -> None:
        """Take note of how long somebody waited for a commit."""


class Uncounted:
    """Implements `ArrivalCounter` where nobody asks."""

    def came(self, source: Source, outcome: str, number: int = 1) -> None:
        """Forget it."""

    def took(self, source: Source, seconds: float) -> None:
        """Forget it."""


UNCOUNTED: Final = Uncounted()


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a use case may need."""

    store: Store
    dispatcher: Dispatcher
    clock: Clock
    undo_seconds: float = 5.0
    max_attempts: int = 3
    lease_seconds: float = 10.0
    fast_after_seconds: float = 60.0
    arrivals: ArrivalCounter = UNCOUNTED


@dataclass(frozen=True, slots=True)
class AppContext:
    """Everything a process needs; close it when done."""

    settings: Settings
    deps: Dependencies
    sanitizer: Sanitizer
    keyring: Keyring
    scorer: Scorer = field(default_factory=ModelScorer)
    """For callers that must have the score in their answer; it loads the model when it is first asked."""

    def close(self) -> None:
        """Let go of connections and threads."""
        close_dispatcher = getattr(self.deps.dispatcher, "close", None)
        if close_dispatcher:
            close_dispatcher()
        self.deps.store.close()


def now() -> datetime:
    """The wall clock, aware and in UTC."""
    return datetime.now(UTC)


def build_context(
    settings: Settings,
    *,
    env: Mapping[str, str] | None = None,
    store: Store | None = None,
    dispatcher: Dispatcher | None = None,
    clock: Clock = now,
    scorer: Scorer | None = None,
) -> AppContext:
    """Put the service together from `settings`; doubles may be passed in. Builds nothing twice, starts no thread."""
    keyring = Keyring.of(load_masters(os.environ if env is None else env, settings.home))
    deps = Dependencies(
        store=store or open_store(settings.database_url, KeyedSigner(keyring)),
        dispatcher=dispatcher or CeleryDispatcher(settings.redis_url, settings.redis_prefix),
        clock=clock,
        undo_seconds=settings.undo_seconds,
        max_attempts=settings.max_attempts,
        lease_seconds=settings.lease_seconds,
        fast_after_seconds=settings.fast_after_seconds,
    )
    return AppContext(
        settings=settings,
        deps=deps,
        sanitizer=Sanitizer(keyring),
        keyring=keyring,
        scorer=scorer or ModelScorer(),
    )
