"""A broker that answers and refuses to write: a replica, too few replicas, no memory left, no permission."""

import threading
import time
from contextlib import closing, contextmanager

import pytest
import redis

from service.cli.status import Opened, look
from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.heartbeats import BEAT, WorkerHeartbeats, read_heartbeats
from service.messaging.redis_client import connect, fault_of
from service.messaging.tasks import MAINTAIN, SCORE
from service.observability import counters
from service.usecases.sites import enrol_site
from service.web.readiness import Checks
from tests.processes import accept, pending, until, worker
from tests.receivers import receiver

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
    client = redis.Redis(unix_socket_path=str(broker.socket))
    breaks, fixes = FAULTS[fault]
    client.execute_command(*breaks.split())
    try:
        yield
    finally:
        client.execute_command(*fixes.split())
        client.close()


class BrokenBroker:
    """A home and a broker of its own, the service as the web has it, and beat: while it is answered, nobody polls."""

    def __init__(self, broker, context, env, log):
        self.broker, self.context, self.env, self.log = broker, context, env, log
        self.prefix = env["REPLYDESK_REDIS_PREFIX"]
        self._beat = CeleryDispatcher(broker.url, self.prefix, heartbeat=BEAT)
        self._over = threading.Event()
        threading.Thread(target=self._enqueue_as_beat, daemon=True).start()

    def _enqueue_as_beat(self):
        while not self._over.wait(0.5):
            self._beat.enqueue(MAINTAIN)

    def decide(self, enrolled, text):
        """Post a comment and wait until it is decided."""
        accept(self.context, enrolled, [text])
        until(lambda: pending(self.context) == 0)

    def is_answered(self):
        """Enqueue once, and say whether a worker has begun the task because of it within this second."""
        self.context.deps.dispatcher.enqueue(SCORE)
        time.sleep(0.2)
        try:
            heard = read_heartbeats(self.broker.url, self.prefix).by_message.get(SCORE)
        except redis.RedisError:
            return False
        return heard is not None and heard < 1.0

    def close(self):
        self._over.set()
        self._beat.close()


@pytest.fixture
def scenes(env, contexts, broker, tmp_path):
    made = []

    def make(pool="threads"):
        env.update(
            REPLYDESK_MAINTENANCE_SECONDS="0.5",
            REPLYDESK_WORKER_POOL=pool,
            REPLYDESK_WORKER_CONCURRENCY="5" if pool == "threads" else "1",
            REDIS_URL=broker.url,
        )
        made.append(BrokenBroker(broker, contexts(env), env, tmp_path / "worker.log"))
        return made[0]

    yield make
    made[0].close()


def test_work_goes_on_under_each_fault(scenes):
    scene = scenes()
    with receiver() as hook, worker(scene.env, scene.log, "passes") as process:
        enrolled = enrol_site(scene.context, "courier", "https://courier.example", hook.url)
        until(scene.is_answered)
        for number, fault in enumerate(FAULTS):
            with broken(scene.broker, fault):
                for again in (1, 2):
                    scene.decide(enrolled, f"Word {again} about {fault}.")
                    until(lambda expected=2 * number + again: len(hook.got) == expected)
                assert process.poll() is None, fault
            until(scene.is_answered)
        assert process.poll() is None
        assert "Traceback" not in scene.log.read_text()


@pytest.mark.parametrize(("pool", "fault"), [("threads", "a replica"), ("prefork", "no memory left")])
def test_a_worker_that_starts_meanwhile_works(scenes, pool, fault):
    scene = scenes(pool)
    with receiver() as hook:
        enrolled = enrol_site(scene.context, "courier", "https://courier.example", hook.url)
        with worker(scene.env, scene.log, "passes") as process:
            with broken(scene.broker, fault):
                scene.decide(enrolled, "A quiet word about the new bridge.")
                until(lambda: len(hook.got) == 1)
                assert process.poll() is None
            until(scene.is_answered)


def test_health_tells_the_truth(scenes):
    scene = scenes()
    counters.share(scene.context.settings.home)
    with closing(Opened(scene.context.settings)) as opened:

        def said():
            return Checks(scene.context).run()["broker"], look(opened)["up"]["broker"]

        for fault in FAULTS:
            assert said() == ("ok", "ok")
            with broken(scene.broker, fault):
                assert all(one.startswith("refuses to write (") for one in said()), fault
        assert said() == ("ok", "ok")


def test_a_heartbeat_is_written_by_whoever_finds_the_broker_well(broker):
    answerer = WorkerHeartbeats(broker.url)
    assert answerer.takes_writes()
    with broken(broker, "a replica"):
        assert not answerer.takes_writes()
        assert not answerer.takes_writes()
    until(answerer.takes_writes)
    broker.kill()
    assert not answerer.takes_writes()
    assert WorkerHeartbeats(None).takes_writes()


def test_a_broker_with_another_password_is_not_said_to_be_silent(broker):
    with closing(connect(broker.url)) as client:
        client.config_set("requirepass", "new")
    with pytest.raises(redis.AuthenticationError) as caught:
        read_heartbeats(broker.url)
    assert fault_of(caught.value) == "refuses the password (AuthenticationError)"


def test_the_dispatcher_reconnects_within_seconds(broker):
    with closing(CeleryDispatcher(broker.url)) as dispatcher, connect(broker.url) as client:
        with broken(broker, "no memory left"):
            for _ in range(8):
                dispatcher.enqueue(MAINTAIN)
                time.sleep(0.5)
            assert client.llen("replydesk:maintenance") == 0
        until(lambda: client.llen("replydesk:maintenance") == 1)
