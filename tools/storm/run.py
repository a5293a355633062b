"""One storm: the crowd posts, the weather strikes, everything settles down, and then comes the reckoning."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.storm.crowd import Crowd, Follower
from tools.storm.receiver import Receiver
from tools.storm.reckoning import Books, Findings, Recovery, reckon, recoveries
from tools.storm.stages import Stage
from tools.storm.weather import SMALL, Strength, Weather

LAST_COMMENTS = 20
FOLLOW_SECONDS = 20.0
WEATHER_SECONDS = {"embedded": 170.0}
"""Longer where the service restarts what dies: it gives up on a process that dies five times a minute."""


@dataclass(frozen=True)
class Bounds:
    """How much is posted, for how long (0: as the stage needs), and how long it may rest without any progress."""

    comments: int = 20_000
    seconds: float = 0.0
    settle_seconds: float = 120.0
    small: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of one storm."""

    stage: str
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
        return f"{self.stage}, seed {self.seed}: {self.accepted:,} accepted, {verdict}; {self.seconds:.0f} s"


def storm(stage: Stage, seed: int, bounds: Bounds) -> Outcome:
    """Let one storm blow over the stage, which is started and stopped here."""
    seconds = bounds.seconds or WEATHER_SECONDS.get(stage.name, 120.0)
    began = time.monotonic()
    try:
        stage.start()
        with Receiver() as receiver:
            stage.add_site(receiver.url)
            receiver.secret = stage.secret
            scene = Scene(stage, receiver, bounds, seconds, seed)
            try:
                scene.blow()
                return scene.outcome(time.monotonic() - began)
            finally:
                scene.close()
    finally:
        stage.stop()


class Scene:
    """An installation that is up, its crowd, its weather and its books."""

    def __init__(self, stage: Stage, receiver: Receiver, bounds: Bounds, seconds: float, seed: int) -> None:
        self._stage, self._receiver, self._bounds = stage, receiver, bounds
        self._seconds, self._seed = seconds, seed
        self._crowd = Crowd(stage.port, stage.key, bounds.comments, seconds, seed)
        self._late = Crowd(stage.port, stage.key, LAST_COMMENTS, 0.5, seed, prefix="last")
        self._follower = Follower(stage.port, stage.key)
        self._weather = Weather(stage, receiver, seconds, seed, SMALL if bounds.small else Strength())
        self._books = Books(stage.database_url)
        self._settled: float | None = None

    def close(self) -> None:
        """Let go of the database."""
        self._weather.close()
        self._books.close()

    def blow(self) -> None:
        """Post while the faults strike, strike once more at the end, and wait until nothing waits."""
        self._follower.start()
        self._crowd.start()
        self._weather.start()
        end = time.monotonic() + 3 * self._seconds + 120
        while not self._crowd.wait(1.0) and time.monotonic() < end:
            self._stage.repair()
        self._weather.wait(self._seconds + 60)
        self._stage.repair()
        self._weather.last_blow(self._post_late)
        self._settled = self._books.settle_down(self._bounds.settle_seconds, self._stage.repair)

    def _post_late(self) -> None:
        self._late.start()
        self._late.wait(30)

    def outcome(self, seconds: float) -> Outcome:
        """Reckon."""
        rows, taken, ledger = self._books.rows(), self._receiver.taken, self._crowd.ledger
        self._follower.finish(max((row.seq or 0 for row in rows.decisions), default=0), FOLLOW_SECONDS)
        ledger.take_over(self._late.ledger)
        findings = reckon(ledger, rows, taken, self._follower.seen)
        if self._receiver.unsigned:
            findings.disorder.append(f"{self._receiver.unsigned} callbacks had no good signature")
        if self._settled is None:
            comments, callbacks = self._books.waiting()
            findings.stuck.append(f"{comments} comments and {callbacks} callbacks wait, and nothing moves")
        findings.stuck += [f"a fault could not be made: {failure}" for failure in self._weather.failed]
        return Outcome(
            stage=self._stage.name,
            seed=self._seed,
            accepted=len(ledger.accepted),
            tries=ledger.tries,
            refused=ledger.refused,
            decisions=len(rows.decisions),
            taken=len(taken),
            repeated=len(taken) - len({one.webhook_id for one in taken}),
            turned_away=self._receiver.refused,
            settled=self._settled,
            seconds=seconds,
            recovered=recoveries(self._weather.struck, ledger, rows),
            left_out=self._weather.left_out,
            findings=findings,
            restarts=self._stage.restarts,
        )
