"""Comments that wait for the same disk go there together, and none spoils another's way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from service.domain.status import Status
from service.storage import Store
from service.storage.group_commit import GroupCommit, Waiting
from service.storage.unit_of_work import add_each_site
from tests.factories import NOON, courier, draft, sqlite_store
from tests.processes import until

DEADLINE = 10.0


@dataclass
class Disk:
    """A store whose first writer stays at the disk until it is let go; remembers how many drafts each writer took."""

    store: Store = field(default_factory=sqlite_store)
    at_disk: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    taken: list[int] = field(default_factory=list)

    @contextmanager
    def write(self):
        """A transaction, told apart by how many comments it adds."""
        with self.store.write() as tx:
            before = tx.comments.count(None, Status.PENDING)
            yield tx
            self.taken.append(tx.comments.count(None, Status.PENDING) - before)
            if len(self.taken) == 1:
                self.at_disk.set()
                assert self.go_on.wait(DEADLINE)

    @contextmanager
    def write_beside(self):
        """A transaction that holds nobody else up; the first one's commit stays at the disk all the same."""
        first = not self.at_disk.is_set()
        with self.store.write() as tx:
            yield tx
        self.at_disk.set()
        assert not first or self.go_on.wait(DEADLINE)


@pytest.fixture
def disk():
    made = Disk()
    with made.store.write() as tx:
        tx.sites.add(courier())
    return made


def come(threads, group_commit, *drafts):
    """Let drafts come one after the other, each once the one before waits or is at the disk."""
    jobs = []
    for count, one in enumerate(drafts, len(group_commit._waiting) + 1):
        jobs.append(threads.submit(group_commit.add, Waiting(1, one, NOON)))
        until(lambda count=count: len(group_commit._waiting) == count)
    return jobs


@pytest.mark.parametrize("options", [{}, {"turns": 4, "wait_seconds": DEADLINE}])
def test_what_comes_while_another_writes_goes_together(disk, options):
    group_commit = GroupCommit(disk.write, add_each_site, **options)
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(group_commit.add, Waiting(1, draft("c-0"), NOON))]
        assert disk.at_disk.wait(DEADLINE)
        answers += come(threads, group_commit, *(draft(f"c-{n}") for n in range(1, 8)))
        disk.go_on.set()
    assert [one.result().id for one in answers] == [f"c-{n}" for n in range(8)]
    assert disk.taken == [1, 7]


def test_a_store_that_cannot_be_entered_is_waited_for_once(disk):
    arrived, give_up = threading.Event(), threading.Event()
    tries = []

    @contextmanager
    def locked():
        tries.append(1)
        arrived.set()
        if len(tries) == 1:
            assert give_up.wait(DEADLINE)
            raise TimeoutError("the store is busy")
        with disk.write() as tx:
            yield tx

    group_commit = GroupCommit(locked, add_each_site)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(group_commit.add, Waiting(1, draft("c-0"), NOON))
        assert arrived.wait(DEADLINE)
        others = come(threads, group_commit, *(draft(f"c-{n}") for n in range(1, 6)))
        give_up.set()
        refused = [one.exception(DEADLINE) for one in (first, *others)]
    assert all(isinstance(one, TimeoutError) for one in refused)
    assert len(tries) == 1
    disk.go_on.set()
    assert group_commit.add(Waiting(1, draft("c-0"), NOON)) is not None


def test_what_is_stored_waits_for_no_later_commit(disk):
    third_at_disk, third_may_go = threading.Event(), threading.Event()

    @contextmanager
    def write():
        with disk.write() as tx:
            yield tx
        if len(disk.taken) == 3:
            third_at_disk.set()
            assert third_may_go.wait(DEADLINE)

    group_commit = GroupCommit(write, add_each_site)
    with ThreadPoolExecutor(6) as threads:
        jobs = [threads.submit(group_commit.add, Waiting(1, draft("c-0"), NOON))]
        assert disk.at_disk.wait(DEADLINE)
        jobs += come(threads, group_commit, *map(draft, ("c-1", "c-2", "c-3", "c-3")))
        disk.go_on.set()
        assert third_at_disk.wait(DEADLINE)
        assert all(one.result(DEADLINE) for one in jobs[:4])
        assert not jobs[4].done()
        third_may_go.set()
    assert jobs[4].result() is None


def test_one_writes_beside_another_that_takes_too_long(disk):
    group_commit = GroupCommit(disk.write_beside, add_each_site, turns=2, wait_seconds=0.001)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(group_commit.add, Waiting(1, draft("c-0"), NOON))
        assert disk.at_disk.wait(DEADLINE)
        assert group_commit.add(Waiting(1, draft("c-1"), NOON)) is not None
        assert not first.done()
        disk.go_on.set()
    assert first.result() is not None
