"""The polling fallback: maintenance runs without a message; work goes on when broker or beat is gone for good."""

import os
from datetime import UTC, datetime
from pathlib import Path

from service.config import load
from service.context import build_context
from service.domain.verdict import LABELS, Assessment, Effort
from service.messaging.dispatcher import CeleryDispatcher, RecordingDispatcher
from service.messaging.heartbeats import read_heartbeats
from service.messaging.redis_client import connect
from service.messaging.tasks import SCORE, SWEEP
from service.usecases import Scored, record_scores
from service.usecases.sites import enrol_site
from tests.factories import template
from tests.processes import Broker, accept, pending, until, worker
from tests.receivers import receiver
from worker.polling_fallback import PollingFallback


def to_rescore(context):
    """How many wait to be scored again in full."""
    with context.deps.store.read() as tx:
        return tx.statistics.backlog(datetime.now(UTC)).to_rescore


def test_rounds_are_made_in_a_silence_alone():
    now, heard, rounds = [100.0], [100.0], []
    fallback = PollingFallback(lambda: heard[0], lambda: rounds.append(now[0]), 1.0, lambda: now[0])
    for now[0] in (105.0, 109.9, 110.0, 111.0):
        fallback.look()
    heard[0] = 111.0
    now[0] = 112.0
    assert not fallback.look()
    assert rounds == [110.0, 111.0]
    slow = PollingFallback(lambda: 100.0, lambda: None, 30.0, lambda: now[0])
    now[0] = 249.0
    assert not slow.look()
    now[0] = 250.0
    assert slow.look()


def test_a_worker_goes_on_without_its_broker(tmp_path):
    broker = Broker(tmp_path)
    (tmp_path / "replydesk.db").write_bytes(template())
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REPLYDESK_")}
    env = clean | {
        "REPLYDESK_HOME": str(tmp_path),
        "REPLYDESK_SWEEP_SECONDS": "0.3",
        "REDIS_URL": broker.url,
        "REPLYDESK_MASTER_KEY": "5e" * 32,
        "REPLYDESK_LOG_LEVEL": "info",
    }
    log = tmp_path / "worker.log"
    context = build_context(load(env), env=env, dispatcher=RecordingDispatcher())
    try:
        with receiver() as hook:
            enrolled = enrol_site(context, "courier", "https://courier.example", hook.url)
            held = accept(context, enrolled, ["The old bridge looks fine to me."])[0].comment
            fast = Assessment(dict.fromkeys(LABELS, 0.0) | {"toxicity": 0.7}, "made-up-1", effort=Effort.FAST)
            record_scores(context.deps, [Scored(held, fast)])
            with worker(env, log):
                until(lambda: '"model.loaded"' in log.read_text())
                broker.kill()
                accept(context, enrolled, ["The new bridge looks fine to me.", "Another one."])
                until(lambda: pending(context) == 0)
                until(lambda: to_rescore(context) == 0)
                until(lambda: len(hook.got) == 4)  # the held one is told twice
            with context.deps.store.read() as tx:
                again = tx.comments.by_pk(held.pk)
            assert (again.status, again.verdict.effort) == ("approved", "full")
            assert '"polling_fallback.started"' in log.read_text()
    finally:
        broker.process.kill()
        broker.process.wait()
        context.close()


def test_somebody_sweeps_though_beat_is_gone_and_comments_ring(env, tmp_path):
    env |= {"REPLYDESK_SWEEP_SECONDS": "0.3"}
    (Path(env["REPLYDESK_HOME"]) / "replydesk.db").write_bytes(template())
    url, prefix = env["REDIS_URL"], env["REPLYDESK_REDIS_PREFIX"]
    dispatcher, broker = CeleryDispatcher(url, prefix), connect(url)
    try:
        with worker(env, tmp_path / "worker.log"):

            def swept():
                dispatcher.enqueue(SCORE)  # as the web does for each comment
                return SWEEP in read_heartbeats(url, prefix).rounds

            until(swept)
            heard = read_heartbeats(url, prefix)
            assert heard.beat is None
            assert heard.worker is not None
            assert heard.worker < 5
            broker.delete(f"{prefix}heartbeat:fallback:{SWEEP}")
            until(swept, 5)
    finally:
        dispatcher.close()
        broker.close()
