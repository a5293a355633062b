"""A comment that kills whoever reads it, on real workers: held within seconds, its neighbours decided, nobody twice."""

from contextlib import ExitStack

import pytest

from service.messaging.dispatcher import RecordingDispatcher
from service.messaging.tasks import MAINTAIN
from service.usecases.sites import enrol_site
from tests.processes import accept, pending, until, worker


@pytest.mark.parametrize("store", ["threads on SQLite", "forked on PostgreSQL"])
def test_a_comment_that_kills_its_reader_is_held(request, env, contexts, dispatcher, tmp_path, store):
    """Posted among thirty, with short leases: each death is noticed when one runs out."""
    env |= {"REPLYDESK_LEASE_SECONDS": "2", "REPLYDESK_MAX_ATTEMPTS": "2"}
    if store != "threads on SQLite":
        env |= {"REPLYDESK_DATABASE_URL": request.getfixturevalue("clean_postgres_url")}
    context = contexts(env, dispatcher=RecordingDispatcher())
    enrolled = enrol_site(context, "courier", "https://courier.example")
    texts = [f"Number {n}: a quiet word about the new bridge." for n in range(30)]
    placed = accept(context, enrolled, [*texts[:10], "This is deadly.", *texts[10:]])
    running = []
    with ExitStack() as workers:

        def all_decided():
            if not running or running[-1].poll() is not None:  # as compose or `replydesk up` starts it again
                running.append(workers.enter_context(worker(env, tmp_path / "worker.log", "kills")))
            dispatcher.enqueue(MAINTAIN)  # as beat does
            return pending(context) == 0

        until(all_decided, 100)
    with context.deps.store.read() as tx:
        assert len(tx.decisions.feed(enrolled.site.id, 0, 100)) == 31
        found = [tx.comments.get(enrolled.site.id, one.comment.id) for one in placed]
    deadly = found.pop(10)
    assert (deadly.status, deadly.verdict.reasons[0].code) == ("held", "unscorable")
    assert {one.status for one in found} == {"approved"}
