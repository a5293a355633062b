"""How fast 500 comments are decided in one act, leave, and are taken back: `python -m tests.evidence.bulk`.

On SQLite and on PostgreSQL, each in a database of its own that is dropped afterwards. The bound is a thousand comments
a second: an act may decide five thousand and begins nothing more after ten seconds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from service.context import Dependencies
from service.domain.site import Site
from service.domain.verdict import LABELS, Action, Assessment, Who
from service.messaging.dispatcher import RecordingDispatcher
from service.storage import migrate, open_store
from service.usecases import Judgement, Scored, Target, publish_due, settle
from service.usecases.bulk import decide_bulk, undo_bulk
from tests import servers
from tests.builders import NOON, courier, draft

BOUND: Final = 1_000
DELAY: Final = 5.0


class Room:
    """An installation on one database, with comments that are held, and a clock that goes from where it is set."""

    def __init__(self, url: str, comments: int) -> None:
        migrate.upgrade(url)
        self.store = open_store(url)
        self.deps = Dependencies(self.store, RecordingDispatcher(), self.clock)
        self.set_at, self.set_when = NOON, time.monotonic()
        with self.store.write() as tx:
            self.site = tx.add_site(courier())
        self.targets = self._held(self.site, comments)

    def clock(self) -> datetime:
        """Return the moment that it is here."""
        return self.set_at + timedelta(seconds=time.monotonic() - self.set_when)

    def pass_seconds(self, seconds: float) -> None:
        """Set the clock forward."""
        self.set_at += timedelta(seconds=seconds)

    def _held(self, site: Site, comments: int) -> list[Target]:
        found = []
        for begin in range(0, comments, 500):
            drafts = [draft(f"c-{n}", body=f"Number {n} is rude.") for n in range(begin, begin + 500)]
            with self.store.write() as tx:
                added = list(tx.add_comments(site.id, drafts, self.clock()).values())
            scores = dict.fromkeys(LABELS, 0.01) | {"toxicity": 0.7}
            settle(self.deps, [Scored(one, Assessment(scores, "made-up-1")) for one in added])
            found += [Target(site, one.id, one.revision) for one in added]
        return found


@contextmanager
def rooms(comments: int) -> Iterator[dict[str, Room]]:
    """A room on each database."""
    with tempfile.TemporaryDirectory() as home, servers.postgresql_database() as url:
        made = {
            name: Room(its, comments)
            for name, its in (("sqlite", f"sqlite:///{Path(home) / 'together.db'}"), ("postgresql", url))
        }
        yield made
        for room in made.values():
            room.store.close()


def timed(name: str, count: int, act: Callable[[], int]) -> None:
    """Print how long an act on `count` comments took, and that it reached all of them."""
    begun = time.perf_counter()
    reached = act()
    seconds = time.perf_counter() - begun
    assert reached == count, f"{name}: {reached} of {count}"
    print(f"{name:44} {seconds * 1000:7.0f} ms  {count / seconds:7.0f} comments/s  bound {BOUND}")


def measure(name: str, room: Room, targets: list[Target]) -> None:
    """Decide and take back before publication; decide, let leave and take back after it."""
    judgement, count = Judgement(Action.REJECT, Who.MODERATOR, "Mara"), len(targets)

    def decided() -> int:
        return decide_bulk(room.deps, targets, judgement, "range score 0.6 0.8", DELAY).decided

    def undone() -> int:
        with room.store.read() as tx:
            ((bulk_decision, _),) = tx.bulk_decisions_lately(1)
        return undo_bulk(room.deps, bulk_decision.id, Who.MODERATOR, "Mara").undone

    def left() -> int:
        total = 0
        while some := publish_due(room.deps):
            total += some
        return total

    timed(f"{name}: {count} decided", count, decided)
    timed(f"{name}: {count} taken back before publication", count, undone)
    timed(f"{name}: {count} decided again", count, decided)
    room.pass_seconds(60)
    timed(f"{name}: {count} was published", count, left)
    timed(f"{name}: {count} taken back after publication", count, undone)


def main() -> None:
    """Measure, and print a line for each act."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--count", type=int, default=500, help="comments in one act")
    asked = parser.parse_args()
    with rooms(asked.rounds * asked.count) as made:
        for name, room in made.items():
            for n in range(asked.rounds):
                measure(name, room, room.targets[n * asked.count : (n + 1) * asked.count])


if __name__ == "__main__":
    sys.exit(main())
