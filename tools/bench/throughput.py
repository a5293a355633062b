"""What is measured of the service, on one store: accepting, deciding, latency, weight, each beside its ceiling."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from service.storage.engines import for_reading, open_engine
from tests.servers import free_port
from tools.bench.load import OK, Client, Ran, analyze, comment, flat_out, paced, request, together
from tools.bench.processes import Installation, start, stop, until

BATCH = 100
UNDECIDED = 2_000
"""So many comments may be on their way while deciding is measured: a queue that only grows would measure accepting."""
PACE = 0.6
QUIET, TOLD = "quiet", "told"
EFFORTS = ("full", "fast")


@dataclass(frozen=True)
class Bounds:
    """Seconds that each stretch of load lasts."""

    accepting: float = 5.0
    deciding: float = 12.0
    paced: float = 8.0


@dataclass(frozen=True)
class Measured:
    """One store's figures: rates per second, latencies in milliseconds, memory in MB, starts in seconds."""

    bare: float
    accepted: float
    batched: float
    decided: dict[str, float]
    """By effort, like `told`."""
    told: dict[str, float]
    median_accept: float
    p99_accept: float
    p95_verdict: float
    web_mb: float
    worker_mb: tuple[float, ...]
    """Of each process, the heaviest first."""
    web_start: float
    compat_mb: float
    """Of a web process whose compatibility APIs are in use, the model and the language identifier loaded."""
    compat_start: float
    """Until it has answered its first question with scores."""
    worker_start: float
    refused: int


def measure(home: Path, database_url: str | None, redis_url: str, bounds: Bounds) -> Measured:
    """Measure one installation, made in `home`; about 50 s with the usual bounds."""
    home.mkdir()
    port = free_port()
    receiver = start("tools.bench.receiver", str(port), port=port)
    try:
        with Installation(home, database_url, redis_url) as installation:
            keys = {
                QUIET: installation.add_site(QUIET),
                TOLD: installation.add_site(TOLD, f"http://127.0.0.1:{port}/hook"),
            }
            web_start = installation.start_web()
            installation.start_peer()
            bare, single, batches = _accepting(installation, keys[QUIET], bounds)
            installation.stop("peer")
            worker_start = installation.start_workers()
            with Counts(installation.database_url, port) as counts:
                until(lambda: counts.pending() == 0, 120)
                decided, told = {}, {}
                for effort in EFFORTS:
                    batches_of = _batches(keys[QUIET], f"quiet-{effort}", effort)
                    decided[effort] = _decided(installation, bounds, batches_of, counts.decided)
                    until(lambda: counts.pending() == 0, 120)
                    batches_of = _batches(keys[TOLD], f"told-{effort}", effort)
                    told[effort] = _decided(installation, bounds, batches_of, counts.delivered)
                    until(lambda: counts.pending() == 0 and counts.undelivered() == 0, 120)
                steady = paced(
                    installation.port, bounds.paced, single.rate * PACE, _ones(keys[QUIET], "paced")
                )
                until(lambda: counts.pending() == 0, 120)
                p95_verdict = counts.verdict_after("paced", 0.95)
            web_mb = sum(installation.weights("web"))
            worker_mb = tuple(installation.weights("worker"))
            installation.stop("web")
            compat_start, asked = _compat(installation, keys[QUIET])
            compat_mb = sum(installation.weights("web"))
    finally:
        stop(receiver)
    return Measured(
        bare=bare.rate,
        accepted=single.rate,
        batched=batches.rate * BATCH,
        decided=decided,
        told=told,
        median_accept=steady.at(0.5),
        p99_accept=steady.at(0.99),
        p95_verdict=p95_verdict,
        web_mb=web_mb,
        worker_mb=worker_mb,
        web_start=web_start,
        compat_mb=compat_mb,
        compat_start=compat_start,
        worker_start=worker_start,
        refused=bare.bad + single.bad + batches.bad + steady.bad + asked.bad,
    )


def _compat(installation: Installation, key: str) -> tuple[float, Ran]:
    """Start a web process that scores, ask it for two seconds, no language named; return how it began, and ran."""
    installation.env["REPLYDESK_COMPAT"] = "warm"
    seconds = installation.start_web()
    began = time.monotonic()
    client = Client(installation.port)
    until(lambda: client.send(analyze(key, 0)) in OK, 30)
    seconds += time.monotonic() - began
    client.close()
    return seconds, flat_out(installation.port, 2.0, lambda number: analyze(key, number))


def _ones(key: str, name: str) -> Callable[[int], bytes]:
    return lambda number: request("/v1/comments", comment(f"{name}-{number}"), key)


def _batches(key: str, name: str, effort: str = "full") -> Callable[[int], bytes]:
    def make(number: int) -> bytes:
        items = [comment(f"{name}-{number * BATCH + place}") for place in range(BATCH)]
        return request(f"/v1/comments/batch?effort={effort}", items, key)

    return make


def _accepting(installation: Installation, key: str, bounds: Bounds) -> list[Ran]:
    """Run the bare endpoint, the service one by one and the service in batches by turns, a second each.

    So that whatever else the machine does meanwhile falls on all three.
    """
    runs: list[list[Ran]] = [[], [], []]
    for turn in range(1 + round(bounds.accepting)):
        runs[0].append(flat_out(installation.peer_port, 1.0, _ones("", f"bare-{turn}")))
        runs[1].append(flat_out(installation.port, 1.0, _ones(key, f"one-{turn}")))
        runs[2].append(flat_out(installation.port, 1.0, _batches(key, f"batch-{turn}"), connections=4))
    return [together(stretches[1:]) for stretches in runs]  # the first warms up


def _decided(
    installation: Installation, bounds: Bounds, make: Callable[[int], bytes], count: Callable[[], int]
) -> float:
    """Keep enough on its way and return how many a second came out at the end, over all but the first second."""
    before = count()
    lead = 1.0
    marks: list[tuple[float, int]] = []
    began = time.monotonic()

    def fed(number: int) -> bytes:
        raw = make(number)
        while (number + 1) * BATCH - (now := count() - before) > UNDECIDED and not over():
            time.sleep(0.01)
        if time.monotonic() > began + lead:
            marks.append((time.monotonic(), now))
        return raw

    def over() -> bool:
        return time.monotonic() > began + lead + bounds.deciding

    flat_out(installation.port, lead + bounds.deciding, fed, connections=2)
    (first_at, first), (last_at, last) = marks[0], marks[-1]
    return (last - first) / (last_at - first_at)


class Counts:
    """Asks the database and the receiver how far things are."""

    def __init__(self, database_url: str, receiver_port: int) -> None:
        self._engine = open_engine(database_url)
        self._reading = for_reading(self._engine)
        self._receiver = f"http://127.0.0.1:{receiver_port}/"

    def __enter__(self) -> Counts:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def _number(self, question: str, **values: object) -> int:
        connection: Connection
        with self._reading.begin() as connection:
            return int(connection.execute(text(question), values).scalar_one() or 0)

    def pending(self) -> int:
        """Comments not yet decided."""
        return self._number("SELECT count(*) FROM comments WHERE status = 'pending'")

    def undelivered(self) -> int:
        """Callbacks still on their way."""
        return self._number("SELECT count(*) FROM deliveries WHERE state = 'waiting'")

    def decided(self) -> int:
        """Decisions that was published, over all sites."""
        return self._number("SELECT sum(seq) FROM site_counters")

    def delivered(self) -> int:
        """Callbacks that the site took."""
        with urllib.request.urlopen(self._receiver, timeout=10) as answer:  # noqa: S310  # our own receiver
            return int(answer.read())

    def verdict_after(self, name: str, share: float) -> float:
        """Milliseconds between acceptance and verdict that this share of the comments named so stayed within."""
        ours = "FROM comments WHERE id >= :low AND id < :high AND decided_at IS NOT NULL"
        told = {"low": f"{name}-", "high": f"{name}."}
        count = self._number(f"SELECT count(*) {ours}", **told)
        place = min(count - 1, int(count * share))
        late = f"SELECT decided_at - received_at AS spent {ours} ORDER BY spent LIMIT 1 OFFSET :place"
        return self._number(late, **told, place=place) / 1000
