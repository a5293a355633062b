"""Whether it stays as fast: ingest, lease, verdict, queue page, decision and published page at any number of rows.

Run as `python -m tools.bench.growth [--sizes 10000,1000000] [--on sqlite] [--plans] [--write]`. The databases of all
sizes stand side by side and are asked by turns, so that whatever else the machine does falls on all of them. A greater
one is the same installation after a longer run: as many articles are written about at a time, the newest are asked
about, and what is held is among the newest. It exits with 1 when a greatest size takes more than the bound.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from service.context import Dependencies
from service.domain.comment import Article
from service.domain.desk_records import Wanted
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.messaging.dispatcher import RecordingDispatcher
from service.storage import Store, migrate
from service.storage.engines import open_engine
from service.usecases import Judgement, Scored, record_scores, review
from service.web.threads import published_page
from tests import servers
from tests.factories import courier, draft
from tools.bench.machine import described
from tools.filling import indexes_last, run, side_by_side

SIZES = (10_000, 100_000, 1_000_000)
HELD_SHARE = 20
HELD_AMONG = 1_000_000
"""One in twenty of so many of the newest is held: 50,000 at most, as close together at any size."""
AN_ERA = 10_000
"""While so many comments come in, the same hundred articles are written about; then come others."""
AT_A_TIME = 100
A_PAGE = 50
LEASE = 100
ROUNDS = 30
COUNTED_ROUNDS = 5
TARGET = 1.3
GREAT = 100_000
"""A smaller table is rightly read from end to end now and then."""
MILLISECONDS, PAGES = "median ms", "pages touched"
PAGE = Path("docs/growth.md")
STATUS = """CASE WHEN i % {share} = 0 AND i > {held_after} THEN 'held'
    WHEN i % 10 = 3 THEN 'rejected' ELSE 'approved' END"""
ARTICLES = """
INSERT INTO articles (site_id, url, title, published_at)
SELECT 1, 'https://courier.example/' || i, 'The bridge opens', 0 FROM ({numbers}) AS n
"""
COMMENTS = """
INSERT INTO comments (pk, site_id, id, revision, status, live, attempts, article_pk, author_name, body, submitted_at,
    received_at, content_hash, source, author_key, decided_at, decision_id, published_revision, score, label, language)
{overriding}
SELECT i, 1, 'old-' || i, 1, status, {yes}, 1,
    1 + (i - 1) / {era} * {at_a_time} + (i - 1 + (i - 1) / {at_a_time}) % {at_a_time}, 'Ada',
    'The bridge saves me twenty minutes every morning, and nobody asked. ' || i, i, i, 'hash ' || i, 'api',
    'author ' || (i % {authors}), i, i, CASE status WHEN 'approved' THEN 1 END, (i % 1000) / 1000.0, 'insult', 'en'
FROM (SELECT i, {status} AS status FROM ({numbers}) AS n) AS told
"""
DECISIONS = """
INSERT INTO decisions (pk, comment_pk, site_id, revision, action, who_kind, who, from_status, to_status, created_at,
    effective_at, seq)
SELECT i, i, 1, 1, CASE status WHEN 'held' THEN 'hold' WHEN 'approved' THEN 'approve' ELSE 'reject' END, 'machine',
    'model', 'pending', status, i, i, i FROM (SELECT i, {status} AS status FROM ({numbers}) AS n) AS told
"""
AFTER = {
    "sqlite": (
        "UPDATE site_counters SET seq = {size}",
        "INSERT OR REPLACE INTO numbers (name, value) VALUES ('decision', {size})",
        "ANALYZE",
    ),
    "postgresql": (
        "UPDATE site_counters SET seq = {size}",
        "SELECT setval('decision_ids', {size} + 1)",
        "SELECT setval(pg_get_serial_sequence('comments', 'pk'), {size})",
        "VACUUM ANALYZE",
    ),
}
PAGES_TOUCHED = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()"
READ_WHOLE = re.compile(
    r"Seq Scan on (?:comments|decisions|articles)\b|^SCAN (?:comments|decisions|articles)$"
)
Act = Callable[[], object]


@dataclass
class Grown:
    """One database of a certain size, and an installation over it."""

    size: int
    deps: Dependencies
    site: Site
    store: Store
    seconds: float
    """How long it took to fill it."""
    turns: Iterator[int]

    def acts(self) -> dict[str, Act]:
        """Return what is measured, each with what it needs made ready beforehand."""
        turn = next(self.turns)
        article = Article(f"https://courier.example/{articles_of(self.size) - turn * 7 % AT_A_TIME}")
        fresh = [replace(draft(f"new-{turn}-{n}"), article=article) for n in range(LEASE + 1)]
        now = self.deps.clock()
        with self.store.write() as tx:
            tx.comments.add(self.site.id, fresh[1:], now)
            held = tx.comments.page(None, status=Status.HELD, oldest_first=True, limit=1).comments[0]
        leased: list[Scored] = []

        def lease() -> None:
            with self.store.write() as tx:
                found = tx.scoring.lease_pending(now, now + timedelta(seconds=30), LEASE)
            leased.extend(Scored(one, None) for one in found)

        return {
            f"lease of {LEASE}": lease,
            f"verdicts on {LEASE}": lambda: record_scores(self.deps, leased),
            "ingest of one": lambda: self.store.add_comment(self.site.id, fresh[0], now),
            f"queue page of {A_PAGE}": lambda: self._queue(now),
            "decision": lambda: review(
                self.deps, self.site, held.id, Judgement(Action.APPROVE, Who.SITE, "site courier")
            ),
            "published page": lambda: self._published(article.url),
        }

    def _queue(self, now: datetime) -> None:
        with self.store.read() as tx:
            tx.queue.page(Wanted(), 1, now, A_PAGE)

    def _published(self, url: str) -> None:
        with self.store.read() as tx:
            published_page(tx, self.site.id, url, A_PAGE, 0)


def articles_of(size: int) -> int:
    """Return how many articles so many comments are about."""
    return -(-size // AN_ERA) * AT_A_TIME


def grow(url: str, size: int) -> Grown:
    """Fill a database with so many comments of a running installation."""
    begun = time.perf_counter()
    migrate.upgrade(url)
    engine = open_engine(url)
    store = Store(engine)
    with store.write() as tx:
        site = tx.sites.add(courier())
    dialect = engine.dialect.name
    articles, comments, decisions = _statements(size, dialect == "sqlite")
    ending = [one.format(size=size) for one in AFTER[dialect]]
    if dialect == "sqlite":
        for statement in (articles, comments, decisions, *ending):
            with engine.begin() as connection:
                connection.exec_driver_sql(statement)
    else:
        run(url, [articles])
        with indexes_last(url, ["comments", "decisions"]):
            side_by_side(url, [comments], [decisions])
        run(url, ending)
    with store.write() as tx:
        tx.articles.rekey(site.id)
    deps = Dependencies(store=store, dispatcher=RecordingDispatcher(), clock=lambda: datetime.now(UTC))
    return Grown(size, deps, site, store, time.perf_counter() - begun, iter(range(1_000_000)))


def _statements(size: int, sqlite: bool) -> list[str]:
    told: dict[str, object] = {
        "share": HELD_SHARE,
        "held_after": size - HELD_AMONG,
        "era": AN_ERA,
        "at_a_time": AT_A_TIME,
        "authors": max(1, size // 20),
        "yes": "1" if sqlite else "true",
        "overriding": "" if sqlite else "OVERRIDING SYSTEM VALUE",
    }
    told["status"] = STATUS.format(**told)
    counts = ((ARTICLES, articles_of(size)), (COMMENTS, size), (DECISIONS, size))
    return [statement.format(numbers=_numbers(count, sqlite), **told) for statement, count in counts]


def _numbers(count: int, sqlite: bool) -> str:
    if not sqlite:
        return f"SELECT generate_series(1, {count}) AS i"
    return (
        f"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {count}) SELECT i FROM c"
    )


def measure(sizes: Sequence[Grown], rounds: int) -> dict[str, list[float]]:
    """Return for each act the median milliseconds at each size; the first rounds warm up."""
    spent: dict[tuple[str, int], list[float]] = defaultdict(list)
    for turn in range(rounds + 3):
        for one in sizes:
            for name, act in one.acts().items():
                began = time.perf_counter()
                act()
                if turn >= 3:
                    spent[name, one.size].append(time.perf_counter() - began)
    names = dict.fromkeys(name for name, _ in spent)
    return {name: [statistics.median(spent[name, one.size]) * 1000 for one in sizes] for name in names}


def count(sizes: Sequence[Grown], rounds: int) -> dict[str, list[float]]:
    """Return for each act the median number of pages that PostgreSQL looks at: the same however busy it is."""
    seen: dict[tuple[str, int], list[int]] = defaultdict(list)
    for one in sizes:
        for _ in range(rounds):
            for name, act in one.acts().items():
                first = _touched(one)
                second = _touched(one)
                act()
                third = _touched(one)
                seen[name, one.size].append((third - second) - (second - first))  # a look costs a few itself
    names = dict.fromkeys(name for name, _ in seen)
    return {name: [statistics.median(seen[name, one.size]) for one in sizes] for name in names}


def _touched(grown: Grown) -> int:
    with grown.store.read() as tx:
        tx.connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        return int(tx.connection.exec_driver_sql(PAGES_TOUCHED).scalar_one())


def plans(grown: Grown) -> dict[str, list[str]]:
    """Return the plan of every statement of each act, as the database tells it."""
    told: dict[str, list[str]] = {}
    asking = False
    lines: list[str] = []

    def explain(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        nonlocal asking
        if (
            asking
            or isinstance(parameters, list)
            or statement.split(None, 1)[0] not in ("SELECT", "UPDATE", "WITH", "INSERT")
        ):
            return
        asking = True
        prefix = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        lines.extend(str(row[-1]) for row in connection.exec_driver_sql(f"{prefix} {statement}", parameters))
        lines.append("")
        asking = False

    acts = grown.acts()
    event.listen(grown.store.engine, "before_cursor_execute", explain)
    for name, act in acts.items():
        lines.clear()
        act()
        told[name] = list(lines)
    return told


def table(store: str, unit: str, sizes: Sequence[int], measured: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the figures as Markdown, each with its ratio to the smallest size."""
    bound = f" (≤ {TARGET})" if unit == MILLISECONDS else ""
    head = ["store", unit, *(f"{size:,} rows" for size in sizes), f"ratio{bound}"]
    digits = 2 if unit == MILLISECONDS else 0
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name, figures in measured.items():
        told = [f"{one:,.{digits}f}" for one in figures]
        lines.append("| " + " | ".join([store, name, *told, f"{ratio(figures):.2f}"]) + " |")
    return lines


def ratio(figures: Sequence[float]) -> float:
    """Return how many times the greatest size takes what the smallest takes."""
    return figures[-1] / max(figures[0], 1e-9)


def put_in(page: str, command: str, lines: Sequence[str]) -> str:
    """Return the page with the lines between the marker of this command and its end. Raises ValueError without one."""
    begin, end = f"<!-- {command} -->\n", "<!-- end -->"
    before, found, rest = page.partition(begin)
    if not found or end not in rest:
        raise ValueError(f"there is no {begin.strip()} in the page")
    return before + begin + "\n" + "\n".join(lines) + "\n\n" + rest[rest.index(end) :]


def main() -> int:
    """Grow, measure, print, and say whether the bound holds."""
    told = argparse.ArgumentParser(prog="python -m tools.bench.growth", description=__doc__)
    told.add_argument("--sizes", default=",".join(map(str, SIZES)))
    told.add_argument("--on", choices=("sqlite", "postgresql", "both"), default="both")
    told.add_argument("--rounds", type=int, default=ROUNDS)
    told.add_argument("--plans", action="store_true", help="print the plans at the greatest size as well")
    told.add_argument("--write", action="store_true", help=f"put the figures into {PAGE}")
    given = told.parse_args()
    sizes = [int(one) for one in given.sizes.split(",")]
    busy, filled = os.getloadavg()[0], []
    tables: dict[str, list[str]] = {MILLISECONDS: [], PAGES: []}
    fine = True
    for store in ("sqlite", "postgresql") if given.on == "both" else (given.on,):
        with ExitStack() as stack:
            grown = _grown(stack, store, sizes)
            if not grown:
                fine = False
                continue
            filled.append(f"{grown[-1].size:,} rows on {store} were made in {grown[-1].seconds:,.0f} s")
            measured = {MILLISECONDS: measure(grown, given.rounds)}
            if store == "postgresql":
                measured[PAGES] = count(grown, COUNTED_ROUNDS)
            for unit, figures in measured.items():
                lines = table(store, unit, sizes, figures)
                tables[unit] += lines[2:] if tables[unit] else lines
            fine = fine and all(ratio(figures) <= TARGET for figures in measured[MILLISECONDS].values())
            fine = _looked_over(store, plans(grown[-1]), sizes[-1] >= GREAT, given.plans) and fine
    machine = f"{described()}; load average {busy:.1f} before, {os.getloadavg()[0]:.1f} after"
    lines = [f"{machine}. {'; '.join(filled)}.", "", *tables[MILLISECONDS]]
    lines += ["", *tables[PAGES]] if tables[PAGES] else []
    print("\n".join(lines), flush=True)
    if given.write:
        command = " ".join(["python -m tools.bench.growth --write", *_beside_the_default(given)])
        PAGE.write_text(put_in(PAGE.read_text(), command, lines))
    return 0 if fine else 1


def _beside_the_default(given: argparse.Namespace) -> list[str]:
    sizes = [] if given.sizes == ",".join(map(str, SIZES)) else [f"--sizes {given.sizes}"]
    return sizes + ([] if given.on == "both" else [f"--on {given.on}"])


def _grown(stack: ExitStack, store: str, sizes: Sequence[int]) -> list[Grown]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rd-growth-")))
    grown: list[Grown] = []
    for size in sizes:
        print(f"growth: {store}, {size:,} rows …", file=sys.stderr, flush=True)
        try:
            url = (
                f"sqlite:///{folder / f'{size}.db'}"
                if store == "sqlite"
                else stack.enter_context(servers.postgresql_database())
            )
        except servers.Missing as reason:
            print(f"growth: NOT MEASURED on {store}: {reason}", file=sys.stderr)
            break
        grown.append(grow(url, size))
        stack.callback(grown[-1].store.close)
    return grown


def _looked_over(store: str, told: Mapping[str, Sequence[str]], great: bool, aloud: bool) -> bool:
    """Say whether no statement reads a great table from end to end; print the plans of those that do, or of all."""
    whole = (
        {name for name, lines in told.items() if any(READ_WHOLE.search(line) for line in lines)}
        if great
        else set()
    )
    for name, lines in told.items():
        if aloud or name in whole:
            print(f"\n{store}, {name}:\n" + "\n".join(f"    {line}" for line in lines))
    if whole:
        print(f"growth: on {store} a great table is read whole: {', '.join(sorted(whole))}", file=sys.stderr)
    return not whole


if __name__ == "__main__":
    sys.exit(main())
