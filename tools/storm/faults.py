"""Which faults are injected, and when; drawn from a seed, so that a run can be repeated."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, text

from service.storage.engines import for_reading, open_engine
from tools.storm.installations import Installation
from tools.storm.receiver import FAILURES, TAKES, Receiver

HANG_SECONDS = 10.0
FAILURE_SECONDS = 4.0
FULL_SECONDS = 4.0
HUNT_SECONDS = 8.0
KILL = "worker killed (kill -9)"
LAST = "all workers killed and the broker emptied, right after the last comment"


@dataclass(frozen=True)
class Counts:
    """How often each fault is injected."""

    workers: int = 11
    children: int = 2
    broker_emptied: int = 3
    broker_hung: int = 1
    postgres: int = 2
    web: int = 3
    beat: int = 2
    receiver: int = 1
    full: int = 1
    frozen: int = 1


SMALL = Counts(
    workers=0,
    children=1,
    broker_emptied=1,
    broker_hung=0,
    postgres=1,
    web=1,
    beat=1,
    receiver=0,
    full=0,
    frozen=1,
)


@dataclass(frozen=True)
class Injected:
    """A fault that was injected: from when to when, in seconds since 1970."""

    name: str
    began: float
    ended: float


class Faults:
    """Plans the faults over `seconds` and injects each from a thread of its own; those on one thing take turns."""

    def __init__(
        self,
        installation: Installation,
        receiver: Receiver,
        seconds: float,
        seed: int,
        counts: Counts = Counts(),
    ) -> None:
        self._installation, self._receiver = installation, receiver
        self._chance = random.Random(seed * 7919 + 1)
        self.injected: list[Injected] = []
        self.left_out: list[str] = []
        self.failed: list[str] = []
        self._things: dict[str, threading.Lock] = {}
        self._engine = open_engine(installation.database_url)
        self._reading = for_reading(self._engine)
        self._plan = sorted(self._planned(seconds, counts), key=lambda one: one[0])
        self._threads: list[threading.Thread] = []

    def _planned(self, seconds: float, counts: Counts) -> list[tuple[float, str, str, Callable[[], None]]]:
        installation, chance = self._installation, self._chance
        planned: list[tuple[float, str, str, Callable[[], None]]] = []

        def spread(count: int, name: str, thing: str, act: Callable[[], None]) -> None:
            for n in range(count):  # one in each of so many stretches, so that supervisors need not give up
                at = seconds * (n + 0.1 + 0.3 * chance.random()) / count
                planned.append((at, name, thing, act))

        spread(counts.workers, KILL, "worker", self._kill_worker)
        if installation.forks:
            spread(counts.children, "prefork child killed", "worker", self._kill_child)
            spread(counts.frozen, "child frozen (SIGSTOP) past its lease", "worker", self._freeze_child)
        else:
            self.left_out.append(
                "prefork child killed, child frozen: the embedded worker has threads, no children"
            )
        spread(counts.broker_emptied, "broker killed, back empty", "broker", installation.empty_broker)
        spread(
            counts.broker_hung, f"broker hangs (SIGSTOP) {HANG_SECONDS:.0f} s", "broker", self._hang_broker
        )
        if installation.postgres():
            spread(counts.postgres, "PostgreSQL restarted", "disk", self._restart_postgres)
        spread(counts.web, "web killed mid-request", "web", self._kill_web)
        spread(counts.beat, "beat killed", "beat", self._kill_beat)
        for place, behaviour in enumerate(FAILURES * counts.receiver):
            share = (place + 0.5 * chance.random()) / (len(FAILURES) * counts.receiver)
            planned.append(
                (
                    seconds * 0.9 * share,
                    f"receiver {behaviour}",
                    "receiver",
                    partial(self._fail_receiver, behaviour),
                )
            )
        if counts.full and installation.disk and installation.disk.mounted:
            spread(counts.full, f"disk full {FULL_SECONDS:.0f} s", "disk", self._fill_disk)
        elif counts.full:
            self.left_out.append("disk full: mounting a small tmpfs is not permitted here (run as root)")
        return planned

    def start(self) -> None:
        """Let it come."""
        began = time.monotonic()
        for at, name, thing, act in self._plan:
            thread = threading.Thread(target=self._inject, args=(began + at, name, thing, act), daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until it is over."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _inject(self, at: float, name: str, thing: str, act: Callable[[], None]) -> None:
        time.sleep(max(0.0, at - time.monotonic()))
        with self._things.setdefault(thing, threading.Lock()):
            self.publish(name, act)

    def publish(self, name: str, act: Callable[[], None]) -> None:
        """Do it here and now, and note when."""
        began = time.time()
        try:
            act()
        except Exception as failure:  # noqa: BLE001  # a fault that could not be made is told of at the end
            self.failed.append(f"{name}: {type(failure).__name__}: {failure}")
            return
        self.injected.append(Injected(name, began, time.time()))

    # -- the faults ----------------------------------------------------------------------------------------------------

    def _kill_worker(self) -> None:
        """Half of them with a lease in the hand."""
        held = self._held() if self._chance.random() < 0.5 else []
        if pids := self._installation.pids("worker"):
            _send(self._chance.choice(pids), signal.SIGKILL)
        _all(held, signal.SIGCONT)

    def _kill_child(self) -> None:
        held = self._held()
        if pids := held or self._installation.scorers():
            _send(self._chance.choice(pids), signal.SIGKILL)
        _all(held, signal.SIGCONT)

    def _freeze_child(self) -> None:
        """Stop one with a lease in its hand until others have taken over, and let it go on."""
        end = (
            time.monotonic() + 5 * HUNT_SECONDS
        )  # another fault may have taken away all that could be frozen
        while time.monotonic() < end:
            held = self._held()
            if not held:
                continue
            frozen = self._chance.choice(held)
            _all([pid for pid in held if pid != frozen], signal.SIGCONT)
            time.sleep(0.3)  # what the others hold they settle meanwhile
            mine = self._leased(within=0.8)
            if mine:
                time.sleep(self._installation.given.lease_seconds + 4.0)
            _send(frozen, signal.SIGCONT)
            if mine:
                return
        raise TimeoutError("no child held a lease while we looked")

    def _held(self) -> list[int]:
        """Stop all that score at a moment when they hold a lease, and name them; nobody when there was none."""
        end = time.monotonic() + HUNT_SECONDS
        while time.monotonic() < end:
            pids = self._installation.scorers()
            _all(pids, signal.SIGSTOP)
            time.sleep(0.02)  # a statement that was on its way has arrived
            if pids and self._leased():
                return pids
            _all(pids, signal.SIGCONT)
            time.sleep(self._chance.uniform(0.002, 0.02))
        return []

    def _leased(self, within: float = 0.25) -> bool:
        """Whether a lease that was taken so lately is in use; an older one may be a dead worker's."""
        taken_after = time.time() - within + self._installation.given.lease_seconds
        question = (
            "SELECT count(*) FROM comments WHERE status = 'pending' AND attempts > 0 AND lease_until > :then"
        )
        connection: Connection
        try:
            with self._reading.begin() as connection:
                return bool(connection.execute(text(question), {"then": int(taken_after * 1e6)}).scalar_one())
        except Exception:  # noqa: BLE001  # the database may be away at this very moment
            return False

    def _hang_broker(self) -> None:
        pid = self._installation.broker()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(HANG_SECONDS)
        _send(pid, signal.SIGCONT)

    def _restart_postgres(self) -> None:
        postgres = self._installation.postgres()
        if postgres:
            postgres.restart(self._chance.choice((signal.SIGINT, signal.SIGQUIT)))

    def _kill_web(self) -> None:
        """The whole of it, or one of its processes."""
        pids = self._installation.pids("web")
        if pids:
            _send(self._chance.choice(pids), signal.SIGKILL)

    def _kill_beat(self) -> None:
        for pid in self._installation.pids("beat"):
            _send(pid, signal.SIGKILL)

    def _fail_receiver(self, behaviour: str) -> None:
        self._receiver.behave(behaviour)
        time.sleep(FAILURE_SECONDS)
        self._receiver.behave(TAKES)

    def _fill_disk(self) -> None:
        disk = self._installation.disk
        if disk is None:
            return
        disk.fill()
        time.sleep(FULL_SECONDS)
        disk.empty()
        self._installation.repair()

    def inject_last(self, post: Callable[[], None]) -> None:
        """Stop all that work, post, kill them and empty the broker: what was posted only maintenance can find."""

        def publish() -> None:
            _all(self._installation.scorers(), signal.SIGSTOP)
            post()
            time.sleep(
                2.0
            )  # the message is in the broker by now, and not in the hand of a web process that would keep it
            _all([*self._installation.pids("worker"), *self._installation.scorers()], signal.SIGKILL)
            self._installation.empty_broker()

        self.publish(LAST, publish)


def _all(pids: Iterable[int], what: signal.Signals) -> None:
    for pid in pids:
        _send(pid, what)


def _send(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, what)
