"""What a use case needs: the sanitizer, the store, the dispatcher, the clock and the scorer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from service.domain.comment import Comment, Draft, Source
from service.domain.duplicates import Signature
from service.domain.verdict import Assessment, Effort
from service.ports.records import (
    Site,
    Submission,
)
from service.ports.tx import Tx


class Sealer(Protocol):
    """Turns submissions into drafts that hold no address."""

    def draft(self, site: Site, submission: Submission, now: datetime) -> Draft:
        """Mask contacts, seal the address, cut the IP, digest the content and give an id where the caller gave none.

        An id made from an idempotency key is the same for the same key, so that a race makes one row.
        """

    def id_of(self, site: Site, key: str) -> str:
        """Return the id that `draft` gives to what comes with this idempotency key and no id."""

    def key_of(self, site: Site, key: str) -> str:
        """Return the idempotency key as `draft` digests it."""


class Store(Protocol):
    """The truth. `read` may see a snapshot; `write` is serialised on SQLite (BEGIN IMMEDIATE), else it locks rows."""

    def read(self) -> AbstractContextManager[Tx]: ...
    def write(self) -> AbstractContextManager[Tx]: ...
    def add_comment(self, site_id: int, draft: Draft, now: datetime) -> Comment | None:
        """Insert one draft as `Tx.add_comments` does and commit it; None when its id exists.

        For the many that come one by one: it costs less than a transaction around it. Its idempotency key is not kept.
        """

    def purge(self) -> bool:
        """Clear the files of what was deleted, as far as the database can; False when a reader stood in the way."""

    def shorten_lock_waits(self, when: Callable[[], bool]) -> None:
        """Wait only a second for locks as soon as `when` returns true: the process is about to end."""

    def close(self) -> None: ...


class Dispatcher(Protocol):
    """Hands tasks to workers. A message carries no data and may be lost."""

    def enqueue(self, name: str, after: float = 0.0) -> None:
        """Ask, `after` seconds from now, for a run of the named task; never blocks, never raises."""


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What the scorer is given of one comment."""

    text: str
    author_name: str = ""
    website: str | None = None


Explain = Callable[[int, Mapping[str, float]], bool]
"""Says of a text, by its number in the batch and its scores, whether it needs spans."""


class Scorer(Protocol):
    """Gives each text its assessment, in order; one matrix for the whole batch."""

    version: str

    def score(
        self, readings: Sequence[Reading], explain: bool | Explain = True, effort: Effort = Effort.FULL
    ) -> list[Assessment]:
        """Assess each reading, in order, with spans where `explain` asks for them.

        A scorer that knows one effort alone scores in full and says so.
        """

    def warm(self) -> None:
        """Be ready for the first text, as far as that can be done now."""


Signer = Callable[[Sequence[str]], Sequence[Signature | None]]
"""Says what of each text can be compared with others, in order; None for one that is too short to tell."""


class Arrivals(Protocol):
    """Counts what comes. Counting never fails and waits for nobody."""

    def came(self, source: Source, outcome: str, number: int = 1) -> None:
        """Count so many from this source: new, replay, revised, refused, or limited by a rate."""

    def took(self, source: Source, seconds: float) -> None:
        """Take note of how long somebody waited for a commit."""


class Uncounted:
    """Implements `Arrivals` where nobody asks."""

    def came(self, source: Source, outcome: str, number: int = 1) -> None:
        """Forget it."""

    def took(self, source: Source, seconds: float) -> None:
        """Forget it."""


UNCOUNTED: Final = Uncounted()


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The parts a verb may need, put together once by `wiring`."""

    store: Store
    dispatcher: Dispatcher
    clock: Clock
    undo_seconds: float = 5.0
    max_attempts: int = 3
    lease_seconds: float = 30.0
    fast_after_seconds: float = 60.0
    arrivals: Arrivals = UNCOUNTED
