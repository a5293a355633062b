"""The compatibility APIs as a whole: switched off they are not there, and until they are asked no model is loaded."""

import subprocess
import sys
from contextlib import contextmanager

from service.web.compat.tally import Tally
from tests.factories import NOON, courier, sqlite_store
from tests.web.api.caller import Newsroom
from tests.web.compat.perspective_cases import TEXT, call, request


def test_switched_off_they_are_not_there(tmp_path):
    newsroom = Newsroom.over(sqlite_store(), tmp_path, REPLYDESK_COMPAT="off")
    paths = ("v1alpha1/comments:analyze", "sites/courier/coral/phase", "1.1/comment-check", "v1/moderations")
    assert {newsroom.client.post(f"/{path}", data=b"{}").status_code for path in paths} == {404}
    newsroom.context.close()


def test_a_web_process_loads_nothing_that_only_scoring_needs():
    code = "import sys; from service.web.app import compat_apis; compat_apis(); print('numpy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_the_model_is_loaded_by_the_first_who_asks(fresh):
    assert fresh.context.scorer.version == ""
    assert call(fresh, "analyze", request(TEXT), key="wrong").status_code == 400
    assert fresh.context.scorer.version == ""
    assert call(fresh, "analyze", request(TEXT)).status_code == 200
    assert fresh.context.scorer.version


def test_warm_loads_it_as_the_process_starts(tmp_path):
    newsroom = Newsroom.over(sqlite_store(), tmp_path, REPLYDESK_COMPAT="warm")
    assert newsroom.context.scorer.version
    assert "classifier.model" in sys.modules
    newsroom.context.close()


def test_what_a_compat_api_stores_is_counted_like_what_comes_by_the_api(fresh):
    fresh.tune(compat_mode="queue")
    for text in (TEXT, "Hello."):
        assert call(fresh, "analyze", request(text)).status_code == 200
    told = fresh.call("GET", "/metrics", None).text
    assert 'replydesk_submissions_total{outcome="new",source="compat"} 2.0' in told
    assert 'replydesk_accept_seconds_count{source="compat"} 2.0' in told


def test_counts_are_seen_while_they_are_written_down(monkeypatch):
    store = sqlite_store()
    with store.write() as tx:
        site = tx.sites.add(courier())
    tally, seen, real = Tally(store, lambda: NOON), [], store.write
    tally.count(site, "ham")

    @contextmanager
    def write():
        with real() as tx:
            yield tx
            seen.append(sum(tally.waiting(site).values()))  # what another request sees before the commit

    monkeypatch.setattr(store, "write", write)
    tally.flush()
    assert seen == [1]
