"""A comment that kills whoever reads it, on real workers: held within seconds, its neighbours decided, nobody twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.config import load
from service.context import build_context
from service.messaging.dispatcher import CeleryDispatcher
from service.messaging.tasks import SWEEP
from service.usecases.sites import enrol_site
from tests.factories import template
from tests.processes import accept, pending, until

DEADLY = """
import os, signal
from service.scoring.scorer import ModelScorer
careful = ModelScorer.score
def score(self, readings, *how, **named):
    if any("deadly" in one.text for one in readings):
        os.kill(os.getpid(), signal.SIGKILL)
    return careful(self, readings, *how, **named)
ModelScorer.score = score
from service.cli.main import main
main()
"""


def hold_the_deadly(env, log):
    """Post it among thirty, with short leases: each death is noticed when one runs out."""
    env |= {"REPLYDESK_LEASE_SECONDS": "3", "REPLYDESK_MAX_ATTEMPTS": "2"}
    context = build_context(load(env | {"REDIS_URL": ""}), env=env)
    dispatcher = CeleryDispatcher(env["REDIS_URL"], env["REPLYDESK_REDIS_PREFIX"])
    running = []
    try:
        enrolled = enrol_site(context, "courier", "https://courier.example")
        texts = [f"Number {n}: a quiet word about the new bridge." for n in range(30)]
        placed = accept(context, enrolled, [*texts[:10], "This is deadly.", *texts[10:]])
        with log.open("ab") as file:

            def all_decided():
                if (
                    not running or running[-1].poll() is not None
                ):  # as compose or `replydesk up` starts it again
                    command = [sys.executable, "-c", DEADLY, "worker"]
                    running.append(
                        subprocess.Popen(command, env=env, stdout=file, stderr=file, start_new_session=True)
                    )
                dispatcher.enqueue(SWEEP)  # as beat does
                return pending(context) == 0

            until(all_decided)
        with context.deps.store.read() as tx:
            assert len(tx.decisions.feed(enrolled.site.id, 0, 100)) == 31
            found = [tx.comments.get(enrolled.site.id, one.comment.id) for one in placed]
        assert found[10] is not None
        assert found[10].verdict is not None
        assert (found[10].status, found[10].verdict.reasons[0].code) == ("held", "unscorable")
        assert {one.status for n, one in enumerate(found) if one and n != 10} == {"approved"}
    finally:
        for process in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        dispatcher.close()
        context.close()


def test_a_comment_that_kills_an_embedded_worker_is_held_within_seconds(env, tmp_path):
    (Path(env["REPLYDESK_HOME"]) / "replydesk.db").write_bytes(template())
    hold_the_deadly(env, tmp_path / "worker.log")


@pytest.mark.timeout(120)
def test_a_comment_that_kills_forked_children_is_held_within_seconds(env, clean_postgres_url, tmp_path):
    hold_the_deadly(env | {"REPLYDESK_DATABASE_URL": clean_postgres_url}, tmp_path / "worker.log")
