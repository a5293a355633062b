"""A task that fails shows in Celery's own state, events and log, by type and place; nothing that it was given does."""

import json
import threading
from contextlib import suppress

import pytest
from celery import Celery
from redis import Redis

from service.messaging.redis_client import celery_settings, kombu_url
from service.messaging.tasks import SCORE
from tests.processes import until, worker

SECRETS = ("ada", "reader.example", "disgrace", "bridge")


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_failure_shows_by_type_and_place_alone(env, tmp_path, pool):
    env |= {"REPLYDESK_WORKER_POOL": pool, "REPLYDESK_MAINTENANCE_SECONDS": "300"}  # no polling meanwhile
    broker, log, events = kombu_url(env["REDIS_URL"]), tmp_path / "worker.log", []
    app = Celery(broker=broker, backend=broker, set_as_current=False)
    app.conf.update(celery_settings(env["REPLYDESK_REDIS_PREFIX"]))

    def listen():
        with app.connection() as connection, suppress(EOFError):
            app.events.Receiver(connection, handlers={"task-failed": take}).capture(timeout=60)

    def take(event):
        events.append(event)
        raise EOFError  # ends the capture

    listener = threading.Thread(target=listen)
    listener.start()
    with worker(env, log, "fails"):
        until(lambda: b"worker.ready" in log.read_bytes())
        result = app.send_task(SCORE, ignore_result=False)
        until(lambda: result.state == "FAILURE" and events)
        with Redis.from_url(env["REDIS_URL"]) as client:
            stored = b"".join(client.get(key) or b"" for key in client.scan_iter("*celery-task-meta-*"))
    listener.join(60)
    app.close()
    logged = log.read_text()
    line = next(json.loads(one) for one in logged.splitlines() if '"task.failed"' in one)
    assert (line["task"], line["error"]) == (SCORE, "ValueError")
    assert line["place"].startswith("scripted.py:")
    assert events[0]["exception"].startswith("TaskFailed('ValueError', 'scripted.py:")
    for told in (logged, json.dumps(events), stored.decode(), str(result.result), str(result.traceback)):
        assert "scripted.py" in told
        assert not any(secret in told for secret in SECRETS)
