"""The watchdog: a run that hangs is reported though its worker answers; one that works or waits is no fault."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from service.messaging.heartbeats import read_heartbeats
from service.messaging.tasks import DELIVER, MAINTAIN, SCORE
from service.observability.heartbeat import LOOP, TASKS, faults
from service.usecases.sites import enrol_site
from tests.processes import accept, pending, until, worker
from worker.single_run import SingleRun
from worker.watchdog import Watchdog


def test_a_short_lease_makes_no_run_hang():
    now, told = [0.0], []
    limit = SingleRun(lambda: now[0])
    watchdog = Watchdog({SCORE: limit}, 1.0, lambda _: None, told.append)

    def work():
        now[0] += 29.0
        assert watchdog.look() == ""
        now[0] += 2.0
        assert watchdog.look() == SCORE

    limit.run(work, lambda: False)
    assert watchdog.look() == ""
    assert told == [SCORE]


def test_a_run_that_goes_on_for_longer_than_its_lease_is_told():
    now, said, told = [0.0], [], []
    limits = {name: SingleRun(lambda: now[0]) for name in (SCORE, DELIVER, MAINTAIN)}
    watchdog = Watchdog(limits, 30.0, said.append, told.append)
    go_on, begun = threading.Event(), threading.Barrier(3, timeout=10)

    def work():
        begun.wait()
        go_on.wait()

    runs = [
        threading.Thread(target=limits[name].run, args=(work, lambda: False), daemon=True)
        for name in (SCORE, MAINTAIN)
    ]
    for run in runs:
        run.start()
    begun.wait()
    now[0] = 30.0
    assert watchdog.look() == ""
    now[0] = 31.0
    assert watchdog.look() == SCORE
    assert said == ["", f"a run of {SCORE} hangs"]
    assert told == [SCORE]
    go_on.set()
    for run in runs:
        run.join(10)
    assert watchdog.look() == ""


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_whose_scoring_hangs_is_not_alive(env, dispatcher, tmp_path, pool):
    env |= {"REPLYDESK_LEASE_SECONDS": "1", "REPLYDESK_WORKER_POOL": pool}
    home, url, prefix = Path(env["REPLYDESK_HOME"]), env["REDIS_URL"], env["REPLYDESK_REDIS_PREFIX"]
    with worker(env, tmp_path / "worker.log", "hangs"):
        until(lambda: faults(home, LOOP) == [] and faults(home, TASKS) == [])
        dispatcher.enqueue(SCORE)
        until(lambda: set(faults(home, TASKS)) == {f"a run of {SCORE} hangs"})  # in one child, or in both
        assert read_heartbeats(url, prefix).hung == SCORE
        assert faults(home, LOOP) == []
        alive = [sys.executable, "-m", "service.cli.main", "alive"]
        assert subprocess.run(alive, env=env, capture_output=True, check=False).returncode == 2


def test_a_model_that_takes_long_to_load_is_no_task_that_hangs(env, contexts, tmp_path):
    env |= {"REPLYDESK_LEASE_SECONDS": "1"}
    context, log = contexts(env), tmp_path / "worker.log"
    with worker(env, log, "loads"):
        accept(context, enrol_site(context, "courier", "https://courier.example"), ["A quiet word."])
        until(lambda: pending(context) == 0)
    assert "task_hung" not in log.read_text()


def test_a_worker_that_waits_for_its_broker_is_alive(env, broker, tmp_path):
    home = Path(env["REPLYDESK_HOME"])

    def goes_round():
        (path,) = home.rglob(f"{LOOP}-*")
        for _ in range(2):
            before = path.read_bytes()
            until(lambda before=before: path.read_bytes() != before)

    with worker(env | {"REDIS_URL": broker.url}, tmp_path / "worker.log", "passes"):
        until(lambda: faults(home, LOOP) == [] and faults(home, TASKS) == [])
        broker.kill()
        goes_round()
        broker.start()
        goes_round()
