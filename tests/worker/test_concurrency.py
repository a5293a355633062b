"""Concurrency limits: no more runs of a task at once than its limit, and no work lost at the limit."""

import threading

import pytest

from service.messaging.dispatcher import QUEUES
from worker.concurrency import CONCURRENCY, THREADS, ConcurrencyLimit


def never():
    return False


def aside(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_every_task_has_a_limit_and_all_fit_at_once():
    assert set(CONCURRENCY) == set(QUEUES)
    assert sum(CONCURRENCY.values()) == THREADS


def test_a_call_at_the_limit_returns_and_makes_the_run_repeat():
    limit, runs = ConcurrencyLimit(1), []

    def work():
        runs.append(threading.get_ident())
        if len(runs) == 1:
            for _ in range(5):
                aside(lambda: limit.run(work, never)).join()

    limit.run(work, never)
    assert runs == [threading.get_ident()] * 2


def test_a_limit_of_two_allows_two_runs_at_once():
    limit, both, runs = ConcurrencyLimit(2), threading.Barrier(3, timeout=10), []

    def work():
        runs.append(1)
        if len(runs) <= 2:
            both.wait()
            both.wait()

    threads = [aside(lambda: limit.run(work, never)) for _ in range(2)]
    both.wait()
    limit.run(work, never)  # returns at once
    both.wait()
    for thread in threads:
        thread.join(10)
    assert len(runs) == 3


def test_a_stopping_process_goes_no_further_round():
    limit, runs = ConcurrencyLimit(1), []

    def work():
        runs.append(1)
        aside(lambda: limit.run(work, never)).join()

    limit.run(work, lambda: True)
    assert len(runs) == 1


def test_a_run_that_fails_frees_its_place():
    limit, runs = ConcurrencyLimit(1), []
    with pytest.raises(ZeroDivisionError):
        limit.run(lambda: 1 // 0, never)
    limit.run(lambda: runs.append(1), never)
    assert runs == [1]
