"""A broker that answers and refuses to write: a replica, too few replicas, no memory left, no permission."""

import os
import threading
import time
from contextlib import closing, contextmanager

import pytest
import redis

from service.cli.status import Opened, look
from service.config import load
from service.context import build_context
from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.heartbeats import BEAT, WorkerHeartbeats, read_heartbeats
from service.messaging.redis_client import connect, fault_of
from service.messaging.tasks import SCORE, SWEEP
from service.observability import counters
from service.usecases.sites import enrol_site
from service.web.readiness import Checks
from tests.factories import template
from tests.processes import Broker, accept, pending, until, worker
from tests.receivers import receiver
from worker.polling_fallback import PollingFallback

FAULTS = {
    "a replica": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "too few replicas": ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
    "no memory left": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "no memory left, evicting": (
        "CONFIG SET maxmemory 1 maxmemory-policy volatile-lru",
        "CONFIG SET maxmemory 0",
    ),
    "no permission to write": ("ACL SETUSER default -@write", "ACL SETUSER default +@all"),
    "no such commands": ("ACL SETUSER default -brpop -lpush -set", "ACL SETUSER default +@all"),
}


@contextmanager
def broken(broker, fault):
    """Let the broker refuse to write, and fix it."""
    client = redis.Redis(unix_socket_path=str(broker.socket))
    breaks, fixes = FAULTS[fault]
    client.execute_command(*breaks.split())
    try:
        yield
    finally:
        client.execute_command(*fixes.split())
        client.close()


class BrokenBroker:
    """A home, a broker of its own, and the service's parts as the web has them."""

    def __init__(self, home, pool):
        self.broker = Broker(home)
        (home / "replydesk.db").write_bytes(template())
        clean = {name: value for name, value in os.environ.items() if not name.startswith("REPLYDESK_")}
        self.env = clean | {
            "REPLYDESK_HOME": str(home),
            "REPLYDESK_SWEEP_SECONDS": "0.5",
            "REPLYDESK_WORKER_POOL": pool,
            "REPLYDESK_WORKER_CONCURRENCY": "5" if pool == "threads" else "1",
            "REDIS_URL": self.broker.url,
            "REPLYDESK_MASTER_KEY": "5e" * 32,
            "REPLYDESK_LOG_LEVEL": "info",
        }
        self.log = home / "worker.log"
        self._beat = CeleryDispatcher(self.broker.url, heartbeat=BEAT)
        self._over = threading.Event()
        threading.Thread(target=self._ring, daemon=True).start()
        self.context = build_context(load(self.env), env=self.env)

    def _ring(self):
        """Enqueue the sweep as beat does: while that is answered, no worker polls by itself."""
        while not self._over.wait(0.5):
            self._beat.enqueue(SWEEP)

    def awaits_model(self):
        """Wait for what takes a worker longest, more so on a busy machine."""
        until(lambda: '"model.loaded"' in self.log.read_text(), 240)

    def decide(self, enrolled, text):
        """Post a comment and wait until it is decided."""
        accept(self.context, enrolled, [text])
        until(lambda: pending(self.context) == 0)

    def answers_rings(self):
        """Enqueue once, and say whether a worker has begun the task because of it within this second."""
        self.context.deps.dispatcher.enqueue(SCORE)
        time.sleep(0.2)
        try:
            heard = read_heartbeats(self.broker.url).by_message.get(SCORE)
        except redis.RedisError:
            return False
        return heard is not None and heard < 1.0

    def close(self):
        self._over.set()
        self._beat.close()
        self.context.close()
        self.broker.kill()


@pytest.fixture(params=["threads", "prefork"])
def scene(request, tmp_path):
    """A home and a broker for a worker of each pool."""
    made = BrokenBroker(tmp_path, request.param)
    yield made
    made.close()


@pytest.mark.parametrize("scene", ["threads"], indirect=True)
def test_work_goes_on_under_each_fault(scene):
    with receiver() as hook, worker(scene.env, scene.log) as process:
        enrolled = enrol_site(scene.context, "courier", "https://courier.example", hook.url)
        scene.awaits_model()
        until(scene.answers_rings)
        for number, fault in enumerate(FAULTS):
            with broken(scene.broker, fault):
                for again in (1, 2):
                    scene.decide(enrolled, f"Word {again} about {fault}.")
                    until(lambda expected=2 * number + again: len(hook.got) == expected)
                assert process.poll() is None, fault
            until(scene.answers_rings)
        assert process.poll() is None
        assert "Traceback" not in scene.log.read_text()


@pytest.mark.parametrize(
    ("scene", "fault"), [("threads", "a replica"), ("prefork", "no memory left")], indirect=["scene"]
)
def test_a_worker_that_starts_meanwhile_works(scene, fault):
    with receiver() as hook:
        enrolled = enrol_site(scene.context, "courier", "https://courier.example", hook.url)
        with broken(scene.broker, fault), worker(scene.env, scene.log) as process:
            scene.awaits_model()
            scene.decide(enrolled, "A quiet word about the new bridge.")
            until(lambda: len(hook.got) == 1)
            assert process.poll() is None
            client = redis.Redis(unix_socket_path=str(scene.broker.socket))
            client.execute_command(*FAULTS[fault][1].split())
            client.close()
            until(scene.answers_rings)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scene", ["threads"], indirect=True)
def test_health_tells_the_truth(scene, fault):
    counters.share(scene.context.settings.home)
    with closing(Opened(scene.context.settings)) as opened:
        assert Checks(scene.context).run()["broker"] == "ok"
        with broken(scene.broker, fault):
            assert Checks(scene.context).run()["broker"].startswith("refuses to write (")
            assert look(opened)["up"]["broker"].startswith("refuses to write (")
        assert Checks(scene.context).run()["broker"] == "ok"
        assert look(opened)["up"]["broker"] == "ok"


def test_a_broker_with_another_password_is_not_said_to_be_silent(tmp_path):
    broker = Broker(tmp_path)
    try:
        with closing(connect(broker.url)) as client:
            client.config_set("requirepass", "new")
        with pytest.raises(redis.AuthenticationError) as caught:
            read_heartbeats(broker.url)
        assert fault_of(caught.value) == "refuses the password (AuthenticationError)"
    finally:
        broker.kill()


def test_rounds_begin_as_soon_as_the_broker_refuses():
    now, away, rounds = [100.0], [False], []
    fallback = PollingFallback(
        lambda: 100.0, lambda: rounds.append(now[0]), 1.0, lambda: now[0], broker_away=lambda: away[0]
    )
    assert not fallback.look()
    away[0] = True
    for now[0] in (101.0, 102.0):
        assert fallback.look()
    away[0] = False
    assert not fallback.look()
    assert rounds == [101.0, 102.0]


def test_a_heartbeat_is_written_by_whoever_finds_the_broker_well(tmp_path):
    broker = Broker(tmp_path)
    try:
        answerer = WorkerHeartbeats(broker.url)
        assert answerer.takes_writes()
        with broken(broker, "a replica"):
            assert not answerer.takes_writes()
            assert not answerer.takes_writes()
        until(answerer.takes_writes)
        broker.kill()
        assert not answerer.takes_writes()
        assert WorkerHeartbeats(None).takes_writes()
    finally:
        broker.process.kill()
        broker.process.wait()


def test_the_dispatcher_reconnects_within_seconds(tmp_path):
    broker = Broker(tmp_path)
    dispatcher = CeleryDispatcher(broker.url)
    client = connect(broker.url)
    stop = threading.Event()
    try:
        with broken(broker, "no memory left"):
            for _ in range(8):
                dispatcher.enqueue(SWEEP)
                stop.wait(0.5)
            assert client.llen("replydesk:upkeep") == 0
        until(lambda: client.llen("replydesk:upkeep") == 1)
    finally:
        dispatcher.close()
        client.close()
        broker.kill()
