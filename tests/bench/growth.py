"""Whether it stays as fast: ingest, lease, verdict, queue page, decision and published page at any number of rows.

Run as `python -m tests.bench.growth [--sizes 10000,1000000] [--on sqlite] [--plans]`. The databases of all sizes stand
side by side and are asked by turns, so that whatever else the machine does falls on all of them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text

from service.actions import Judgement, Scored, review, settle
from service.bell import QuietBell
from service.moderation.comment import Article, Status
from service.moderation.desk import Wanted
from service.moderation.verdict import Action, Who
from service.ports import House, Site
from service.storage import SqlStore, migrate
from service.storage.engines import open_engine
from service.web.published import published_page
from tests import servers
from tests.builders import courier, draft

SIZES = (10_000, 100_000, 1_000_000)
HELD_MOST = 50_000
A_PAGE = 50
PER_ARTICLE = 100
LEASE = 100
ROUNDS = 30
TARGET = 1.3
ARTICLES = """
INSERT INTO articles (site_id, url, title, published_at)
SELECT 1, 'https://courier.example/' || i, 'The bridge opens', 0 FROM ({numbers}) AS n
"""
COMMENTS = """
INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body, submitted_at,
    received_at, content_hash, source, author_key, decided_at, decision_id, published_revision, score, label, language)
SELECT 1, 'old-' || i, 1, CASE WHEN i % {each} = 0 THEN 'held' WHEN i % 10 = 3 THEN 'rejected' ELSE 'approved' END,
    {yes}, 1, 1 + i % {articles}, 'Ada', 'The bridge saves me twenty minutes every morning, and nobody asked. ' || i,
    i, i, 'hash ' || i, 'api', 'author ' || i % {authors}, i, i,
    CASE WHEN i % {each} = 0 OR i % 10 = 3 THEN NULL ELSE 1 END, (i % 1000) / 1000.0, 'insult', 'en'
FROM ({numbers}) AS n
"""
DECISIONS = """
INSERT INTO decisions (pk, comment_pk, site_id, revision, action, who_kind, who, from_status, to_status, created_at,
    effective_at, seq)
SELECT pk, pk, 1, 1, CASE status WHEN 'held' THEN 'hold' WHEN 'approved' THEN 'approve' ELSE 'reject' END, 'machine',
    'model', 'pending', status, received_at, received_at, pk FROM comments
"""
Act = Callable[[], object]


@dataclass
class Grown:
    """One database of a certain size, and a house over it."""

    size: int
    house: House
    site: Site
    store: SqlStore
    drafts: Iterator[int]

    def acts(self) -> dict[str, Act]:
        """Return what is measured, each with what it needs made ready beforehand."""
        name = f"new-{next(self.drafts)}"
        pages = self.size // PER_ARTICLE
        article = Article(f"https://courier.example/{1 + len(name) * 7 % pages}")
        fresh = [replace(draft(f"{name}-{n}"), article=article) for n in range(LEASE + 1)]
        now = self.house.clock()
        with self.store.write() as tx:
            tx.add_comments(self.site.id, fresh[1:], now)
            held = tx.comments(None, status=Status.HELD, oldest_first=True, limit=1).comments[0]
        leased: list[Scored] = []

        def lease() -> None:
            with self.store.write() as tx:
                found = tx.lease_pending(now, now + timedelta(seconds=30), LEASE)
            leased.extend(Scored(one, None) for one in found)

        return {
            f"lease of {LEASE}": lease,
            f"verdicts on {LEASE}": lambda: settle(self.house, leased),
            "ingest of one": lambda: self.store.add_comment(self.site.id, fresh[0], now),
            f"queue page of {A_PAGE}": lambda: self._queue(now),
            "decision": lambda: review(
                self.house, self.site, held.id, Judgement(Action.APPROVE, Who.SITE, "site courier")
            ),
            "published page": lambda: self._published(article.url),
        }

    def _queue(self, now: datetime) -> None:
        with self.store.read() as tx:
            tx.queue(Wanted(), 1, now, A_PAGE)

    def _published(self, url: str) -> None:
        with self.store.read() as tx:
            published_page(tx, self.site.id, url, A_PAGE, 0)


def grow(url: str, size: int) -> Grown:
    """Fill a database with so many comments of a running house, one in twenty held, 50,000 at most."""
    migrate.upgrade(url)
    engine = open_engine(url)
    store = SqlStore(engine)
    with store.write() as tx:
        site = tx.add_site(courier())
    sqlite = engine.dialect.name == "sqlite"
    told = {
        "each": max(20, size // HELD_MOST),
        "articles": size // PER_ARTICLE,
        "authors": max(1, size // 20),
    }
    yes = "1" if sqlite else "true"
    with engine.connect() as connection:
        if not sqlite:
            connection.execute(text("SET statement_timeout = 0"))
        for statement, count in ((ARTICLES, told["articles"]), (COMMENTS, size), (DECISIONS, 0)):
            with_numbers = statement.format(numbers=_numbers(count, sqlite), yes=yes, **told)
            connection.exec_driver_sql(with_numbers.replace("%", "%%") if not sqlite else with_numbers)
            connection.commit()
        connection.exec_driver_sql("UPDATE site_counters SET seq = (SELECT count(*) FROM comments)")
        if sqlite:
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO numbers (name, value) SELECT 'decision', count(*) FROM comments"
            )
        else:
            connection.exec_driver_sql("SELECT setval('decision_ids', (SELECT count(*) + 1 FROM comments))")
        connection.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if sqlite else "VACUUM ANALYZE")
    house = House(store=store, bell=QuietBell(), clock=lambda: datetime.now(UTC))
    return Grown(size, house, site, store, iter(range(1_000_000)))


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
    event.listen(grown.store._engine, "before_cursor_execute", explain)
    for name, act in acts.items():
        lines.clear()
        act()
        told[name] = list(lines)
    return told


def table(store: str, sizes: Sequence[int], measured: dict[str, list[float]]) -> list[str]:
    """Return the figures as Markdown, each with its ratio to the smallest size."""
    head = ["store", "median ms", *(f"{size:,} rows" for size in sizes), f"ratio (≤ {TARGET})"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name, medians in measured.items():
        ratio = medians[-1] / medians[0]
        lines.append(
            "| " + " | ".join([store, name, *(f"{one:.2f}" for one in medians), f"{ratio:.2f}"]) + " |"
        )
    return lines


def main() -> None:
    """Grow, measure and print."""
    told = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__)
    told.add_argument("--sizes", default=",".join(map(str, SIZES)))
    told.add_argument("--on", choices=("sqlite", "postgresql", "both"), default="both")
    told.add_argument("--rounds", type=int, default=ROUNDS)
    told.add_argument("--plans", action="store_true", help="print the plans at the greatest size as well")
    given = told.parse_args()
    sizes = [int(one) for one in given.sizes.split(",")]
    for store in ("sqlite", "postgresql") if given.on == "both" else (given.on,):
        with ExitStack() as stack:
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
            if grown:
                print("\n".join(table(store, sizes, measure(grown, given.rounds))), flush=True)
            if grown and given.plans:
                for name, lines in plans(grown[-1]).items():
                    print(f"\n{store}, {name}:\n" + "\n".join(f"    {line}" for line in lines))


if __name__ == "__main__":
    main()
