"""The page: each figure beside its ceiling or peer of the same run, then where the time goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.bench.profile import Shares
from tools.bench.throughput import BATCH, EFFORTS, PACE, Measured

HEAD = """\
# Benchmarks

Written by `make bench`: every figure beside its ceiling or peer, measured in the same run, on the machine below.
The load client, the server, the worker, the database and the broker share its processors.
"""
NOTES = f"""
- **Bare endpoint**: Flask, pydantic and one INSERT, committed, under the same server with the same threads, on the same
  database with the same pool. It knows no site, masks nothing, seals nothing, forgets replays and tells nobody.
- Comments that come one by one and wait at the same moment share one commit, and on PostgreSQL one statement; the bare
  endpoint commits each alone.
- A load average above the number of processors means that others worked here too: then believe the ratios of what ran
  by turns (accepting), and nothing else.
- **Decided** counts decisions that were published, **told** callbacks that the site took, while batches of {BATCH} come
  in as fast as they go out. The ceiling is one task that does nothing for each comment, published and run.
- **Latency** is taken with the service running, at {PACE:.0%} of the one-by-one rate, from the moment each request
  was due; the verdict from acceptance to decision.
- **Memory** counts shared pages once for each process. On PostgreSQL a worker is a parent that scores nothing and a
  child for each processor; on SQLite it is one process with threads.

What takes longer than a bench may has a command of its own, each with `--on sqlite` or `--on postgresql`:
`python -m tools.bench.growth` (as fast at a million rows: [growth](growth.md)), `python -m tools.bench.fairness` (one
site floods, another waits), `python -m tools.bench.hung_broker` (who posts while the broker hangs); and `make storm`
([the storm](storm.md)).
"""
NEXT = """
## What holds it up next

Accepting one by one waits for Python: one process does one thing at a time, and most of a request is spent in Flask,
and in SQLAlchemy where a comment comes alone. More web processes help on PostgreSQL. On SQLite the one write lock
comes next: while the worker leases or settles, acceptors wait, so it leases twenty times a second at most, decides
before it takes the lock, and whoever waits for the lock looks every half millisecond. Each commit waits for the disk
once, and so the disk's own time bounds the p99 there. Deciding is spent in the sentence encoder, which `full` asks for
every comment; `fast` does without it.
"""
DECIDED_TARGETS = {"full": "≥ 300/s", "fast": "≥ 0.4 · ≥ 1.0"}
TOLD_TARGETS = {"full": "", "fast": "≥ 0.25 · ≥ 0.6"}
Row = tuple[str, str, str, str, str, str]


def page(
    machine: str,
    stores: Mapping[str, Measured | str],
    tasks: float,
    shares: tuple[Shares, Shares],
    seconds: float,
) -> str:
    """Return the whole page; a store that could not be measured is its reason instead."""
    lines = [HEAD, f"{machine}. The run took {seconds:.0f} s.\n"]
    lines += _table(
        ("store", "what", "measured", "ceiling or peer", "ratio", "target · beyond"), _rows(stores, tasks)
    )
    lines += [
        f"\n**Not measured: {name}.** {reason}" for name, reason in stores.items() if isinstance(reason, str)
    ]
    lines += [NOTES, "## Where the time goes\n"]
    for title, one in zip(("Accepting one comment", "Deciding one comment"), shares, strict=True):
        lines += [f"{title}, on SQLite, without the server: {one.micros:,.0f} µs of processor time.\n"]
        lines += [*_table(("where", "share", "µs"), _parts(one)), ""]
    lines += [NEXT.strip(), ""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(stores: Mapping[str, Measured | str], tasks: float) -> list[Row]:
    rows: list[Row] = []
    for name, one in stores.items():
        if isinstance(one, str):
            continue
        rows += [
            _rate(
                name,
                "accepted/s, one by one",
                one.accepted,
                f"{one.bare:,.0f} bare",
                one.bare,
                "≥ 0.5 · ≥ 0.7",
            ),
            _rate(
                name,
                f"accepted/s, batches of {BATCH}",
                one.batched,
                f"{one.accepted:,.0f} one by one",
                one.accepted,
                "≥ 4 · ≥ 8",
            ),
            *_deciding(name, one, tasks),
            _plain(name, "accept, median", f"{one.median_accept:,.1f} ms", ""),
            _plain(name, "accept, p99", f"{one.p99_accept:,.1f} ms", "< 50 ms · < 20 ms"),
            _plain(name, "accept → verdict, p95", f"{one.p95_verdict:,.0f} ms", "< 1 s · < 250 ms"),
            _plain(
                name,
                "web, compatibility APIs unused: memory, cold start",
                f"{one.web_mb:,.0f} MB, {one.web_start:.1f} s",
                "≤ 110 MB, ≤ 3 s",
            ),
            _plain(
                name,
                "web, compatibility APIs in use: memory, cold start",
                f"{one.compat_mb:,.0f} MB, {one.compat_start:.1f} s",
                "≤ 260 MB, ≤ 3 s",
            ),
            _plain(
                name,
                f"worker: the heaviest process (of {len(one.worker_mb)}), cold start",
                f"{one.worker_mb[0]:,.0f} MB ({sum(one.worker_mb):,.0f} in all), {one.worker_start:.1f} s",
                "≤ 250 MB, ≤ 3 s",
            ),
            _plain(name, "requests refused", f"{one.refused}", "0"),
        ]
    return rows


def _deciding(name: str, one: Measured, tasks: float) -> list[Row]:
    beside = f"{tasks:,.0f} tasks"
    return [
        row
        for effort in EFFORTS
        for row in (
            _rate(
                name,
                f"decided/s, {effort}, callbacks off",
                one.decided[effort],
                beside,
                tasks,
                DECIDED_TARGETS[effort],
            ),
            _rate(
                name,
                f"decided and told/s, {effort}",
                one.told[effort],
                beside,
                tasks,
                TOLD_TARGETS[effort],
            ),
        )
    ]


def _rate(store: str, what: str, rate: float, beside: str, ceiling: float, target: str) -> Row:
    return store, what, f"{rate:,.0f}", beside, f"{rate / ceiling:.2f}", target


def _plain(store: str, what: str, measured: str, target: str) -> Row:
    return store, what, measured, "", "", target


def _parts(one: Shares) -> list[tuple[str, str, str]]:
    return [(package, f"{share:.0%}", f"{share * one.micros:,.0f}") for package, share in one.packages]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
