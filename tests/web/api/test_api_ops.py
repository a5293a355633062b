"""Watching: alive, ready part by part, counted; and logs that hold ids, never what was said or by which key."""

import itertools
import socket
import threading
from contextlib import ExitStack

from structlog.testing import capture_logs

from service.domain.verdict import Effort
from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.heartbeats import BEAT, WorkerHeartbeats, read_heartbeats
from service.messaging.redis_client import connect
from service.messaging.tasks import MAINTAIN
from service.storage import Probe, Store
from service.web.readiness import Checks
from tests.factories import ADDRESS, sqlite_store
from tests.web.api.caller import Newsroom, problem, submission


def test_alive_asks_no_part(newsroom, monkeypatch):
    monkeypatch.setattr(Store, "read", None)
    monkeypatch.setattr(Probe, "ask", None)
    assert newsroom.call("GET", "/healthz", None).json == {"status": "ok"}


def ring_as_beat(redis_url):
    dispatcher = CeleryDispatcher(redis_url, heartbeat=BEAT)
    dispatcher.enqueue(MAINTAIN)
    dispatcher.close()
    assert read_heartbeats(redis_url).beat is not None


def test_ready_when_every_part_is(store, redis_url, tmp_path):
    newsroom = Newsroom.over(store, tmp_path, REDIS_URL=redis_url)
    WorkerHeartbeats(redis_url).begun(MAINTAIN)
    ring_as_beat(redis_url)
    answer = newsroom.call("GET", "/readyz", None)
    checks = dict.fromkeys(("store", "schema", "broker", "worker", "beat"), "ok")
    assert answer.json == {"status": "ready", "checks": checks}


def not_ready(newsroom):
    """Return what is said of each part that is not as it should be."""
    found = problem(newsroom.call("GET", "/readyz", None), 503, "unavailable")
    wrong = {part: said for part, said in found["checks"].items() if said != "ok"}
    assert found["detail"] == f"Not ready: {', '.join(wrong)}."
    return wrong


def test_workers_and_beat_of_whom_nothing_is_heard_are_named(redis_url, tmp_path):
    settings = {"REDIS_URL": redis_url, "REPLYDESK_REDIS_PREFIX": "silent:"}
    newsroom = Newsroom.over(sqlite_store(), tmp_path, **settings)
    assert set(not_ready(newsroom)) == {"worker", "beat"}
    working = Newsroom.over(sqlite_store(), tmp_path, **settings | {"REPLYDESK_REDIS_PREFIX": "no-beat:"})
    WorkerHeartbeats(redis_url, "no-beat:").begun(MAINTAIN, by_message=False)
    assert set(not_ready(working)) == {"beat"}


def test_what_is_not_ready_is_named(store, tmp_path, monkeypatch):
    newsroom = Newsroom.over(store, tmp_path)
    assert set(not_ready(newsroom)) == {"broker"}
    gone = Newsroom.over(sqlite_store(), tmp_path, REDIS_URL="unix:///nowhere/valkey.sock")
    assert not_ready(gone)["broker"] == "does not answer (ConnectionError)"
    with monkeypatch.context() as patch:
        patch.setattr("service.storage.unit_of_work.HEAD", "9999")
        assert "replydesk migrate" in not_ready(Newsroom.over(sqlite_store(), tmp_path))["schema"]

    def away(_):
        raise ConnectionResetError(f"while asking for {ADDRESS}")

    monkeypatch.setattr(Probe, "ask", away)
    assert not_ready(Newsroom.over(sqlite_store(), tmp_path))["store"] == "fails (ConnectionResetError)"


def test_a_broker_that_forgot_its_heartbeats_makes_nobody_dead(redis_url, tmp_path):
    now = [0.0]
    checks = Checks(Newsroom.over(sqlite_store(), tmp_path, REDIS_URL=redis_url).context, lambda: now[0])
    WorkerHeartbeats(redis_url).begun(MAINTAIN)
    assert checks.run()["worker"] == "ok"
    connect(redis_url).flushall()
    now[0] += 20
    assert checks.run()["worker"] == "ok"
    now[0] += 20
    assert checks.run()["worker"] != "ok"


def test_whatever_hangs_the_answer_comes(tmp_path, monkeypatch):
    hang = threading.Event()

    def hanging(_):
        assert hang.wait(20)

    monkeypatch.setattr(Probe, "ask", hanging)
    try:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            url = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
            context = Newsroom.over(sqlite_store(), tmp_path, REDIS_URL=url).context
            checks, threads = Checks(context, itertools.count(step=10).__next__), threading.active_count()
            for _ in range(3):
                told = checks.run()
                assert (told["store"], told["schema"]) == ("does not answer", "does not answer")
                assert told["broker"] != "ok"
            assert threading.active_count() <= threads + 2
    finally:
        hang.set()


def test_a_pool_that_is_used_up_does_not_make_the_store_away(tmp_path):
    store = sqlite_store()
    newsroom = Newsroom.over(store, tmp_path)
    with ExitStack() as stack:
        for _ in range(32):
            stack.enter_context(store.read())
        found = problem(newsroom.call("GET", "/readyz", None), 503, "unavailable")
    assert (found["checks"]["store"], found["checks"]["schema"]) == ("ok", "ok")


def test_who_asks_within_a_second_is_told_the_same(tmp_path, monkeypatch):
    asked = []

    monkeypatch.setattr(Probe, "ask", lambda _: asked.append(1))
    now = [0.0]
    checks = Checks(Newsroom.over(sqlite_store(), tmp_path).context, lambda: now[0])
    assert checks.run() == checks.run()
    assert len(asked) == 1
    now[0] += 1.0
    checks.run()
    assert len(asked) == 2


def metric(newsroom, name):
    newsroom.app.extensions["replydesk.api"].meters.recent.clear()
    lines = newsroom.call("GET", "/metrics", None).text.splitlines()
    (value,) = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")]
    return float(value)


def test_metrics_count_what_came(newsroom):
    newsroom.post()
    newsroom.post()
    newsroom.post(submission(body="Second thoughts."))
    newsroom.post({})
    newsroom.call("POST", "/v1/comments/batch", json=[submission(id="b-1"), {}])
    for source, outcome, count in (
        ("api", "new", 1),
        ("api", "replay", 1),
        ("api", "revised", 1),
        ("api", "refused", 1),
        ("batch", "new", 1),
        ("batch", "refused", 1),
        ("inbound", "new", 0),
    ):
        sample = f'replydesk_submissions_total{{outcome="{outcome}",source="{source}"}}'
        assert metric(newsroom, sample) == count
    assert metric(newsroom, 'replydesk_accept_seconds_count{source="api"}') == 4


def test_metrics_tell_the_one_number(newsroom):
    newsroom.post()
    newsroom.clock.pass_seconds(42)
    assert metric(newsroom, "replydesk_oldest_unscored_age_seconds") == 42
    assert metric(newsroom, "replydesk_comments_pending") == 1
    newsroom.settle()
    assert metric(newsroom, "replydesk_oldest_unscored_age_seconds") == 0
    assert metric(newsroom, "replydesk_comments_held") == 1


def test_metrics_tell_the_effort_and_survive_the_store(newsroom, monkeypatch):
    assert metric(newsroom, "replydesk_scoring_fast") == 0
    newsroom.post()
    newsroom.settle(effort=Effort.FAST)
    with newsroom.deps.store.write() as tx:
        tx.scoring.set_effort(Effort.FAST, newsroom.clock.now)
    assert metric(newsroom, "replydesk_scoring_fast") == 1
    assert metric(newsroom, "replydesk_comments_to_rescore") == 1
    monkeypatch.setattr(Store, "read", None)
    assert metric(newsroom, "replydesk_store_up") == 0


def test_metrics_tell_when_a_maintenance_run_last_began(redis_url, tmp_path):
    settings = {"REDIS_URL": redis_url, "REPLYDESK_REDIS_PREFIX": "metered:"}
    newsroom = Newsroom.over(sqlite_store(), tmp_path, **settings)
    assert metric(newsroom, "replydesk_last_maintenance_age_seconds") == 3600
    WorkerHeartbeats(redis_url, "metered:").begun(MAINTAIN, by_message=False)
    assert metric(newsroom, "replydesk_last_maintenance_age_seconds") < 5
    assert metric(newsroom, "replydesk_beat_age_seconds") == 3600
    assert metric(newsroom, "replydesk_clock_skew_seconds") < 2
    assert metric(newsroom, "replydesk_broker_up") == 1
    dead = Newsroom.over(sqlite_store(), tmp_path, REDIS_URL="unix:///nowhere/valkey.sock")
    assert metric(dead, "replydesk_broker_up") == 0


def test_routes_are_counted_by_rule(newsroom):
    for n in range(20):
        newsroom.get(f"/v1/comments/c-{n}")
        newsroom.call("GET", f"/nowhere/{n}", None)
        newsroom.call(f"METHOD{n}", "/healthz", None)
    lines = newsroom.call("GET", "/metrics", None).text.splitlines()
    assert len([line for line in lines if line.startswith("replydesk_http_requests_total{")]) == 3


def test_a_sane_request_id_is_echoed(newsroom):
    answer = newsroom.get("/healthz", headers={"X-Request-Id": "abc-1.2_3"})
    assert answer.headers["X-Request-Id"] == "abc-1.2_3"
    for strange in ("a" * 65, "two words", ADDRESS, '"><script>'):
        answer = newsroom.get("/healthz", headers={"X-Request-Id": strange})
        assert len(answer.headers["X-Request-Id"]) == 32


def test_logs_hold_ids_alone(newsroom, monkeypatch):
    with capture_logs() as lines:
        newsroom.post()
        newsroom.post(submission(body=17))
        newsroom.get("/v1/comments/c-1?secret=1")
        newsroom.get(f"/v1/comments?article=https://courier.example/?mail={ADDRESS}")
        newsroom.get(f"/{ADDRESS}")

        def broken(*_, **__):
            raise RuntimeError(f"{submission()}")

        monkeypatch.setattr("service.usecases.submit", broken)
        newsroom.post()
    (stored,) = [line["comments"] for line in lines if line["event"] == "request" and line["status"] == 202]
    assert stored == str(newsroom.comment().pk)
    assert [line["status"] for line in lines if line["event"] == "request"] == [202, 422, 200, 200, 404, 500]
    assert {"method", "route", "status", "ms", "request_id"} <= set(lines[0])
    for secret in (ADDRESS, "bridge", "c-1", "secret", newsroom.courier.key, "Ada"):
        assert secret not in str(lines)
    (broke,) = [line for line in lines if line["event"] == "request.broke"]
    assert broke["error"] == "RuntimeError"
    assert broke["where"]
