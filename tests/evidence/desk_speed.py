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

import psycopg
from flask import Flask
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from service import actions
from service.enrolment import invite
from service.storage import migrate, open_store
from tests import servers
from tests.journey.conftest import SWITCHES, executable
from tests.web.pages.browser import Browser
from tests.web.pages.house import Small, build_small

HELD_SHARE = 10
ROUNDS = 150
SCRIPTED = 200
FILL = """
INSERT INTO articles (site_id, url, title)
SELECT 1 + n % 2, 'https://courier.example/' || n, 'Article number ' || n FROM generate_series(1, {articles}) n;
INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body, submitted_at,
  received_at, content_hash, source, author_key, decided_at, decision_id, published_revision, verdict, label, score,
  doubt, language)
SELECT a.site_id, 'c-' || n, 1, s.status, true, 1, a.pk, 'Reader ' || n % {authors},
  'Comment number ' || n || ' about the bridge, the ferry and the lamps. ' || repeat('It goes on for a while. ', 6),
  {now} - (({rows} - n) * 60000000::bigint), {now} - (({rows} - n) * 60000000::bigint), 'hash', 'api',
  'author-' || n % {authors}, {now}, n, CASE WHEN s.status = 'approved' THEN 1 END,
  '{{"action":"hold","reasons":[["score","insult 0.71 is at or above 0.50.","insult"]],"scores":{{"toxicity":0.6,'
  || '"severe_toxicity":0.02,"obscene":0.1,"threat":0.01,"insult":0.71,"identity_attack":0.01,"spam":0.02}},'
  || '"spans":[[8,14,"insult",0.9],[30,36,"insult",0.4]],"reads_as":null,"language":"en","model":"m-1","policy":1}}',
  (ARRAY['toxicity', 'insult', 'threat', 'spam'])[1 + (n / {share}) % 4], (hashint4(n) & 1023) / 1023.0,
  (hashint4(n + 7) & 1023) / 1023.0, (ARRAY['en', 'en', 'en', 'de', 'fr'])[1 + (n / {share}) % 5]
FROM generate_series(1, {rows}) n
CROSS JOIN LATERAL (SELECT 1 + n % {articles} AS pk, 1 + (1 + n % {articles}) % 2 AS site_id) a
CROSS JOIN LATERAL (SELECT CASE WHEN n % {share} = 0 THEN 'held' WHEN n % {share} = 1 THEN 'rejected'
  WHEN n % 50 = 2 THEN 'spam' ELSE 'approved' END AS status) s;
INSERT INTO decisions (pk, comment_pk, site_id, revision, action, who_kind, who, from_status, to_status, created_at,
  effective_at, reason, seq)
SELECT pk, pk, site_id, 1, 'hold', 'machine', 'm-1', 'pending', status, received_at, received_at, 'score', pk
FROM comments;
SELECT setval('decision_ids', {rows} + 1);
UPDATE site_counters SET seq = {rows} + 1;
"""


def fill(url: str, rows: int, now: int) -> None:
    """Put the comments in, a tenth of them held."""
    statement = FILL.format(rows=rows, articles=rows // 50, authors=rows // 5, share=HELD_SHARE, now=now)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for one in statement.split(";\n"):
            if one.strip():
                connection.execute(one.encode())
        connection.execute("VACUUM ANALYZE")


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


def pages(browser: Browser, rounds: int) -> None:
    """Time the queue page in every order and with every filter, by one moderator who looks again and again."""
    article = "https://courier.example/9"
    for query in (
        "",
        "?sort=score",
        "?sort=doubt",
        "?site=herald&sort=score",
        "?label=threat",
        "?label=threat&sort=score",
        "?language=de&sort=doubt",
        f"?site=courier&article={article}",
        "?after=500000",
    ):
        told(
            f"queue page {query or '(age)'}",
            [timed(lambda q=query: browser.get(f"/desk{q}")) for _ in range(rounds)],
            50,
        )  # type: ignore[misc]


def decisions(browser: Browser, rounds: int) -> None:
    """Time decisions, each on a comment fresh from the queue, as the script on the page posts them."""
    seconds = []
    while len(seconds) < rounds:
        for card in browser.get("/desk?sort=score").tree.all("article"):
            form = card.one("form", class_="acts")
            given = form.fields() | {"action": ("approve", "reject", "spam")[len(seconds) % 3]}
            address = form.attributes["action"]
            seconds.append(timed(lambda a=address, g=given: browser.post(a, g, HX_Request="true")))  # type: ignore[misc]
    told("decision", seconds, 20)


def ranges(browser: Browser, rounds: int) -> None:
    """Time the look into a range (histogram, count, random sample), and the overview of a stretch of time."""
    for query in ("?low=0.4&high=0.6", "?low=0.9&high=1&label=threat", "?low=0.2&high=0.9&site=courier"):
        told(
            f"range preview {query}",
            [timed(lambda q=query: browser.get(f"/desk/ranges{q}")) for _ in range(rounds)],
            150,
        )  # type: ignore[misc]
    for span in ("24h", "30d"):
        told(
            f"overview {span}",
            [timed(lambda s=span: browser.get(f"/desk/overview?span={s}")) for _ in range(rounds // 10)],
            1000,
        )  # type: ignore[misc]


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
    with million(asked.rows) as small:
        browser = small.signed_in()
        pages(browser, asked.rounds)
        ranges(browser, asked.rounds)
        decisions(browser, asked.rounds)
        heartbeats(small, asked.rounds)
        if not asked.server_only:
            painted(small, asked.scripted)
        small.clock.pass_seconds(6)
        actions.depart(small.parts.house)


if __name__ == "__main__":
    sys.exit(main())
