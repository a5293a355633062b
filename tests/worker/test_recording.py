"""Recording: whoever posts does not wait for the disk, within a bound; a killed worker's mail is another's at once."""

import threading
from contextlib import contextmanager

import pytest

from service.storage import Store
from service.webhooks.signing import Outcome
from tests.factories import sqlite_store
from tests.worker.cast import Office
from worker import recording
from worker.journal import Journal
from worker.recording import UNRECORDED
from worker.sweep import Sweep


class SlowStore(Store):
    """A store on a disk that takes its time while `open` is not set; leasing and recording are told apart."""

    def __init__(self, engine):
        super().__init__(engine)
        self.open = threading.Event()
        self.open.set()
        self.failures = 0
        self.takes_back = True

    @contextmanager
    def write(self):
        if threading.current_thread().name == "delivery" and not self.takes_back:
            raise ConnectionResetError
        if threading.current_thread().name == "recorder":
            assert self.open.wait(20)
            if self.failures:
                self.failures -= 1
                raise ConnectionResetError
        with super().write() as tx:
            yield tx


@pytest.fixture
def slow():
    store = sqlite_store(SlowStore)
    office = Office(store)
    yield store, office
    store.open.set()
    office.delivery_worker.close(5.0)


def test_who_posts_does_not_wait_for_the_disk_within_a_bound(slow):
    store, office = slow
    posted = threading.Semaphore(0)

    def post(*_, **__):
        posted.release()
        return Outcome("delivered", 204)

    office.delivery_worker = office.new_delivery_worker(post=post)
    office.decide(office.site("courier", "http://127.0.0.1:9/"), 200)
    store.open.clear()
    office.delivery_worker.collect()
    for _ in range(UNRECORDED):
        assert posted.acquire(timeout=10)
    assert office.states().count("delivered") == 0
    store.open.set()
    assert office.delivery_worker.wait(20)
    for _ in range(200 - UNRECORDED):
        assert posted.acquire(timeout=10)
    assert not posted.acquire(blocking=False)
    assert office.states() == ["delivered"] * 200


@pytest.fixture
def office():
    made = Office(sqlite_store())
    yield made
    made.delivery_worker.close(5.0)


def test_what_a_killed_worker_was_posting_is_due_at_once(tmp_path, office):
    journal = Journal(tmp_path)
    gate, posting = threading.Event(), threading.Semaphore(0)

    def hangs(*_, **__):
        posting.release()
        assert gate.wait(20)
        return Outcome("delivered", 204)

    office.delivery_worker = office.new_delivery_worker(post=hangs, journal=journal)
    office.decide(office.site("courier", "http://127.0.0.1:9/"), 3)
    office.delivery_worker.collect()
    for _ in range(3):
        assert posting.acquire(timeout=10)
    journal.close()  # as its end does
    other = office.new_delivery_worker(post=lambda *_, **__: Outcome("delivered", 204))
    assert other.collect() == 0
    assert Sweep(office.deps, journal=Journal(tmp_path)).release_dead() == 3
    assert other.collect() == 3
    assert other.wait(10)
    gate.set()
    assert office.delivery_worker.wait(10)
    assert [(one.state, one.attempts) for one in office.mail()] == [("delivered", 2)] * 3


def test_a_store_that_is_away_for_a_moment_has_nothing_posted_again(slow, monkeypatch):
    store, office = slow
    monkeypatch.setattr(recording, "FIRST_PAUSE", 0.01)
    office.delivery_worker = office.new_delivery_worker(post=lambda *_, **__: Outcome("delivered", 204))
    site = office.site("courier", "http://127.0.0.1:9/")
    office.decide(site, 20)
    store.failures = 3
    office.carry()
    assert (store.failures, office.states()) == (0, ["delivered"] * 20)
    monkeypatch.setattr(recording, "INSIST_SECONDS", 0.0)
    other = office.site("herald", "http://127.0.0.1:9/")
    office.decide(other, 1)
    store.failures = 1
    office.carry()
    assert office.states(other) == ["waiting"]


def test_how_a_post_ended_is_recorded_though_the_rest_cannot_be_given_back(slow, tmp_path):
    store, office = slow
    journal = Journal(tmp_path)
    said = [Outcome("slow_down", 429, 1.0)]
    office.delivery_worker = office.new_delivery_worker(
        post=lambda *_, **__: said.pop() if said else Outcome("delivered", 204), journal=journal, threads=1
    )
    office.decide(office.site("courier", "http://127.0.0.1:9/"), 4)
    store.takes_back = False
    office.carry()
    assert [one.last_outcome for one in office.mail()].count("slow_down: HTTP 429") == 1
    assert office.states() == ["waiting"] * 4
    journal.close()
    store.takes_back = True
    assert Sweep(office.deps, journal=Journal(tmp_path)).release_dead() == 3


def test_what_was_recorded_is_struck_out_of_the_journal(tmp_path, office):
    journal = Journal(tmp_path)
    office.delivery_worker = office.new_delivery_worker(
        post=lambda *_, **__: Outcome("delivered", 204), journal=journal
    )
    office.decide(office.site("courier", "http://127.0.0.1:9/"), 30)
    office.carry()
    journal.close()
    assert Sweep(office.deps, journal=Journal(tmp_path)).release_dead() == 0
    assert office.states() == ["delivered"] * 30
