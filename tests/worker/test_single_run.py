"""One run of a task at a time, and no work lost by that."""

import threading

import pytest

from worker.single_run import SingleRun


def never():
    return False


def aside(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_call_meanwhile_returns_and_makes_the_run_repeat():
    limit, runs = SingleRun(), []

    def work():
        runs.append(threading.get_ident())
        if len(runs) == 1:
            for _ in range(5):
                aside(lambda: limit.run(work, never)).join()

    limit.run(work, never)
    assert runs == [threading.get_ident()] * 2


def test_a_stopping_process_goes_no_further_round():
    limit, runs, stopping = SingleRun(), [], threading.Event()

    def work():
        runs.append(1)
        aside(lambda: limit.run(work, never)).join()
        stopping.set()

    limit.run(work, stopping.is_set)
    limit.run(work, stopping.is_set)
    assert len(runs) == 1


def test_a_run_that_fails_frees_its_place():
    limit, runs = SingleRun(), []
    with pytest.raises(ZeroDivisionError):
        limit.run(lambda: 1 // 0, never)
    limit.run(lambda: runs.append(1), never)
    assert runs == [1]
