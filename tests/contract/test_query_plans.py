"""The real databases: each query of a running service goes by an index made for it, whatever the size."""

import re

import pytest
from sqlalchemy import event, insert, text

from service.domain.article_url import article_key
from service.domain.desk_records import Cursor, Matter, Sort, Wanted
from service.domain.status import Status
from service.storage import Store, migrate
from service.storage.engines import open_engine
from service.storage.records import ScoreRange
from service.storage.schema_comments import articles, comments
from service.storage.schema_moderation import appeals, decisions, deliveries, matters
from service.web.threads import published_page
from tests import servers
from tests.factories import ARTICLE, HELD, NOON, PENDING, after, courier, herald, template

ROWS, ARTICLES = 3_000, 300

HOT = [
    ("ix_comments_expiring", lambda tx: tx.retention.expired(1, Status.REJECTED, after(ROWS), 10)),
    ("ix_comments_client", lambda tx: tx.retention.drop_clients(1, after(ROWS), 10)),
    ("ix_erasures_unpurged", lambda tx: tx.erasure.count_unpurged()),
    ("ix_comments_turn", lambda tx: tx.scoring.lease_pending(NOON, after(30), 200)),
    ("ix_comments_tried", lambda tx: tx.scoring.lease_pending(NOON, after(30), 1, retried=True)),
    ("ix_comments_rescore", lambda tx: tx.scoring.lease_rescores(NOON, after(30), 200)),
    ("ix_comments_rescore_tried", lambda tx: tx.scoring.lease_rescores(NOON, after(30), 1, retried=True)),
    ("ix_comments_rescore", lambda tx: tx.scoring.time_to_rescore(NOON)),
    ("ix_comments_held", lambda tx: tx.comments.page(None, status=HELD, oldest_first=True)),
    ("ix_comments_site", lambda tx: tx.comments.page(1, status=PENDING, after=7)),
    ("ix_comments_article", lambda tx: tx.comments.page(1, article_url=ARTICLE.url)),
    ("ix_comments_published_thread", lambda tx: tx.comments.published(1, ARTICLE.url, 20)),
    ("ix_comments_published_thread", lambda tx: published_page(tx, 1, ARTICLE.url, 20, 7)),
    ("ix_comments_thread", lambda tx: tx.comments.thread(1, ARTICLE.url, None, 20)),
    ("ix_comments_thread", lambda tx: tx.comments.thread(1, ARTICLE.url, 7, 20)),
    ("ix_comments_waiting", lambda tx: tx.statistics.site_queues()),
    ("ix_comments_held_since", lambda tx: tx.statistics.site_queues()),
    ("ix_comments_waiting", lambda tx: tx.comments.late(1, NOON, 100)),
    ("ix_comments_held", lambda tx: tx.queue.page(Wanted(), 1, NOON, 8)),
    ("ix_comments_held_score", lambda tx: tx.queue.page(Wanted(Sort.SCORE), 1, NOON, 8)),
    (
        "ix_comments_held_doubt",
        lambda tx: tx.queue.page(Wanted(Sort.DOUBT, after=Cursor(7, 0.5)), 1, NOON, 8),
    ),
    ("ix_comments_held_site_score", lambda tx: tx.queue.page(Wanted(Sort.SCORE, site_id=1), 1, NOON, 8)),
    ("ix_comments_held_label", lambda tx: tx.queue.page(Wanted(label="self_harm"), 1, NOON, 8)),
    ("ix_comments_held_label_score", lambda tx: tx.queue.page(Wanted(Sort.SCORE, label="spam"), 1, NOON, 8)),
    (
        "ix_comments_held_article",
        lambda tx: tx.queue.page(Wanted(site_id=1, article_url=ARTICLE.url), 1, NOON, 8),
    ),
    ("ix_matters_queue", lambda tx: tx.queue.with_matter(Matter.REPORTED, Wanted(), 1, NOON, 8)),
    ("ix_appeals_open", lambda tx: tx.appeals.unanswered(Wanted(), 8)),
    ("ix_decisions_feed", lambda tx: tx.decisions.feed(1, 7, 20)),
    ("ix_decisions_comment", lambda tx: tx.decisions.of_comment(7)),
    ("ix_decisions_lately", lambda tx: tx.decisions.latest(None, 20)),
    ("ix_idempotency_keys_passing", lambda tx: tx.retention.prune(NOON, NOON)),
    ("ix_decisions_unpublished", lambda tx: tx.decisions.due(NOON, 100)),
    ("ix_deliveries_dead", lambda tx: tx.deliveries.page(1, "dead", 50)),
]
SORTING = [
    ("ix_comments_turn", lambda tx: tx.scoring.lease_pending(NOON, after(30), 10)),
    ("ix_comments_rescore", lambda tx: tx.scoring.lease_rescores(NOON, after(30), 10)),
    ("ix_comments_by_author", lambda tx: tx.authors.with_approved(1, ["a", "b"])),
    ("ix_comments_by_author", lambda tx: tx.authors.histories(1, ["author-1"])),
    ("ix_comments_by_author", lambda tx: tx.authors.comments(1, "author-1", None, 20)),
    ("ix_deliveries_due", lambda tx: tx.deliveries.lease(NOON, after(30), 10)),
]
"""These sort a handful of keys, or of sites."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def grown(request, tmp_path_factory):
    """A database with a few thousand rows of a running installation, whose planner knows what is in it."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("grown") / "replydesk.db"
        path.write_bytes(template())
        yield from _grown(f"sqlite:///{path}")
        return
    request.getfixturevalue("postgres_url")  # skips where there is none
    with servers.postgresql_database() as url:
        migrate.upgrade(url)
        yield from _grown(url)


def _grown(url):
    engine = open_engine(url)
    store = Store(engine)
    with store.write() as tx:
        tx.sites.add(courier())
        tx.sites.add(herald())
        tables = {
            articles: [
                {"site_id": 1, "url": url, "url_key": article_key(url)}
                for url in (ARTICLE.url, *(f"{ARTICLE.url}/{n}" for n in range(2, ARTICLES + 1)))
            ],
            comments: [_comment(n) for n in range(1, ROWS + 1)],
            decisions: [_decision(n) for n in range(1, ROWS + 1)],
            deliveries: [_delivery(n) for n in range(1, ROWS + 1)],
            appeals: [_appeal(n) for n in range(1, ROWS + 1)],
            matters: [_matter(n) for n in range(1, ROWS + 1)],
        }
        for table, rows in tables.items():
            tx.connection.execute(insert(table), rows)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    yield store
    store.close()


def _comment(n):
    """Most are approved; two in a hundred are held, one waits and one was tried."""
    status = {0: "held", 1: "held", 2: "pending", 3: "pending"}.get(n % 100, "approved")
    return {
        "site_id": 1 + n % 2,
        "id": f"c-{n}",
        "revision": 1,
        "status": status,
        "live": n % 7 > 0,
        "attempts": n % 100 == 3,
        "article_pk": 1 + n % ARTICLES,
        "author_name": "Ada",
        "body": "The bridge is open. " * 10,
        "submitted_at": after(n),
        "received_at": after(n),
        "content_hash": "hash",
        "source": "api",
        "author_key": f"author-{n % 500}",
        "published_revision": 1 if status == "approved" else None,
        "rescore": n % 100 < 2 or None,
        "label": ("insult", "spam", "threat")[n % 3],
        "score": n % 89 / 100,
        "score_insult": n % 89 * 10_000,
        "score_threat": n % 97 * 10_000,
        "doubt": n % 97 / 100,
        "language": "en",
    }


def _decision(n):
    return {
        "pk": n,
        "comment_pk": n,
        "site_id": 1 + n % 2,
        "revision": 1,
        "action": "approve",
        "who_kind": "moderator" if n % 20 == 0 else "machine",
        "who": "Mara",
        "from_status": "pending",
        "to_status": "approved",
        "created_at": after(n),
        "effective_at": after(n),
        "seq": None if n % 200 == 0 else n,
    }


def _appeal(n):
    return {
        "site_id": 1 + n % 2,
        "comment_pk": n,
        "decision_id": n,
        "text": "Look again.",
        "opened_at": after(n),
        "answered_at": None if n % 50 == 0 else after(n + 1),
    }


def _matter(n):
    return {
        "kind": ("reported", "aside")[n % 2],
        "comment_pk": n,
        "opened_at": after(n),
        "raised": 1,
        "closed_at": None if n % 50 < 2 else after(n + 1),
    }


def _delivery(n):
    return {
        "site_id": 1 + n % 2,
        "comment_pk": n,
        "decision_id": n,
        "webhook_id": f"msg_{n}",
        "type": "comment.approved",
        "payload": b"{}",
        "state": {0: "waiting", 1: "dead"}.get(n % 50, "delivered"),
        "attempts": 1,
        "next_attempt_at": after(n - ROWS),
        "created_at": after(n),
    }


@pytest.mark.parametrize(
    "grown", ["sqlite"], indirect=True
)  # PostgreSQL takes whichever index is small, while small
def test_a_range_is_counted_from_its_index_alone(grown):
    stretch = ScoreRange(0.2, 0.4, "insult", until_pk=ROWS)
    plan = _plan(grown, lambda tx: (tx.ranges.histogram(stretch, 50), tx.ranges.sample(stretch, 0)))
    assert len(re.findall("USING COVERING INDEX ix_comments_held_scores", plan)) == 2, plan


@pytest.mark.parametrize(("index", "work"), [*HOT, *SORTING])
def test_hot_query_goes_by_its_index(grown, index, work):
    plan = _plan(grown, work)
    assert index in plan, plan
    for table in ("comments", "decisions", "deliveries"):
        assert f"Seq Scan on {table} " not in plan, plan
        assert f"SCAN {table}\n" not in plan, plan
    if (index, work) not in SORTING:
        assert "Sort" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def test_what_is_in_hand_is_looked_up_claim_by_claim(grown):
    plan = _plan(grown, lambda tx: tx.queue.claims(NOON))
    assert "SCAN comments" not in plan, plan
    assert re.search("SEARCH comments USING INTEGER PRIMARY KEY|using pk_comments on comments", plan, re.I), (
        plan
    )


MANY_HELD = """
INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body, submitted_at,
    received_at, content_hash, source, label, score, doubt, language)
SELECT 1, n, 1, 'held', true, 0, 1, 'Ada', 'The bridge is open.', n, n, 'hash', 'api', 'insult', n / 20000.0,
    n / 20000.0, 'en' FROM generate_series(1, 20000) AS n
"""
KEPT_PLANS = "SELECT statement, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%held%'"


def test_a_page_of_the_queue_is_planned_once_however_much_is_held(postgres_url):
    with servers.postgresql_database() as url:
        migrate.upgrade(url)
        store = Store(open_engine(url))
        with store.write() as tx:
            tx.sites.add(courier())
            tx.connection.execute(insert(articles), {"site_id": 1, "url": ARTICLE.url})
            tx.connection.execute(text(MANY_HELD))
            tx.connection.execute(text("ANALYZE"))
        for _ in range(15):  # the driver prepares at the sixth, the server keeps a plan five later
            with store.read() as tx:
                for sort in Sort:
                    tx.queue.page(Wanted(sort), 1, NOON, 8)
                tx.queue.counts(1_000)
                tx.queue.newest_pk()
                tx.queue.languages()
        with store.read() as tx:
            kept = tx.connection.execute(text(KEPT_PLANS)).all()
        store.close()
    assert len(kept) == 10
    assert [one.statement for one in kept if not one.generic_plans] == []


def _plan(store, work):
    """Run `work` and return the plans of its statements, as the database tells them."""
    told = []
    asking = False

    def explain(connection, _cursor, statement, parameters, *_rest):
        nonlocal asking
        if asking:
            return
        asking = True
        prefix = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        told.extend(str(row[-1]) for row in connection.exec_driver_sql(f"{prefix} {statement}", parameters))
        asking = False

    with store.write() as tx:
        if tx.connection.dialect.name == "postgresql":
            # a few thousand rows may be read whole and sorted for less; the question is what millions will do
            for cheap_when_small in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
                tx.connection.execute(text(f"SET LOCAL enable_{cheap_when_small} = off"))
        event.listen(tx.connection, "before_cursor_execute", explain)
        work(tx)
    return "\n".join(told) + "\n"
