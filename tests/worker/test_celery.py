"""The real thing: a Celery worker process, a real Valkey, a real store, and a receiver that verifies what arrives."""

import json
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.messaging.dispatcher import RecordingDispatcher
from service.messaging.tasks import MAINTAIN
from service.usecases import Scored, record_scores
from service.usecases.sites import enrol_site
from tests.processes import accept, pending, until, worker
from tests.receivers import receiver


@pytest.mark.parametrize("store", ["threads on SQLite", "forked on PostgreSQL"])
def test_a_worker_does_the_whole_line(request, env, contexts, tmp_path, store):
    if store != "threads on SQLite":
        env |= {"REPLYDESK_DATABASE_URL": request.getfixturevalue("clean_postgres_url")}
    context, log = contexts(env), tmp_path / "worker.log"
    with receiver() as hook, worker(env, log) as process:
        enrolled = enrol_site(context, "courier", "https://courier.example", hook.url)
        texts = [f"Number {n}: a quiet word about the new bridge." for n in range(29)]
        placed = accept(context, enrolled, [*texts, "You stupid idiot, I will kill you."])
        until(lambda: pending(context) == 0)
        until(lambda: len(hook.got) == 30)
        events = [one.verified(enrolled.webhook_secret) for one in hook.got]
        assert {one["data"]["comment"]["id"] for one in events} == {one.comment.id for one in placed}
        assert len(set(hook.ids())) == 30
        with context.deps.store.read() as tx:
            threat = tx.comments.get(enrolled.site.id, placed[-1].comment.id)
        assert threat.status in ("held", "rejected")
        assert threat.verdict.spans
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    said = log.read_text()
    assert "Number 3" not in said
    assert "stupid" not in said
    for line in said.splitlines():
        if line.startswith("{"):  # Celery says its farewell in plain words
            assert json.loads(line)["level"] in ("info", "warning"), line


def test_a_worker_that_only_delivers_loads_no_model(env, contexts, tmp_path):
    context = contexts(env)
    with receiver() as hook, worker(env, tmp_path / "worker.log", "", "--queues=deliver") as process:
        enrolled = enrol_site(context, "courier", "https://courier.example", hook.url)
        (placed,) = accept(context, enrolled, ["A quiet word."])
        record_scores(context.deps, [Scored(placed.comment, None)])
        until(lambda: hook.got)
        assert "sklearn" not in Path(f"/proc/{process.pid}/maps").read_text()


def test_a_killed_workers_comments_are_decided_by_the_next(env, contexts, dispatcher, tmp_path):
    env |= {"REPLYDESK_LEASE_SECONDS": "1"}
    context = contexts(env, dispatcher=RecordingDispatcher())
    enrolled = enrol_site(context, "courier", "https://courier.example")
    accept(context, enrolled, [f"Number {n}: a quiet word." for n in range(5)])
    now = datetime.now(UTC)
    with context.deps.store.write() as tx:
        tx.scoring.lease_pending(now, now, 5)  # who leased these was killed

    def maintained():
        dispatcher.enqueue(MAINTAIN)  # as beat does
        return pending(context) == 0

    with worker(env, tmp_path / "worker.log", "passes"):
        until(maintained)
    with context.deps.store.read() as tx:
        assert len(tx.decisions.feed(enrolled.site.id, 0, 100)) == 5
