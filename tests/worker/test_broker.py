"""A real worker and its broker: messages arrive soon; a broker that hangs, dies or is emptied costs seconds at most."""

import subprocess
import sys
import time

import pytest

from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.redis_client import connect
from service.messaging.tasks import DELIVER, MAINTAIN, PUBLISH, QUEUES, SCORE
from service.observability.heartbeat import BEAT, faults
from tests.processes import Broker, environment, until

PREFIX = "broker-test:"


class Installation:
    """A broker, a worker of this pool, perhaps beat, and the notes of what ran."""

    def __init__(self, home, pool):
        self.home, self.notes = home, home / "notes"
        self.notes.touch()
        self.broker = Broker(home)
        self.dispatcher = CeleryDispatcher(self.broker.url, PREFIX)
        self.processes = []
        self.env = environment(
            home,
            self.broker.url,
            REPLYDESK_REDIS_PREFIX=PREFIX,
            REPLYDESK_WORKER_POOL=pool,
            REPLYDESK_MAINTENANCE_SECONDS="0.3",
        )
        self.run("worker")

    def run(self, what):
        command = [sys.executable, "-m", "tests.worker.listening", what, str(self.notes)]
        with (self.home / f"{what}.log").open("ab") as log:
            self.processes.append(subprocess.Popen(command, env=self.env, stderr=log))

    def count(self, name):
        return self.notes.read_text().split().count(name)

    def enqueue(self, name, seconds=20.0):
        """Enqueue, and return how long it took until the task had run once more."""
        before = self.count(name)
        self.dispatcher.enqueue(name)
        return until(lambda: self.count(name) > before, seconds)

    def close(self):
        self.dispatcher.close()
        for process in self.processes:
            process.kill()
            process.wait()
        self.broker.kill()


@pytest.fixture(scope="module")
def installations(tmp_path_factory):
    """A running installation of each pool, that has run its first task."""
    made = {}

    def of(pool):
        if pool not in made:
            made[pool] = Installation(tmp_path_factory.mktemp("h"), pool)
            made[pool].enqueue(SCORE, 60)
        return made[pool]

    yield of
    for one in made.values():
        one.close()


def test_no_kind_of_work_starves_another_in_the_embedded_worker(installations):
    installation = installations("threads")
    slow = installation.home / "slow"
    slow.touch()
    try:
        installation.enqueue(SCORE)  # and goes on for as long as that file is there
        installation.enqueue(DELIVER)
        installation.enqueue(PUBLISH)
    finally:
        slow.unlink()


def test_nothing_but_marks_and_heartbeats_stays_in_the_broker(installations):
    installation = installations("threads")
    for name in QUEUES:
        installation.enqueue(name)
    with connect(installation.broker.url) as client:
        keys = {key.decode().removeprefix(PREFIX).split(":")[0] for key in client.keys("*")}
    assert {key for key in keys if not key.startswith("_kombu")} <= {"enqueued", "heartbeat", "probe"}


def test_beat_enqueues_the_maintenance_run_and_outlives_the_broker(installations):
    installation = installations("threads")
    maintained = installation.count(MAINTAIN)
    installation.run("beat")
    until(lambda: installation.count(MAINTAIN) >= maintained + 3, 60)
    assert faults(installation.home, BEAT) == []
    installation.broker.kill()
    time.sleep(1.0)
    installation.broker.start()
    maintained = installation.count(MAINTAIN)
    until(lambda: installation.count(MAINTAIN) >= maintained + 2, 20)
    assert all(process.poll() is None for process in installation.processes)
    beat = installation.processes.pop()
    beat.kill()
    beat.wait()


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_outlives_its_broker_by_seconds_and_stops_when_asked(installations, tmp_path, pool):
    """One that hangs, is emptied or dies costs seconds at most."""
    installation = installations(pool)
    for name in QUEUES:
        assert installation.enqueue(name) < 5
    with installation.broker.hung():
        installation.dispatcher.enqueue(DELIVER)
        time.sleep(2.5)  # longer than the dispatcher's time-outs and the worker's own BRPOP
    assert installation.enqueue(SCORE) < 10
    with connect(installation.broker.url) as client:
        client.flushall()
    assert installation.enqueue(DELIVER) < 5
    installation.broker.kill()
    installation.dispatcher.enqueue(SCORE)
    time.sleep(0.5)
    installation.broker.start()
    assert installation.enqueue(SCORE) < 10
    assert installation.enqueue(MAINTAIN) < 5
    worker = installation.processes.pop()
    worker.terminate()
    try:
        assert worker.wait(10) == 0
    finally:
        worker.kill()
        installation.run("worker")
