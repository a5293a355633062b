"""Every store: the log of human acts is a chain; nothing is changed, taken out or put in between unseen."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.domain.audit_log import Act, UnkeyedSigner, Walk, walk
from service.storage import open_store
from tests.factories import NOON, after, courier, draft

SIGNER = UnkeyedSigner()
ACTS = [
    Act("Mara", "sign-in", "desk", NOON),
    Act("Mara", "decision", "courier: comment 7, reject", after(1)),
    Act("Noor", "reveal", "courier: comment 7", after(2)),
    Act("operator", "tune", "site courier: title", after(3)),
]


def walked(store):
    with store.read() as tx:
        return walk(tx.audit_log.after(0, 1000), tx.audit_log.head(), SIGNER)


def filled(store):
    with store.write() as tx:
        tx.audit_log.append("Mara", "sign-in", "desk", NOON)
    with store.write() as tx:
        tx.audit_log.append_all(ACTS[1:])
    return store


def sql(store, statement):
    """Do behind the service's back what a hand on the database can do."""
    with store.engine.begin() as connection:
        connection.execute(text(statement))


def test_acts_come_back_in_order(store):
    filled(store)
    with store.read() as tx:
        assert [link.act for link in tx.audit_log.after(0, 100)] == ACTS
        assert [link.number for link in tx.audit_log.after(1, 2)] == [2, 3]
    assert walked(store).holds
    assert walked(store).links == 4


def test_an_empty_chain_holds(store):
    with store.write() as tx:
        tx.audit_log.append_all([])
        assert tx.audit_log.head() is None
    assert walked(store) == Walk(0, "0" * 64)


def test_what_is_rolled_back_leaves_no_gap(store):
    filled(store)
    with suppress(ZeroDivisionError), store.write() as tx:
        tx.audit_log.append("Mara", "reveal", "courier: comment 8", NOON)
        raise ZeroDivisionError
    filled(store)
    assert (walked(store).holds, walked(store).links) == (True, 8)


def test_blanked_acts_leave_the_chain_whole(store):
    filled(store)
    with store.write() as tx:
        assert tx.audit_log.blank("Mara") == 2
        assert tx.audit_log.blank("Mara") == 0
        assert [link.act for link in tx.audit_log.after(0, 100)] == [None, None, *ACTS[2:]]
        assert [link.salt is None for link in tx.audit_log.after(0, 100)] == [True, True, False, False]
    found = walked(store)
    assert (found.holds, found.blanked) == (True, 2)


def test_appending_at_once_makes_one_chain(store):
    def work(number):
        for turn in range(5):
            with store.write() as tx:
                tx.audit_log.append(f"person {number}", "reveal", f"courier: comment {turn}", NOON)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert (walked(store).holds, walked(store).links) == (True, 30)


def test_who_logs_and_then_waits_for_a_row_stops_nobody(clean_postgres_url):
    store = open_store(clean_postgres_url)
    with store.write() as tx:
        site = tx.sites.add(courier())
        tx.comments.add(site.id, [draft("c-1")], NOON)
    has_it = threading.Event()

    def other():
        with store.write() as tx:
            tx.comments.get(site.id, "c-1", lock=True)
            has_it.set()
            tx.audit_log.append("Noor", "decision", "courier: comment 1", NOON)

    with ThreadPoolExecutor(1) as pool:
        with store.write() as tx:
            tx.audit_log.append("Mara", "decision", "courier: comment 2", NOON)
            second = pool.submit(other)
            assert has_it.wait(5)
            tx.comments.get(site.id, "c-1", lock=True)
        second.result(10)
    assert (walked(store).holds, walked(store).links) == (True, 2)
    store.close()


def test_an_act_put_in_by_hand_needs_a_link(store):
    with pytest.raises(IntegrityError):
        sql(
            store,
            "INSERT INTO acts (who, act, subject, created_at) VALUES ('Abe', 'sign-in', 'desk', 1000000)",
        )
    assert walked(store).links == 0


@pytest.mark.parametrize(
    ("meddling", "broken_at"),
    [
        ("UPDATE acts SET who = 'Eve' WHERE number = 2", 2),
        ("UPDATE acts SET subject = 'courier: comment 9, reject' WHERE number = 2", 2),
        ("UPDATE acts SET act = 'approve' WHERE number = 3", 3),
        ("UPDATE acts SET created_at = created_at + 1 WHERE number = 3", 3),
        ("UPDATE acts SET salt = NULL, digest = 'x' WHERE number = 2", 2),
        ("UPDATE acts SET link = 'x' WHERE number = 2", 2),
        ("UPDATE acts SET tag = 'x' WHERE number = 4", 4),
        ("DELETE FROM acts WHERE number = 1", 1),
        ("DELETE FROM acts WHERE number = 3", 3),
        ("DELETE FROM acts WHERE number = 4", 4),
        ("DELETE FROM acts WHERE number = 3; UPDATE acts SET number = 3 WHERE number = 4", 3),
        ("DELETE FROM act_heads", 5),
        ("UPDATE act_heads SET number = 3", 5),
        ("UPDATE act_heads SET tag = 'x'", 5),
        ("UPDATE acts SET key_version = 3 WHERE number = 4", 4),
    ],
)
def test_meddling_is_named_by_its_first_link(store, meddling, broken_at):
    filled(store)
    for statement in meddling.split("; "):
        sql(store, statement)
    found = walked(store)
    assert (found.holds, found.broken_at) == (False, broken_at)
    assert found.fault
