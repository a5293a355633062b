"""How fast the desk is at a million comments on PostgreSQL, and in a browser: `python -m tools.evidence.desk_speed`.

`--rows N` makes fewer. It makes a database of its own on the server that the tests use, and drops it. It prints one
table at the end, and exits with 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from flask import Flask
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from service import usecases
from service.domain.desk_records import Sort
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.storage import migrate, open_store
from service.usecases import Judgement, Target
from service.usecases.bulk import BulkOutcome, decide_bulk, undo_bulk
from service.usecases.moderators import invite
from tests import servers
from tests.journey.conftest import SWITCHES, executable
from tests.web.pages.browser import Browser
from tests.web.pages.installation import Small, build_small
from tools.bench.machine import described
from tools.evidence.desk_million import HELD_SHARE, fill

ARTICLE = "https://courier.example/9"
ROUNDS = 60
SCRIPTED = 200
PLACES = (
    "",
    "?sort=score",
    "?sort=doubt",
    "?after=500000",
    *(
        f"{filters}&sort={sort.value}"
        for filters in ("?site=herald", "?label=threat", "?language=de")
        for sort in Sort
    ),
    "?site=courier&label=insult&language=fr&sort=score",
    f"?article={ARTICLE}",
    f"?site=courier&article={ARTICLE}&sort=score",
    "?queue=late",
    "?queue=reported",
    "?queue=aside",
    "?queue=appeals",
    "?queue=published",
    "?queue=published&site=courier",
    "?queue=published&label=threat",
    "?queue=decided",
    "?queue=decided&after=500000",
)
"""Every queue, order and filter of the queue page."""
RANGES = (
    "?low=0.4&high=0.6",
    "?by=toxicity&low=0&high=1",
    "?by=identity_attack&low=0.3&high=0.35",
    "?by=insult&low=0.9&high=1&label=threat",
    "?by=spam&low=0.2&high=0.9&site=courier&language=en",
)
AROUND = (
    "search?q=ferry",
    "search?q=gate77",
    "search?q=nowhere",
    "search?q=ferry+gate77&site=courier",
    "comments/15003",
    "comments/600/duplicates",
    "bulk/1",
)


Took = tuple[float, float]
"""Seconds on the wall, and of this process's own work: the first grows on a busy machine, the second hardly."""
ARRIVE_SECONDS = 30


@dataclass
class Kind:
    """One row of the table: what was timed, in each of its places, and what 95 of a hundred must stay under."""

    name: str
    bound: float
    places: dict[str, list[Took]] = field(default_factory=dict)

    def add(self, place: str, took: list[Took]) -> None:
        """Keep what a place took, and say so."""
        self.places[place] = took
        print(f"{self.name} {place}: p95 {p95(took):.1f} ms", file=sys.stderr, flush=True)

    @property
    def all(self) -> list[Took]:
        """What was timed anywhere."""
        return [one for took in self.places.values() for one in took]

    @property
    def holds(self) -> bool:
        """Whether the bound was kept."""
        return p95(self.all) < self.bound

    def row(self) -> list[str]:
        """Return what the table says of it."""
        slowest = max(self.places, key=lambda place: p95(self.places[place]))
        wall = [f"{figure(self.all):.1f}" for figure in (p50, p95)]
        own = [f"{figure(self.all, 1):.1f}" for figure in (p50, p95)] if self.all[0][1] else ["", ""]
        worst = f"{slowest} ({p95(self.places[slowest]):.1f})" if len(self.places) > 1 else ""
        return [
            self.name,
            str(len(self.all)),
            *wall,
            *own,
            f"< {self.bound:g}",
            "yes" if self.holds else "NO",
            worst,
        ]


def p50(took: list[Took], which: int = 0) -> float:
    """Return the median in milliseconds, on the wall (0) or of own work (1)."""
    return statistics.median(one[which] for one in took) * 1000


def p95(took: list[Took], which: int = 0) -> float:
    """Return the 95th percentile in milliseconds, on the wall (0) or of own work (1)."""
    return statistics.quantiles([one[which] for one in took], n=20, method="inclusive")[18] * 1000


def timed(act: Callable[[], object]) -> Took:
    """Return how long one call took."""
    begun, own = time.perf_counter(), time.thread_time()
    act()
    return time.perf_counter() - begun, time.thread_time() - own


def looked_at(browser: Browser, kind: Kind, places: Iterable[str], rounds: int) -> Kind:
    """Time pages that one moderator looks at again and again; the first look, which plans anew, is left out."""
    for place in places:
        path = f"/desk{place}"
        assert browser.get(path).status == 200, path
        kind.add(place or "(age)", [timed(lambda path=path: browser.get(path)) for _ in range(rounds)])  # type: ignore[misc]
    return kind


def decisions(browser: Browser, rounds: int) -> Kind:
    """Time decisions, each on a comment fresh from the queue, as the script on the page posts them."""
    took: list[Took] = []
    while len(took) < rounds:
        for card in browser.get("/desk?sort=doubt").tree.all("article"):
            form = card.one("form", class_="acts")
            given = form.fields() | {"action": ("approve", "reject", "spam")[len(took) % 3]}
            address = form.attributes["action"]
            took.append(timed(lambda a=address, g=given: browser.post(a, g, HX_Request="true")))  # type: ignore[misc]
    return Kind("decision", 20, {"": took})


def bulk_decisions(small: Small, rounds: int) -> Iterator[Kind]:
    """Time one act on 500 held comments, and its undo before it left."""
    installation, judgement = small.context.deps, Judgement(Action.REJECT, Who.MODERATOR, "Mara")
    with installation.store.read() as tx:
        sites = {one.id: one for one in tx.sites.all()}
        held = tx.comments.page(None, status=Status.HELD, limit=500).comments
    targets = [Target(sites[one.site_id], one.id, one.revision) for one in held]
    decided: list[Took] = []
    undone: list[Took] = []
    for _ in range(rounds):
        made: list[BulkOutcome] = []
        decided.append(
            timed(lambda m=made: m.append(decide_bulk(installation, targets, judgement, "all", 5.0)))
        )  # type: ignore[misc]
        assert made[0].changed == len(targets)
        undone.append(
            timed(lambda m=made: undo_bulk(installation, m[0].bulk_decision.id, Who.MODERATOR, "Mara"))
        )  # type: ignore[misc]
    yield Kind("range of 500 decided", 500, {"": decided})
    yield Kind("range of 500 taken back", 500, {"": undone})


def heartbeats(browser: Browser, rounds: int) -> Kind:
    """Time the heartbeat that finds nothing new."""
    cards = [one.attributes["id"][1:] for one in browser.get("/desk").tree.all("article")]
    url = f"/desk/updates?have={','.join(cards)}&seen=999999999"
    tag = browser.get(url).headers["ETag"]
    return Kind(
        "heartbeat (304)",
        50,
        {"": [timed(lambda: browser.get(url, If_None_Match=tag)) for _ in range(rounds)]},
    )


def served(small: Small, rounds: int) -> Iterator[Kind]:
    """Time what the server does for the desk, without a browser."""
    browser = small.signed_in()
    yield looked_at(browser, Kind("queue page, every queue, order and filter", 50), PLACES, rounds)
    yield decisions(browser, rounds * 3)
    yield from bulk_decisions(small, max(rounds // 10, 2))
    yield looked_at(browser, Kind("range preview", 150), (f"/ranges{one}" for one in RANGES), rounds)
    yield looked_at(
        browser, Kind("search, comment, cluster, act", 150), (f"/{one}" for one in AROUND), rounds
    )
    spans = (f"/overview?span={span}" for span in ("24h", "7d", "30d"))
    yield looked_at(browser, Kind("overview", 1000), spans, max(rounds // 5, 2))
    yield heartbeats(small.signed_in("Noor"), rounds)


@contextmanager
def million(rows: int) -> Iterator[Small]:
    """An installation on a database of that many comments."""
    with tempfile.TemporaryDirectory() as home, servers.postgresql_database() as url:
        migrate.upgrade(url)
        server = make_server("127.0.0.1", 0, Flask("nobody yet"), threaded=True)
        small = build_small(Path(home), open_store(url), PORT=str(server.port))
        now = int(small.clock().timestamp() * 1_000_000)
        begun = time.perf_counter()
        fill(url, rows, now)
        print(
            f"{rows:,} comments, one in {HELD_SHARE} held, made in {time.perf_counter() - begun:.0f} s",
            flush=True,
        )
        server.app = small.app
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield small
        server.shutdown()
        server.server_close()
        small.context.close()


PAINT = """(key) => new Promise((done) => {
  const before = document.querySelector('article.now')?.id;
  const begun = performance.now();
  const look = () => {
    const now = document.querySelector('article.now')?.id;
    if (now !== before) requestAnimationFrame(() => done(performance.now() - begun));
    else requestAnimationFrame(look);
  };
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  look();
})"""


def painted(small: Small, scripted: int) -> tuple[Kind, list[str]]:
    """From key press to the next comment painted; then decisions by keys, and by the form without scripts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable() or playwright.chromium.executable_path, args=SWITCHES
        )
        page = signed_in(small, browser.new_context().new_page(), "Kim")
        took: list[Took] = []
        for n in range(scripted):
            page.wait_for_selector("article.now")
            took.append((page.evaluate(PAINT, "ars"[n % 3]) / 1000, 0.0))
        arrived(small, "Kim", scripted)
        page = signed_in(small, browser.new_context().new_page(), "Lou")
        begun = time.perf_counter()
        for n in range(scripted):
            page.wait_for_selector("article.now")
            page.keyboard.press("ars"[n % 3])
        by_keys = time.perf_counter() - begun
        arrived(small, "Lou", scripted)
        plain = signed_in(small, browser.new_context(java_script_enabled=False).new_page(), "Max")
        begun, presses = time.perf_counter(), 0
        for _ in range(scripted):
            presses += by_form(plain)
        by_forms = time.perf_counter() - begun
        arrived(small, "Max", scripted)
        browser.close()
    each = presses / scripted
    return Kind("key press to next comment painted", 100, {"": took[5:]}), [
        f"{scripted} decisions by keys: 1.00 keystrokes and {by_keys / scripted:.3f} s each.",
        f"{scripted} by the plain form (Tab, Enter, next page): {each:.2f} keystrokes and {by_forms / scripted:.3f} s.",
    ]


def arrived(small: Small, who: str, many: int) -> None:
    """Wait until the store has as many decisions of somebody as they made. Raises AssertionError if some were lost."""
    made, ends_at = 0, time.monotonic() + ARRIVE_SECONDS
    while made < many and time.monotonic() < ends_at:
        with small.context.deps.store.read() as tx:
            made = sum(one.who == who for one, _ in tx.decisions.latest(None, 2 * many))
        time.sleep(0.05)
    assert made == many, f"{made} of {many} decisions by {who} arrived"


def by_form(page: Page) -> int:
    """Decide the first comment as somebody without scripts does, and count the keys."""
    page.locator("#main").focus()
    for presses in range(1, 80):
        page.keyboard.press("Tab")
        if page.locator("form.acts button[value=approve]:focus").count():
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return presses + 1
    raise AssertionError("no button was reached")


def signed_in(small: Small, page: Page, name: str) -> Page:
    """Sign in as a person does."""
    page.goto(invite(small.context, name)[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")
    return page


def table(kinds: Sequence[Kind]) -> list[str]:
    """Return the figures as Markdown, in milliseconds."""
    head = ["what", "n", "p50", "p95", "own work p50", "p95", "bound", "holds", "slowest place (its p95)"]
    rows = [head, ["---"] * len(head), *(kind.row() for kind in kinds)]
    return [f"| {' | '.join(row)} |" for row in rows]


def main() -> int:
    """Measure, print the table, and say whether every bound holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--scripted", type=int, default=SCRIPTED, help="decisions made in the browser")
    parser.add_argument("--server-only", action="store_true", help="leave the browser out")
    asked = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    begun, busy = time.perf_counter(), os.getloadavg()[0]
    beside: list[str] = []
    with million(asked.rows) as small:
        kinds = list(served(small, asked.rounds))
        if not asked.server_only:
            seen, beside = painted(small, asked.scripted)
            kinds.append(seen)
        small.clock.pass_seconds(6)
        usecases.publish_due(small.context.deps)
    busy_after = os.getloadavg()[0]
    print(f"{described()}; load average {busy:.1f} before, {busy_after:.1f} after. ", end="")
    print(f"The run took {time.perf_counter() - begun:.0f} s. Milliseconds:\n")
    print("\n".join([*table(kinds), "", *beside]))
    return 0 if all(kind.holds for kind in kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
