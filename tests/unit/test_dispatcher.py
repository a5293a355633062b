"""The dispatcher: it never blocks, coalesces, and goes on when the broker is back; real server and double."""

import json
import multiprocessing
import os
import signal
import statistics
import time
from contextlib import contextmanager

import pytest
from redis import Redis

from service.config import load
from service.messaging.dispatcher import QUEUE_BOUND, CeleryDispatcher, RecordingDispatcher, make_dispatcher
from service.messaging.heartbeats import BEAT, HEARTBEAT_SECONDS, WorkerHeartbeats, read_heartbeats, stuck
from service.messaging.redis_client import connect, kombu_url
from service.messaging.tasks import DELIVER, MAINTAIN, PUBLISH, QUEUES, SCORE
from tests import servers
from tests.processes import until

PREFIX = "dispatcher:"


@pytest.fixture(scope="module")
def url():
    """A Valkey or Redis of this module's own, so that it may be stopped."""
    with servers.own_valkey(servers.valkey_program()) as started:
        yield started


@pytest.fixture
def server(url):
    with Redis.from_url(url) as client:
        client.flushall()
        yield client


@pytest.fixture
def dispatcher(url, server):
    made = CeleryDispatcher(url, PREFIX)
    yield made
    made.close()


@pytest.fixture
def sent(dispatcher, server):
    def sends(name):
        dispatcher.enqueue(name)
        until(lambda: length(server, name))

    return sends


@contextmanager
def hung(server):
    """Stop the server as a machine that swaps or a paused container would: it takes bytes and answers nothing."""
    pid = int(server.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def length(server, name):
    return int(server.llen(f"{PREFIX}{QUEUES[name]}"))


@pytest.mark.parametrize("kind", ["real", "quiet", "no broker", "dead broker"])
def test_no_dispatcher_blocks_or_raises(kind, url, server):
    dispatcher = {
        "real": CeleryDispatcher(url, PREFIX),
        "quiet": RecordingDispatcher(),
        "no broker": CeleryDispatcher(None),
        "dead broker": CeleryDispatcher("unix:///nowhere/at/all.sock", PREFIX),
    }[kind]
    for name in (*QUEUES, "replydesk.unknown", ""):
        dispatcher.enqueue(name)
        dispatcher.enqueue(name, 0.01)
        dispatcher.enqueue(name, -1.0)
    started = time.monotonic()
    dispatcher.close()
    dispatcher.enqueue(SCORE)
    dispatcher.close()
    assert time.monotonic() - started < 1.5


def test_the_double_records_what_a_real_dispatcher_would_send():
    dispatcher = RecordingDispatcher()
    for given in ((SCORE,), (PUBLISH, 5.0), ("replydesk.unknown",)):
        dispatcher.enqueue(*given)
    assert dispatcher.enqueued == [(SCORE, 0.0), (PUBLISH, 5.0)]


@pytest.mark.parametrize("name", QUEUES)
def test_a_task_is_one_message_with_its_name_alone(name, sent, server):
    sent(name)
    message = json.loads(server.lindex(f"{PREFIX}{QUEUES[name]}", 0))
    assert message["headers"]["task"] == name
    assert (message["headers"]["argsrepr"], message["headers"]["kwargsrepr"]) == ("()", "{}")
    assert message["content-type"] == "application/json"
    assert length(server, name) == 1


def test_tasks_are_coalesced(dispatcher, sent, server):
    for _ in range(10_000):
        dispatcher.enqueue(SCORE)
    until(lambda: length(server, SCORE))
    sent(DELIVER)  # the thread has been through all that came before
    assert length(server, SCORE) <= QUEUE_BOUND
    server.flushall()
    sent(SCORE)  # and an emptied server is no obstacle


def test_dead_workers_are_not_buried_in_messages(dispatcher, sent, server):
    server.lpush(f"{PREFIX}{QUEUES[SCORE]}", *[b"{}"] * QUEUE_BOUND)
    dispatcher.enqueue(SCORE)
    sent(DELIVER)
    assert length(server, SCORE) == QUEUE_BOUND


def test_a_task_can_be_delayed(dispatcher, sent, server):
    started = time.monotonic()
    dispatcher.enqueue(PUBLISH, 0.4)
    sent(SCORE)
    assert length(server, PUBLISH) == 0
    until(lambda: length(server, PUBLISH))
    assert 0.35 < time.monotonic() - started < 5


def test_enqueueing_takes_microseconds_though_the_broker_hangs(dispatcher, sent, server):
    sent(SCORE)
    server.flushall()
    took = []
    with hung(server):
        for _ in range(500):
            started = time.perf_counter()
            dispatcher.enqueue(SCORE)
            dispatcher.enqueue(MAINTAIN, 0.1)
            took.append(time.perf_counter() - started)
            time.sleep(0.002)
    assert statistics.median(took) < 0.001
    assert max(took) < 0.4  # the broker is waited for half a second
    until(lambda: length(server, SCORE) and length(server, MAINTAIN), 15)


def test_a_dispatcher_closes_within_a_second_though_the_broker_hangs(dispatcher, server):
    with hung(server):
        dispatcher.enqueue(SCORE)
        dispatcher.enqueue(PUBLISH, 60)
        started = time.monotonic()
        dispatcher.close()
        assert time.monotonic() - started < 1.2


def _enqueue_in_child(dispatcher):
    dispatcher.enqueue(DELIVER)
    dispatcher.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_enqueues_with_a_thread_of_its_own(dispatcher, sent, server):
    sent(SCORE)
    child = multiprocessing.get_context("fork").Process(target=_enqueue_in_child, args=(dispatcher,))
    child.start()
    child.join(10)
    assert child.exitcode == 0
    assert length(server, DELIVER) == 1


def test_whoever_lives_writes_a_heartbeat(sent, server, url):
    assert read_heartbeats(url, PREFIX).worker is None
    heartbeats = WorkerHeartbeats(url, PREFIX)
    heartbeats.begun(SCORE)
    heartbeats.begun(MAINTAIN, by_message=False)
    heard = read_heartbeats(url, PREFIX)
    assert (set(heard.by_message), set(heard.rounds), heard.beat) == ({SCORE}, {MAINTAIN}, None)
    assert heartbeats.maintained_ago() is None  # no message asked for a maintenance run
    heartbeats.begun(MAINTAIN)
    heard = read_heartbeats(url, PREFIX)
    assert all(0 <= age < 5 for age in (heard.maintenance, heard.worker, heartbeats.maintained_ago()))
    sent(MAINTAIN)
    assert read_heartbeats(url, PREFIX).beat is None  # the web may enqueue as it likes
    beat = CeleryDispatcher(url, PREFIX, heartbeat=BEAT)
    beat.enqueue(MAINTAIN)
    until(lambda: read_heartbeats(url, PREFIX).beat is not None)
    beat.close()


@pytest.mark.parametrize("offset", [-40.0, 60.0])
def test_a_heartbeat_is_as_old_as_the_broker_says(server, url, monkeypatch, offset):
    now = time.time()
    monkeypatch.setattr("service.messaging.heartbeats.time.time", lambda: now + offset)
    WorkerHeartbeats(url, PREFIX).begun(MAINTAIN)
    monkeypatch.undo()
    server.pexpire(f"{PREFIX}heartbeat:{MAINTAIN}", (HEARTBEAT_SECONDS - 20) * 1000)  # twenty seconds pass
    server.set(f"{PREFIX}heartbeat:{MAINTAIN}", f"{now + offset - 20:.3f}", keepttl=True)
    heard = read_heartbeats(url, PREFIX)
    assert heard.maintenance is not None
    assert 20 <= heard.maintenance < 25
    assert abs(heard.skew - offset) < 5


def test_a_round_is_made_by_one_worker_and_by_each_without_a_broker(server, url):
    workers = [WorkerHeartbeats(url, PREFIX) for _ in range(8)]
    assert sum(one.takes_turn(MAINTAIN, 60) for one in workers) == 1
    assert workers[0].takes_turn(DELIVER, 60)  # other work is another's round
    assert 0 < server.pttl(f"{PREFIX}turn:{MAINTAIN}") <= 60_000
    lonely = [WorkerHeartbeats("unix:///nowhere/at/all.sock"), WorkerHeartbeats(None)]
    assert all(one.takes_turn(MAINTAIN, 60) for one in lonely)
    assert [one.maintained_ago() for one in lonely] == [None, None]


def test_a_heartbeat_to_a_hung_broker_costs_half_a_second_once(server, url):
    heartbeats, client = WorkerHeartbeats(url, PREFIX), connect(url)
    with hung(server):
        started = time.monotonic()
        for _ in range(20):
            heartbeats.begun(SCORE)
        assert time.monotonic() - started < 1.5
        with pytest.raises(Exception, match="Timeout"):  # the library's own time-out error
            client.ping()
    client.close()


def test_a_queue_is_stuck_when_messages_wait_and_nobody_starts(server, url):
    assert stuck(url, ["score", "maintenance"], PREFIX) == []
    server.lpush(f"{PREFIX}score", b"{}")
    assert stuck(url, ["score", "maintenance"], PREFIX) == ["score"]
    WorkerHeartbeats(url, PREFIX).begun(SCORE)
    assert stuck(url, ["score", "maintenance"], PREFIX) == []


def test_kombu_spells_a_unix_socket_its_own_way():
    assert kombu_url("unix:///run/v.sock?db=2") == "redis+socket:///run/v.sock?db=2"
    assert kombu_url("rediss://:pw@h:1/2") == "rediss://:pw@h:1/2"


def test_a_dispatcher_made_from_settings_sends_what_is_due_as_it_closes(url, server):
    dispatcher = make_dispatcher(load({"REDIS_URL": url, "REPLYDESK_REDIS_PREFIX": PREFIX}))
    dispatcher.enqueue(SCORE)
    dispatcher.close()
    assert length(server, SCORE) == 1
