"""A real worker and its broker: messages arrive soon; a broker that hangs, dies or is emptied costs seconds at most."""

import os
import subprocess
import sys
import time

import pytest

from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.redis_client import connect
from service.messaging.tasks import DELIVER, PUBLISH, QUEUES, SCORE, SWEEP
from service.observability.heartbeat import BEAT, faults
from tests.processes import Broker, until

PREFIX = "broker-test:"


class Installation:
    """A broker, a worker of this pool, perhaps beat, and the notes of what ran."""

    def __init__(self, home, pool):
        self.notes = home / "notes"
        self.notes.touch()
        self.broker = Broker(home)
        self.dispatcher = CeleryDispatcher(self.broker.url, PREFIX)
        self.processes = []
        self.env = {
            name: value for name, value in os.environ.items() if not name.startswith("REPLYDESK_")
        } | {
            "REPLYDESK_HOME": str(home),
            "REDIS_URL": self.broker.url,
            "REPLYDESK_REDIS_PREFIX": PREFIX,
            "REPLYDESK_WORKER_POOL": pool,
            "REPLYDESK_SWEEP_SECONDS": "0.3",
        }
        self.run("worker")

    def run(self, what):
        with (self.notes.parent / f"{what}.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.worker.listening", what, str(self.notes)],
                    env=self.env,
                    stderr=log,
                )
            )

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


@pytest.fixture(params=["threads", "prefork"])
def installation(request, tmp_path_factory):
    """A running installation of each pool, that has run its first task."""
    made = Installation(tmp_path_factory.mktemp("h"), request.param)
    try:
        made.enqueue(SCORE, 60)
        yield made
    finally:
        made.close()


def test_a_broker_that_hangs_dies_or_is_emptied_costs_seconds_at_most(installation):
    for name in QUEUES:
        assert installation.enqueue(name) < 5
    with installation.broker.hung():
        installation.dispatcher.enqueue(DELIVER)
        time.sleep(2.5)  # longer than the dispatcher's time-outs and the worker's own BRPOP
    assert installation.enqueue(SCORE) < 10
    client = connect(installation.broker.url)
    client.flushall()
    client.close()
    assert installation.enqueue(DELIVER) < 5
    installation.broker.kill()
    installation.dispatcher.enqueue(SCORE)
    time.sleep(0.5)
    installation.broker.start()
    assert installation.enqueue(SCORE) < 10
    assert installation.enqueue(SWEEP) < 5


@pytest.mark.parametrize("installation", ["threads"], indirect=True)
def test_no_kind_of_work_starves_another_in_the_embedded_worker(installation):
    (installation.notes.parent / "slow").touch()
    for _ in range(5):
        installation.dispatcher.enqueue(SCORE)
        time.sleep(0.1)
    assert installation.enqueue(DELIVER) < 1
    assert installation.enqueue(PUBLISH) < 1


@pytest.mark.parametrize("installation", ["threads"], indirect=True)
def test_beat_enqueues_the_sweep_and_outlives_the_broker(installation):
    installation.run("beat")
    until(lambda: installation.count(SWEEP) >= 3, 60)
    assert faults(installation.notes.parent, BEAT) == []
    installation.broker.kill()
    time.sleep(1.0)
    installation.broker.start()
    swept = installation.count(SWEEP)
    until(lambda: installation.count(SWEEP) >= swept + 2, 20)
    assert all(process.poll() is None for process in installation.processes)


@pytest.mark.parametrize("installation", ["threads"], indirect=True)
def test_nothing_but_marks_and_heartbeats_stays_in_the_broker(installation):
    for name in QUEUES:
        installation.enqueue(name)
    client = connect(installation.broker.url)
    keys = {key.decode().removeprefix(PREFIX).split(":")[0] for key in client.keys("*")}
    client.close()
    assert {key for key in keys if not key.startswith("_kombu")} <= {"enqueued", "heartbeat", "probe"}


@pytest.mark.parametrize("installation", ["threads", "prefork"], indirect=True)
def test_a_worker_stops_soon_when_asked(installation):
    worker = installation.processes[0]
    worker.terminate()
    assert worker.wait(10) == 0
