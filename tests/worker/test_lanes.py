"""The lanes: no more runs at once than a lane is wide, and no message lost in a full one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from service.dispatcher import QUEUES
from worker.lanes import THREADS, WIDTHS, Lane


def never() -> bool:
    """The process is not stopping."""
    return False


def aside(work: Callable[[], object]) -> threading.Thread:
    """Do something in another thread."""
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_every_task_has_a_lane_and_all_fit_at_once() -> None:
    """Each named task has a width, and the threads of the embedded worker are as many as all widths together."""
    assert set(WIDTHS) == set(QUEUES)
    assert sum(WIDTHS.values()) == THREADS


def test_a_call_into_a_full_lane_returns_and_makes_the_run_go_round() -> None:
    """What is enqueued during a run is looked for after it, by that run; any number of messages is one round."""
    lane, runs = Lane(1), []

    def work() -> None:
        runs.append(threading.get_ident())
        if len(runs) == 1:
            for _ in range(5):
                aside(lambda: lane.run(work, never)).join()

    lane.run(work, never)
    assert runs == [threading.get_ident()] * 2


def test_a_lane_of_two_runs_two_at_once() -> None:
    """Two calls run side by side; the third waits for nobody."""
    lane, both, runs = Lane(2), threading.Barrier(3, timeout=10), []

    def work() -> None:
        runs.append(1)
        if len(runs) <= 2:
            both.wait()
            both.wait()

    threads = [aside(lambda: lane.run(work, never)) for _ in range(2)]
    both.wait()
    lane.run(work, never)  # returns at once
    both.wait()
    for thread in threads:
        thread.join(10)
    assert len(runs) == 3


def test_a_stopping_process_goes_no_further_round() -> None:
    """On the way out a run ends with its work, though it was asked to go round."""
    lane, runs = Lane(1), []

    def work() -> None:
        runs.append(1)
        aside(lambda: lane.run(work, never)).join()

    lane.run(work, lambda: True)
    assert len(runs) == 1


def test_a_run_that_fails_leaves_its_lane_free() -> None:
    """An exception passes through, and the next call runs."""
    lane, runs = Lane(1), []
    with pytest.raises(ZeroDivisionError):
        lane.run(lambda: 1 // 0, never)
    lane.run(lambda: runs.append(1), never)
    assert runs == [1]
