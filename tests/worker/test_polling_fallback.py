"""The polling fallback: maintenance runs without a message; work goes on when broker or beat is gone for good."""

from datetime import UTC, datetime

from service.domain.verdict import LABELS, Assessment, Effort
from service.messaging.dispatcher import RecordingDispatcher
from service.messaging.heartbeats import read_heartbeats
from service.messaging.redis_client import connect
from service.messaging.tasks import MAINTAIN, SCORE
from service.usecases import Scored, record_scores
from service.usecases.sites import enrol_site
from tests.processes import accept, pending, until, worker
from tests.receivers import receiver
from worker.polling_fallback import PollingFallback


def to_rescore(context):
    with context.deps.store.read() as tx:
        return tx.statistics.backlog(datetime.now(UTC)).to_rescore


def test_rounds_are_made_in_a_silence_alone():
    now, heard, rounds = [100.0], [100.0], []
    fallback = PollingFallback(lambda: heard[0], lambda: rounds.append(now[0]), 1.0, lambda: now[0])
    for now[0] in (101.0, 104.9, 105.0, 106.0):
        fallback.look()
    heard[0] = 106.0
    now[0] = 107.0
    assert not fallback.look()
    assert rounds == [105.0, 106.0]
    slow = PollingFallback(lambda: 100.0, lambda: None, 30.0, lambda: now[0])
    now[0] = 159.0
    assert not slow.look()
    now[0] = 160.0
    assert slow.look()


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


def test_a_worker_goes_on_without_its_broker(env, contexts, broker, tmp_path):
    env |= {"REPLYDESK_MAINTENANCE_SECONDS": "0.3", "REDIS_URL": broker.url}
    log = tmp_path / "worker.log"
    context = contexts(env, dispatcher=RecordingDispatcher())
    with receiver() as hook:
        enrolled = enrol_site(context, "courier", "https://courier.example", hook.url)
        held = accept(context, enrolled, ["The old bridge looks fine to me."])[0].comment
        fast = Assessment(dict.fromkeys(LABELS, 0.0) | {"toxicity": 0.7}, "made-up-1", effort=Effort.FAST)
        record_scores(context.deps, [Scored(held, fast)])
        with worker(env, log, "passes"):
            until(lambda: '"worker.ready"' in log.read_text())
            broker.kill()
            accept(context, enrolled, ["The new bridge looks fine to me.", "Another one."])
            until(lambda: pending(context) == 0)
            until(lambda: to_rescore(context) == 0)
            until(lambda: len(hook.got) == 4)  # the held one is told twice
    with context.deps.store.read() as tx:
        again = tx.comments.by_pk(held.pk)
    assert (again.status, again.verdict.effort) == ("approved", "full")
    assert '"polling_fallback.started"' in log.read_text()


def test_maintenance_goes_on_though_beat_is_gone(env, dispatcher, tmp_path):
    env |= {"REPLYDESK_MAINTENANCE_SECONDS": "0.3"}
    url, prefix = env["REDIS_URL"], env["REPLYDESK_REDIS_PREFIX"]

    def maintained():
        dispatcher.enqueue(SCORE)  # as the web does for each comment
        return MAINTAIN in read_heartbeats(url, prefix).rounds

    with worker(env, tmp_path / "worker.log", "passes"), connect(url) as client:
        until(maintained)
        heard = read_heartbeats(url, prefix)
        assert heard.beat is None
        assert heard.worker is not None
        assert heard.worker < 5
        client.delete(f"{prefix}heartbeat:fallback:{MAINTAIN}")
        until(maintained, 5)
