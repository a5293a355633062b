"""One run: clients post, faults are injected, everything settles down, and then all of it is checked."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.storm.checks import Database, Findings, Recovery, check, recoveries
from tools.storm.clients import Clients, Follower
from tools.storm.faults import SMALL, Counts, Faults
from tools.storm.installations import Installation
from tools.storm.receiver import Receiver

LAST_COMMENTS = 20
FOLLOW_SECONDS = 20.0
FAULT_SECONDS = {"embedded": 170.0}
"""Longer where the service restarts what dies: it gives up on a process that dies five times a minute."""


@dataclass(frozen=True)
class Bounds:
    """How much is posted, for how long (0: what the installation needs), and how long it may make no progress."""

    comments: int = 20_000
    seconds: float = 0.0
    settle_seconds: float = 120.0
    small: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of one storm."""

    installation: str
    seed: int
    accepted: int
    tries: int
    refused: Mapping[str, int]
    decisions: int
    taken: int
    repeated: int
    turned_away: int
    settled: float | None
    seconds: float
    recovered: Mapping[str, Recovery]
    left_out: Sequence[str]
    findings: Findings
    restarts: int = 0

    def line(self) -> str:
        """Say in a line how it went."""
        verdict = "; ".join(self.findings.lines()) if self.findings else "0 lost, 0 twice, 0 stuck"
        return f"{self.installation}, seed {self.seed}: {self.accepted:,} accepted, {verdict}; {self.seconds:.0f} s"


def storm(installation: Installation, seed: int, bounds: Bounds) -> Outcome:
    """Run one storm on the installation, which is started and stopped here."""
    seconds = bounds.seconds or FAULT_SECONDS.get(installation.name, 120.0)
    began = time.monotonic()
    try:
        installation.start()
        with Receiver() as receiver:
            installation.add_site(receiver.url)
            receiver.secret = installation.secret
            run = Run(installation, receiver, bounds, seconds, seed)
            try:
                run.run()
                return run.outcome(time.monotonic() - began)
            finally:
                run.close()
    finally:
        installation.stop()


class Run:
    """An installation that is up, its clients, its faults and its database."""

    def __init__(
        self, installation: Installation, receiver: Receiver, bounds: Bounds, seconds: float, seed: int
    ) -> None:
        self._installation, self._receiver, self._bounds = installation, receiver, bounds
        self._seconds, self._seed = seconds, seed
        self._clients = Clients(installation.port, installation.key, bounds.comments, seconds, seed)
        self._late = Clients(installation.port, installation.key, LAST_COMMENTS, 0.5, seed, prefix="last")
        self._follower = Follower(installation.port, installation.key)
        self._faults = Faults(installation, receiver, seconds, seed, SMALL if bounds.small else Counts())
        self._database = Database(installation.database_url)
        self._settled: float | None = None

    def close(self) -> None:
        """Let go of the database."""
        self._faults.close()
        self._database.close()

    def run(self) -> None:
        """Post while faults are injected, inject the last one at the end, and wait until nothing waits."""
        self._follower.start()
        self._clients.start()
        self._faults.start()
        end = time.monotonic() + 3 * self._seconds + 120
        while not self._clients.wait(1.0) and time.monotonic() < end:
            self._installation.repair()
        self._faults.wait(self._seconds + 60)
        self._installation.repair()
        self._faults.inject_last(self._post_late)
        self._settled = self._database.settle_down(self._bounds.settle_seconds, self._installation.repair)

    def _post_late(self) -> None:
        self._late.start()
        self._late.wait(30)

    def outcome(self, seconds: float) -> Outcome:
        """Check everything and return what came of it."""
        rows, taken, answers_given = self._database.rows(), self._receiver.taken, self._clients.answers_given
        self._follower.finish(max((row.seq or 0 for row in rows.decisions), default=0), FOLLOW_SECONDS)
        answers_given.take_over(self._late.answers_given)
        findings = check(answers_given, rows, taken, self._follower.seen)
        if self._receiver.unsigned:
            findings.disorder.append(f"{self._receiver.unsigned} callbacks had no good signature")
        if self._settled is None:
            comments, callbacks = self._database.waiting()
            findings.stuck.append(f"{comments} comments and {callbacks} callbacks wait, and nothing moves")
        findings.stuck += [f"a fault could not be made: {failure}" for failure in self._faults.failed]
        return Outcome(
            installation=self._installation.name,
            seed=self._seed,
            accepted=len(answers_given.accepted),
            tries=answers_given.tries,
            refused=answers_given.refused,
            decisions=len(rows.decisions),
            taken=len(taken),
            repeated=len(taken) - len({one.webhook_id for one in taken}),
            turned_away=self._receiver.refused,
            settled=self._settled,
            seconds=seconds,
            recovered=recoveries(self._faults.injected, answers_given, rows),
            left_out=self._faults.left_out,
            findings=findings,
            restarts=self._installation.restarts,
        )
