"""The real stores: comments that wait at one moment are stored together, and none of them spoils another."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from service.domain.comment import Article, Original
from service.storage import open_store
from tests.factories import ARTICLE, NOON, ON_POSTGRESQL, courier, draft, herald
from tests.processes import until
from tests.servers import lock_waits


@pytest.fixture
def site(store):
    """The courier, stored, with an article that is known."""
    with store.write() as tx:
        site = tx.sites.add(courier())
        tx.comments.add(site.id, [draft("known")], NOON)
        return site


def together(store, *arrivals):
    """Let all come to wait before the first may go, as they do behind a slow disk; return their answers."""
    group_commit = store._group_commit
    turns, group_commit._turns = group_commit._turns, 0
    with ThreadPoolExecutor(len(arrivals)) as threads:
        answers = []
        for n, (site, written) in enumerate(arrivals, start=1):
            answers.append(threads.submit(store.add_comment, site.id, written, NOON))
            until(lambda n=n: len(group_commit._waiting) == n)
        group_commit._turns = turns
        group_commit._call_next()
    return answers


def stored(store, site, names):
    with store.read() as tx:
        return [tx.comments.get(site.id, name) for name in names]


def on_accepting(store, when, act):
    """Do something once, at the first statement that stores comments."""
    done = []

    def first(connection, _cursor, statement, *_rest):
        if "INSERT INTO comments" in statement and not done:
            done.append(True)
            act(connection)

    event.listen(store.engine, when, first)


def test_what_waits_is_stored_by_one_statement(store, site):
    with store.write() as tx:
        other = tx.sites.add(herald())
        tx.comments.add(other.id, [draft("known")], NOON)
    statements = Counter()
    event.listen(
        store.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_rest: statements.update([statement.split(None, 1)[0]]),
    )
    mine = [(site, draft(f"c-{n}", body=f"text {n}", box=b"box %d" % n)) for n in range(4)]
    theirs = [(other, draft(f"c-{n}", body=f"theirs {n}")) for n in range(4)]
    answers = [one.result() for one in together(store, *mine, *theirs)]
    if store.engine.dialect.name == "postgresql":
        assert statements == {"WITH": 1}
    for (where, written), answer in zip([*mine, *theirs], answers, strict=True):
        assert stored(store, where, [written.id]) == [answer]
        with store.read() as tx:
            assert tx.sealed.contact_box(answer.pk) == written.box


def test_what_needs_more_than_a_statement_is_stored_too(store, site):
    new = Article("https://courier.example/new", "New")
    drafts = [
        draft("c-1", article=new),
        draft("c-2", originals=(Original("body", b"cipher"),)),
        draft("c-3"),
        draft("c-4", article=new),
    ]
    answers = [one.result() for one in together(store, *((site, one) for one in drafts))]
    assert stored(store, site, [one.id for one in drafts]) == answers
    assert [one.article for one in answers if one] == [new, ARTICLE, ARTICLE, new]
    with store.read() as tx:
        assert tx.sealed.originals(answers[1].pk, 1) == {"body": b"cipher"} if answers[1] else False


def test_one_of_two_with_one_id_is_stored(store, site):
    arrivals = [draft("c-1", body="one"), draft("c-1", body="two"), draft("c-2"), draft("known", body="late")]
    answers = [one.result() for one in together(store, *((site, one) for one in arrivals))]
    assert [one is None for one in answers] == [False, True, False, True]
    assert stored(store, site, ["c-1", "c-2"]) == [answers[0], answers[2]]


def test_a_poisoned_one_fails_alone(store, site):
    poison = draft("c-2", body="half a pair: \ud800")
    answers = together(store, (site, draft("c-1")), (site, poison), (site, draft("c-3")))
    assert isinstance(answers[1].exception(), UnicodeEncodeError)
    assert stored(store, site, ["c-1", "c-2", "c-3"]) == [answers[0].result(), None, answers[2].result()]


@ON_POSTGRESQL
def test_what_the_database_refuses_fails_alone(store, site, clean_postgres_url):
    poison = draft("c-2", body="nothing: \0")
    answers = together(store, (site, draft("c-1")), (site, poison), (site, draft("c-3")))
    assert answers[1].exception() is not None
    assert stored(store, site, ["c-1", "c-2", "c-3"]) == [answers[0].result(), None, answers[2].result()]


@ON_POSTGRESQL
def test_a_connection_lost_on_the_way_loses_nobody(store, site, clean_postgres_url):

    def end(connection):
        raw = connection.connection.dbapi_connection
        with psycopg.connect(clean_postgres_url, autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", [raw.info.backend_pid])

    on_accepting(store, "before_cursor_execute", end)
    names = [f"c-{n}" for n in range(5)]
    answers = [one.result() for one in together(store, *((site, draft(name)) for name in names))]
    assert None not in answers
    assert stored(store, site, names) == answers


@ON_POSTGRESQL
def test_an_answer_lost_after_the_commit_makes_no_second_row(store, site, clean_postgres_url):

    def lose(_connection):
        raise OperationalError("INSERT", {}, Exception("the answer was lost"))

    on_accepting(store, "after_cursor_execute", lose)
    names = [f"c-{n}" for n in range(5)]
    answers = [one.result() for one in together(store, *((site, draft(name)) for name in names))]
    assert answers == [None] * 5
    assert all(stored(store, site, names))


@ON_POSTGRESQL
def test_two_processes_with_the_same_ids_wait_for_each_other(store, site, clean_postgres_url):
    names, other = [f"c-{n}" for n in range(40)], open_store(clean_postgres_url)
    with ThreadPoolExecutor(16) as threads:
        jobs = [
            threads.submit(into.add_comment, site.id, draft(name, body=f"{number} {name}"), NOON)
            for pair in zip(names, reversed(names), strict=True)
            for number, (into, name) in enumerate(zip((store, other), pair, strict=True))
        ]
    added = [comment for one in jobs if (comment := one.result())]
    assert sorted(one.id for one in added) == sorted(names)
    assert {one.id: one for one in added} == {one.id: one for one in stored(other, site, names) if one}
    other.close()


@ON_POSTGRESQL
def test_one_that_waits_for_a_lock_holds_up_nobody_who_comes_later(store, site, clean_postgres_url):
    other = open_store(clean_postgres_url)
    with ThreadPoolExecutor(1) as threads:
        with other.write() as tx:
            tx.comments.add(site.id, [draft("c-1")], NOON)
            late = threads.submit(store.add_comment, site.id, draft("c-1", body="late"), NOON)
            until(lambda: lock_waits(clean_postgres_url) == 1)
            added = [store.add_comment(site.id, draft(f"d-{n}"), NOON) for n in range(3)]
            assert None not in added
            assert not late.done()
        assert late.result() is None
    other.close()


@ON_POSTGRESQL
def test_articles_are_found_by_their_index(store, site):
    known = [draft(f"known-{n}", article=Article(f"{ARTICLE.url}/{n}")) for n in range(3_000)]
    with store.write() as tx:
        tx.comments.add(site.id, known, NOON)
    seen = []

    def see(_connection, _cursor, statement, parameters, *_rest):
        seen.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", see)
    assert store.add_comment(site.id, draft(article=Article(f"{ARTICLE.url}/7")), NOON)
    event.remove(store.engine, "before_cursor_execute", see)
    ((statement, parameters),) = seen
    with store.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE articles")
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))
    assert "Index Scan using uq_articles_site_id_url" in plan
    assert "Seq Scan on articles" not in plan
