"""A task that fails shows in Celery's own state, events and log, by type and place; nothing that it was given does."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from service.messaging.redis_client import celery_settings, kombu_url
from service.messaging.tasks import SCORE
from tests.factories import template
from tests.processes import until

SECRETS = ("ada", "reader.example", "disgrace", "bridge")


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_failure_shows_by_type_and_place_alone(env, tmp_path, pool):
    env |= {"REPLYDESK_WORKER_POOL": pool, "REPLYDESK_SWEEP_SECONDS": "300"}  # no polling meanwhile
    (Path(env["REPLYDESK_HOME"]) / "replydesk.db").write_bytes(template())
    app = Celery(
        broker=kombu_url(env["REDIS_URL"]), backend=kombu_url(env["REDIS_URL"]), set_as_current=False
    )
    app.conf.update(celery_settings(env["REPLYDESK_REDIS_PREFIX"]))
    events = []
    log = tmp_path / "worker.log"

    def listen():
        with app.connection() as connection, suppress(EOFError):
            app.events.Receiver(connection, handlers={"task-failed": take}).capture(timeout=60)

    def take(event):
        events.append(event)
        raise EOFError  # ends the capture

    listener = threading.Thread(target=listen)
    listener.start()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.worker.failing"], env=env, stderr=file, stdout=file
        )
    try:
        until(lambda: b"worker.ready" in log.read_bytes())
        result = app.send_task(SCORE, ignore_result=False)
        until(lambda: result.state == "FAILURE" and events)
        with Redis.from_url(env["REDIS_URL"]) as client:
            stored = b"".join(client.get(key) or b"" for key in client.scan_iter("*celery-task-meta-*"))
    finally:
        process.terminate()
        process.wait(20)
        listener.join(60)
        app.close()
    logged = log.read_text()
    (line,) = (json.loads(one) for one in logged.splitlines() if '"task.failed"' in one)
    assert (line["task"], line["error"]) == (SCORE, "ValueError")
    assert line["place"].startswith("failing.py:")
    assert events[0]["exception"].startswith("TaskFailed('ValueError', 'failing.py:")
    for told in (logged, json.dumps(events), stored.decode(), str(result.result), str(result.traceback)):
        assert "failing.py" in told
        assert not any(secret in told for secret in SECRETS)
