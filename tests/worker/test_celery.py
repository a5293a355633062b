"""The real thing: a Celery worker process, a real Valkey, a real store, and a receiver that verifies what arrives."""

import json
import signal
from datetime import UTC, datetime
from pathlib import Path

from service.config import load
from service.context import build_context
from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.tasks import SWEEP
from service.usecases import Scored, record_scores
from service.usecases.sites import enrol_site
from tests.factories import template
from tests.processes import accept, pending, until, worker
from tests.receivers import receiver


def deliver_one_batch(env, log):
    """Post thirty comments; a worker decides them all and the receiver gets every callback once, signed."""
    context = build_context(load(env), env=env)
    try:
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
    finally:
        context.close()


def test_a_worker_of_threads_on_sqlite_does_the_whole_line(env, tmp_path):
    (Path(env["REPLYDESK_HOME"]) / "replydesk.db").write_bytes(template())
    deliver_one_batch(env, tmp_path / "worker.log")


def test_forked_workers_on_postgresql_do_the_whole_line(env, clean_postgres_url, tmp_path):
    deliver_one_batch(env | {"REPLYDESK_DATABASE_URL": clean_postgres_url}, tmp_path / "worker.log")


def test_a_worker_that_only_delivers_loads_no_model(env, tmp_path):
    (Path(env["REPLYDESK_HOME"]) / "replydesk.db").write_bytes(template())
    context = build_context(load(env), env=env)
    with receiver() as hook, worker(env, tmp_path / "worker.log", "--queues=deliver") as process:
        enrolled = enrol_site(context, "courier", "https://courier.example", hook.url)
        (placed,) = accept(context, enrolled, ["A quiet word."])
        record_scores(context.deps, [Scored(placed.comment, None)])
        until(lambda: hook.got)
        assert "sklearn" not in Path(f"/proc/{process.pid}/maps").read_text()
    context.close()


def test_a_killed_workers_comments_are_decided_by_the_next(env, tmp_path):
    env |= {"REPLYDESK_LEASE_SECONDS": "1"}
    (Path(env["REPLYDESK_HOME"]) / "replydesk.db").write_bytes(template())
    context = build_context(load(env | {"REDIS_URL": ""}), env=env)  # this side's dispatcher sends nothing
    dispatcher = CeleryDispatcher(env["REDIS_URL"], env["REPLYDESK_REDIS_PREFIX"])
    try:
        enrolled = enrol_site(context, "courier", "https://courier.example")
        accept(context, enrolled, [f"Number {n}: a quiet word." for n in range(5)])
        now = datetime.now(UTC)
        with context.deps.store.write() as tx:
            tx.scoring.lease_pending(now, now, 5)  # who leased these was killed
        with worker(env, tmp_path / "worker.log"):

            def swept():
                dispatcher.enqueue(SWEEP)  # as beat does
                return pending(context) == 0

            until(swept)
        with context.deps.store.read() as tx:
            assert len(tx.decisions.feed(enrolled.site.id, 0, 100)) == 5
    finally:
        dispatcher.close()
        context.close()
