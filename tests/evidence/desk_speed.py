"""How fast the desk is at a million comments on PostgreSQL, and in a browser: `python -m tests.evidence.desk_speed`.

`--rows N` makes fewer. It makes a database of its own on the server that the tests use, and drops it.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from flask import Flask
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from service import actions
from service.actions import Judgement, Target
from service.actions.together import decide_together, undo_together
from service.enrolment import invite
from service.moderation.comment import Status
from service.moderation.desk import Sort
from service.moderation.verdict import Action, Who
from service.storage import migrate, open_store
from tests import servers
from tests.evidence.desk_million import HELD_SHARE, fill
from tests.journey.conftest import SWITCHES, executable
from tests.web.pages.browser import Browser
from tests.web.pages.house import Small, build_small

ARTICLE = "https://courier.example/9"
ROUNDS = 150
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
    "?lane=late",
    "?lane=reported",
    "?lane=aside",
    "?lane=appeals",
    "?lane=decided",
    "?lane=decided&after=500000",
)
"""Every lane, order and filter of the queue page."""
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
    "comments/600/wave",
    "together/1",
)


Took = tuple[float, float]
"""Seconds on the wall, and of this process's own work: the first grows on a busy machine, the second hardly."""


def told(name: str, took: list[Took], bound: float) -> None:
    """Print median and 95th percentile beside the bound."""
    seconds = [wall for wall, _ in took]
    middle, p95 = statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[18] * 1000
    own = statistics.median(own for _, own in took) * 1000
    print(
        f"{name:52} n={len(took):<4} p50 {middle:6.1f}  p95 {p95:6.1f}  bound {bound:g} ms  (own work {own:.1f})"
    )


def timed(act: Callable[[], object]) -> Took:
    """Return how long one call took."""
    begun, own = time.perf_counter(), time.thread_time()
    act()
    return time.perf_counter() - begun, time.thread_time() - own


def looked_at(browser: Browser, name: str, path: str, rounds: int, bound: float) -> None:
    """Time one page by one moderator who looks again and again; the first look, which plans anew, is left out."""
    assert browser.get(path).status == 200, path
    told(name, [timed(lambda: browser.get(path)) for _ in range(rounds)], bound)


def pages(browser: Browser, rounds: int) -> None:
    """Time the queue page in every lane, in every order, with every filter."""
    for query in PLACES:
        looked_at(browser, f"queue page {query or '(age)'}", f"/desk{query}", rounds, 50)


def decisions(browser: Browser, rounds: int) -> None:
    """Time decisions, each on a comment fresh from the queue, as the script on the page posts them."""
    seconds = []
    while len(seconds) < rounds:
        for card in browser.get("/desk?sort=doubt").tree.all("article"):
            form = card.one("form", class_="acts")
            given = form.fields() | {"action": ("approve", "reject", "spam")[len(seconds) % 3]}
            address = form.attributes["action"]
            seconds.append(timed(lambda a=address, g=given: browser.post(a, g, HX_Request="true")))  # type: ignore[misc]
    told("decision", seconds, 20)


def together(small: Small, rounds: int) -> None:
    """Time one act on 500 held comments, and its undo before it left."""
    house, judgement = small.parts.house, Judgement(Action.REJECT, Who.MODERATOR, "Mara")
    with house.store.read() as tx:
        sites = {one.id: one for one in tx.sites()}
        held = tx.comments(None, status=Status.HELD, limit=500).comments
    targets = [Target(sites[one.site_id], one.id, one.revision) for one in held]
    decided, undone = [], []
    for _ in range(rounds):
        made = []
        decided.append(timed(lambda m=made: m.append(decide_together(house, targets, judgement, "all", 5.0))))  # type: ignore[misc]
        assert made[0].decided == len(targets)
        undone.append(timed(lambda m=made: undo_together(house, m[0].bundle.id, Who.MODERATOR, "Mara")))  # type: ignore[misc]
    told("range of 500 decided", decided, 500)
    told("range of 500 taken back", undone, 500)


def ranges(browser: Browser, rounds: int) -> None:
    """Time the look into a range (histogram, count, random sample), what else a moderator opens, and the overview."""
    for query in RANGES:
        looked_at(browser, f"range preview {query}", f"/desk/ranges{query}", rounds, 150)
    for path in AROUND:
        looked_at(browser, path, f"/desk/{path}", rounds, 150)
    for span in ("24h", "7d", "30d"):
        looked_at(browser, f"overview {span}", f"/desk/overview?span={span}", max(rounds // 5, 2), 1000)


def heartbeats(small: Small, rounds: int) -> None:
    """Time the heartbeat that finds nothing new."""
    browser = small.signed_in("Noor")
    cards = [one.attributes["id"][1:] for one in browser.get("/desk").tree.all("article")]
    url = f"/desk/pulse?have={','.join(cards)}&seen=999999999"
    tag = browser.get(url).headers["ETag"]
    told("heartbeat (304)", [timed(lambda: browser.get(url, If_None_Match=tag)) for _ in range(rounds)], 50)


@contextmanager
def million(rows: int) -> Iterator[Small]:
    """A house on a database of that many comments."""
    with tempfile.TemporaryDirectory() as home, servers.postgresql_database() as url:
        migrate.upgrade(url)
        server = make_server("127.0.0.1", 0, Flask("nobody yet"), threaded=True)
        small = build_small(Path(home), open_store(url), PORT=str(server.port))
        now = int(small.clock().timestamp() * 1_000_000)
        begun = time.perf_counter()
        fill(url, rows, now)
        print(f"{rows:,} comments, one in {HELD_SHARE} held, made in {time.perf_counter() - begun:.0f} s")
        server.app = small.app
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield small
        server.shutdown()
        server.server_close()
        small.parts.close()


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


def painted(small: Small, scripted: int) -> None:
    """From key press to the next comment painted; then 200 decisions by keys, and by the form without scripts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable() or playwright.chromium.executable_path, args=SWITCHES
        )
        page = signed_in(small, browser.new_context().new_page(), "Kim")
        seconds = []
        for n in range(scripted):
            page.wait_for_selector("article.now")
            seconds.append((page.evaluate(PAINT, "ars"[n % 3]) / 1000, 0.0))
        told("key press to next comment painted", seconds[5:], 100)
        page = signed_in(small, browser.new_context().new_page(), "Lou")
        begun = time.perf_counter()
        for n in range(scripted):
            page.wait_for_selector("article.now")
            page.keyboard.press("ars"[n % 3])
        by_keys = time.perf_counter() - begun
        plain = signed_in(small, browser.new_context(java_script_enabled=False).new_page(), "Max")
        begun, presses = time.perf_counter(), 0
        for _ in range(scripted):
            presses += by_form(plain)
        by_forms = time.perf_counter() - begun
        browser.close()
    print(f"{scripted} decisions by keys: 1.00 keystrokes and {by_keys / scripted:.3f} s each")
    print(
        f"{scripted} decisions by the plain form: {presses / scripted:.2f} keystrokes and "
        f"{by_forms / scripted:.3f} s each (Tab to the button, Enter, the next page)"
    )


def by_form(page: Page) -> int:
    """Decide the first comment as somebody without scripts does, and count the keys."""
    page.locator("#main").focus()
    for presses in range(1, 80):
        page.keyboard.press("Tab")
        if page.locator("button[value=approve]:focus").count():
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return presses + 1
    raise AssertionError("no button was reached")


def signed_in(small: Small, page: Page, name: str) -> Page:
    """Sign in as a person does."""
    page.goto(invite(small.parts, name)[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")
    return page


def main() -> None:
    """Measure, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--scripted", type=int, default=SCRIPTED, help="decisions made in the browser")
    parser.add_argument("--server-only", action="store_true", help="leave the browser out")
    asked = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with million(asked.rows) as small:
        browser = small.signed_in()
        pages(browser, asked.rounds)
        ranges(browser, asked.rounds)
        decisions(browser, asked.rounds)
        together(small, max(asked.rounds // 10, 2))
        heartbeats(small, asked.rounds)
        if not asked.server_only:
            painted(small, asked.scripted)
        small.clock.pass_seconds(6)
        actions.depart(small.parts.house)


if __name__ == "__main__":
    sys.exit(main())
