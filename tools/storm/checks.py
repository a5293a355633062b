"""Compare what the clients were told, what the database holds and what the site received."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, text

from service.storage.engines import for_reading, open_engine
from tools.storm.clients import Answers
from tools.storm.faults import Injected
from tools.storm.receiver import Taken

SHOWN = 5


@dataclass(frozen=True)
class Rows:
    """Everything the database says of the storm's site."""

    comments: Sequence[Any]
    decisions: Sequence[Any]
    deliveries: Sequence[Any]


@dataclass
class Findings:
    """What was found wrong, by kind, with a few examples each; empty when nothing was."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.twice or self.stuck or self.disorder)

    def lines(self) -> list[str]:
        """Return each kind with its first examples."""
        kinds = {"lost": self.lost, "twice": self.twice, "stuck": self.stuck, "out of order": self.disorder}
        return [
            f"{name}: {len(found)} ({'; '.join(found[:SHOWN])})" for name, found in kinds.items() if found
        ]


class Database:
    """Looks into the database from outside, patiently."""

    def __init__(self, database_url: str) -> None:
        self._engine: Engine = open_engine(database_url)
        self._reading = for_reading(self._engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def waiting(self) -> tuple[int, int]:
        """Count comments without a verdict, or to be scored again, and callbacks that have not arrived."""
        return self._count("comments WHERE status = 'pending' OR rescore"), self._count(
            "deliveries WHERE state = 'waiting'"
        )

    def _count(self, what: str) -> int:
        with self._reading.begin() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())

    def settle_down(self, seconds: float, meanwhile: Callable[[], None]) -> float | None:
        """Wait until nothing waits; return the seconds that took, None once nothing has moved for so many seconds."""
        began = moved = time.monotonic()
        least: tuple[int, int] | None = None
        while time.monotonic() < moved + seconds:
            waiting = self.waiting()
            if waiting == (0, 0):
                return time.monotonic() - began
            if least is None or waiting < least:
                least, moved = waiting, time.monotonic()
            meanwhile()
            time.sleep(0.2)
        return None

    def rows(self) -> Rows:
        """Read it all."""
        questions = (
            "SELECT pk, id, revision, status, received_at, decided_at FROM comments ORDER BY pk",
            "SELECT pk, comment_pk, revision, who_kind, seq, replaces FROM decisions ORDER BY pk",
            "SELECT pk, comment_pk, decision_id, webhook_id, state, attempts, created_at, delivered_at FROM deliveries",
        )
        with self._reading.begin() as connection:
            return Rows(*(connection.execute(text(one)).all() for one in questions))


def check(
    answers_given: Answers, rows: Rows, taken: Sequence[Taken], followed: Sequence[tuple[int, int]]
) -> Findings:
    """Compare the four sides; every sentence of the promise is one check."""
    found = Findings()
    _accepted(found, answers_given, rows)
    _verdicts(found, rows)
    _feed(found, rows, followed)
    _callbacks(found, rows, taken)
    return found


def _accepted(found: Findings, answers_given: Answers, rows: Rows) -> None:
    """What was answered as accepted is there once, in the revision that was accepted, and decided."""
    there = {row.id: row for row in rows.comments}
    found.twice += [
        f"{name} has {n} rows" for name, n in Counter(row.id for row in rows.comments).items() if n > 1
    ]
    for name, revision in answers_given.accepted.items():
        row = there.get(name)
        if row is None:
            found.lost.append(f"{name} was accepted and is not there")
        elif row.revision < revision:
            found.lost.append(f"{name} was accepted in revision {revision} and is in {row.revision}")
        elif row.revision > revision:
            found.twice.append(f"{name} was accepted in revision {revision} and is in {row.revision}")
        elif row.status == "pending":
            found.stuck.append(f"{name} has no verdict")
    found.stuck += [f"{name} was never accepted" for name in answers_given.given_up]
    decisions = {str(row.pk) for row in rows.decisions}
    found.lost += [
        f"the site's decision on {name} is not there"
        for name, decision in answers_given.decided.items()
        if decision not in decisions
    ]


def _verdicts(found: Findings, rows: Rows) -> None:
    """Each revision has one verdict of the machine at most, none after a person's, and the last has one in all.

    One more that replaces the first may follow, when a comment was scored fast and then in full.
    """
    by_revision: dict[tuple[int, int], list[str]] = defaultdict(list)
    for row in rows.decisions:
        again = row.who_kind == "machine" and row.replaces is not None
        by_revision[row.comment_pk, row.revision].append("machine again" if again else row.who_kind)
    names = {row.pk: row.id for row in rows.comments}
    for (pk, revision), kinds in by_revision.items():
        what = f"{names.get(pk, pk)} revision {revision}"
        if kinds.count("machine") > 1:
            found.twice.append(f"{what} has {kinds.count('machine')} verdicts")
        if "machine again" in kinds[:1] + kinds[2:]:
            found.twice.append(f"{what} was decided again after somebody else, or more than once")
        if "machine" in kinds[1:] and kinds[0] != "machine":
            found.twice.append(f"{what} was decided by the site, and by the model after that")
    found.lost += [
        f"{row.id} is {row.status} and no decision says so"
        for row in rows.comments
        if row.status != "pending" and (row.pk, row.revision) not in by_revision
    ]


def _feed(found: Findings, rows: Rows, followed: Sequence[tuple[int, int]]) -> None:
    """Sequence numbers have no gap, and whoever followed the feed by its cursor saw each once and in order."""
    numbered = sorted((row.seq, row.pk) for row in rows.decisions if row.seq is not None)
    found.stuck += [f"decision {row.pk} has not left" for row in rows.decisions if row.seq is None]
    if [seq for seq, _ in numbered] != list(range(1, len(numbered) + 1)):
        found.disorder.append("the sequence numbers have gaps or repeat")
    if list(followed) != numbered:
        missing = len(set(numbered) - set(followed))
        found.lost.append(f"the feed showed {len(followed)} decisions of {len(numbered)}, {missing} skipped")


def _callbacks(found: Findings, rows: Rows, taken: Sequence[Taken]) -> None:
    """Each decision arrived at least once, under one id and with the same bytes, in order for each comment."""
    of_decision = Counter(row.decision_id for row in rows.deliveries)
    for row in rows.decisions:
        if of_decision[row.pk] != 1:
            (found.lost if not of_decision[row.pk] else found.twice).append(
                f"decision {row.pk} has {of_decision[row.pk]} callbacks"
            )
    arrived = {one.decision for one in taken}
    for row in rows.deliveries:
        if row.state != "delivered":
            found.stuck.append(f"callback {row.pk} is {row.state} after {row.attempts} attempts")
        elif row.decision_id not in arrived:
            found.lost.append(f"callback {row.pk} is delivered and the site never took it")
    ids: dict[int, set[tuple[str, bytes]]] = defaultdict(set)
    order: dict[str, list[int]] = defaultdict(list)
    seen: set[str] = set()
    for one in taken:
        ids[one.decision].add((one.webhook_id, one.body))
        if one.webhook_id not in seen:
            seen.add(one.webhook_id)
            order[one.comment].append(one.sequence)
    found.twice += [
        f"decision {pk} came under {len(them)} ids or bodies" for pk, them in ids.items() if len(them) > 1
    ]
    if len(seen) != len(ids):
        found.twice.append(f"{len(ids)} decisions came under {len(seen)} ids")
    found.disorder += [
        f"{name} heard {numbers}" for name, numbers in order.items() if numbers != sorted(numbers)
    ]


@dataclass(frozen=True)
class Recovery:
    """Seconds after a kind of fault until all that was accepted before had its verdict, until the next comment was
    accepted, and until all callbacks written before had arrived; the worst of its times."""

    times: int
    verdicts: float
    accepting: float
    callbacks: float


def recoveries(injected: Sequence[Injected], answers_given: Answers, rows: Rows) -> dict[str, Recovery]:
    """Say how long each kind of fault was felt; faults overlap, so each figure is an upper bound."""
    decided = sorted((row.received_at / 1e6, row.decided_at / 1e6) for row in rows.comments if row.decided_at)
    arrived = sorted(
        (row.created_at / 1e6, row.delivered_at / 1e6) for row in rows.deliveries if row.delivered_at
    )
    told: dict[str, Recovery] = {}
    for one in injected:
        before = told.get(one.name, Recovery(0, 0.0, 0.0, 0.0))
        next_answer = min(
            (done for sent, done in answers_given.answers if sent >= one.ended), default=one.ended
        )
        told[one.name] = Recovery(
            before.times + 1,
            max(before.verdicts, _times(decided, one.ended)),
            max(before.accepting, next_answer - one.ended),
            max(before.callbacks, _times(arrived, one.ended)),
        )
    return told


def _times(spans: Sequence[tuple[float, float]], moment: float) -> float:
    return max(0.0, *(end - moment for begin, end in spans if begin <= moment), 0.0)
