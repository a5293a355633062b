"""`replydesk status`: what waits, and which part of the service is up, asked once or watched."""

import json
import time
import uuid

import pytest

from service.domain.verdict import LABELS, Assessment, Effort
from service.messaging.heartbeats import HEARTBEAT_SECONDS, WorkerHeartbeats
from service.messaging.redis_client import connect
from service.messaging.tasks import MAINTAIN, SCORE
from service.usecases import Scored, record_scores
from tests.unit.importing import decide_all, line


@pytest.fixture
def status(run):
    def asks(code=0):
        return json.loads(run("status", "--json", code=code).stdout)

    return asks


@pytest.fixture
def broker(courier, redis_url, monkeypatch):
    prefix = f"status-{uuid.uuid4().hex[:8]}:"
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("REPLYDESK_REDIS_PREFIX", prefix)
    return redis_url, prefix


def test_the_status_tells_what_waits(imports, run, context, status):
    imports(line("a"), line("b", "Two."))
    told = status()
    assert (told["pending"], told["oldest_unscored_seconds"], told["up"]["store"]) == (2, 0.0, "ok")
    assert told["up"]["broker"] == "none"
    decide_all(context)
    run("site", "set", "courier", "callback_disabled=moving house")
    told = status()
    assert (told["pending"], told["deliveries"]["waiting"]) == (0, 2)
    assert told["callbacks_off"] == {"courier": "moving house"}
    plain = run("status").stdout
    assert "moving house" in plain
    assert "2 waiting" in plain


def test_the_status_tells_the_effort_and_what_is_scored_again(imports, run, context, status):
    told = status()
    assert (told["effort"], told["effort_seconds"], told["to_rescore"]) == ("full", None, 0)
    assert "in full" in run("status").stdout
    imports(line("a"))
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        (leased,) = tx.scoring.lease_pending(now, now, 9)
        tx.scoring.set_effort(Effort.FAST, now)
    scores = dict.fromkeys(LABELS, 0.0) | {"toxicity": 0.7}
    record_scores(context.deps, [Scored(leased, Assessment(scores, "made-up-1", effort=Effort.FAST))])
    told = status()
    assert (told["effort"], told["to_rescore"]) == ("fast", 1)
    assert told["effort_seconds"] < 60
    assert "too much waits, 1 to be scored again" in run("status").stdout


def test_the_status_tells_of_a_broker_that_is_away(status, courier, tmp_path, monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/none.sock")
    told = status(code=1)
    assert told["up"]["broker"].startswith("does not answer")
    assert told["pending"] == 0


def test_the_status_knows_worker_and_beat_by_their_heartbeats(run, broker, status):
    told = status(code=1)
    assert (told["up"]["worker"], told["up"]["beat"]) == ("not heard of", "not heard of")
    assert told["last_maintenance_seconds"] is None
    url, prefix = broker
    with connect(url) as client:  # beat went; a worker scores for the web, and maintenance no more
        for name in (MAINTAIN, "beat"):
            client.set(f"{prefix}heartbeat:{name}", time.time() - 45, px=(HEARTBEAT_SECONDS - 45) * 1000)
    WorkerHeartbeats(*broker).begun(SCORE)
    told = status(code=1)
    assert told["up"] == {"store": "ok", "broker": "ok", "worker": "ok", "beat": "not heard of for 45 s"}
    assert 45 <= told["last_maintenance_seconds"] < 50
    plain = run("status", code=1).stdout
    assert "45." in plain
    assert "clocks" not in plain


def test_the_status_tells_of_a_clock_that_is_wrong(run, broker, status, monkeypatch):
    then = time.time() - 40
    with monkeypatch.context() as there:
        there.setattr("service.messaging.heartbeats.time.time", lambda: then)
        WorkerHeartbeats(*broker).begun(MAINTAIN)
    told = status(code=1)
    assert told["up"]["worker"] == "ok"
    assert -45 < told["clock_skew_seconds"] <= -39
    assert "s behind the broker's: let NTP set it" in " ".join(run("status", code=1).stdout.split())


def test_the_status_asks_on_when_the_store_is_away(run, broker, status, home):
    WorkerHeartbeats(*broker).begun(MAINTAIN)
    for path in home.glob("replydesk.db*"):
        path.unlink()
    (home / "replydesk.db").write_text("no database")
    told = status(code=1)
    assert told["up"]["store"].startswith("fails (")
    assert (told["up"]["broker"], told["up"]["worker"]) == ("ok", "ok")
    assert "pending" not in told
    assert "fails (" in run("status", code=1).stdout


def test_watching_goes_on_while_the_store_is_away(run, courier, context, monkeypatch):
    from service.cli import status

    waiting, looks = status._waiting, []

    def away_for_a_moment(context):
        looks.append(1)
        if len(looks) == 4:
            raise KeyboardInterrupt
        if len(looks) == 2:
            raise ConnectionResetError("the database went away")
        return waiting(context)

    monkeypatch.setattr(status, "_waiting", away_for_a_moment)
    monkeypatch.setattr(status, "WATCH_SECONDS", 0.0)
    lines = run("status", "--json", "--watch", code=1).stdout.splitlines()
    told = [json.loads(line) for line in lines if line]
    assert [one["up"]["store"] for one in told] == ["ok", "fails (ConnectionResetError)", "ok"]
    assert ["pending" in one for one in told] == [True, False, True]
    looks.clear()
    run("status", "--watch", code=1)
    assert len(looks) == 4
