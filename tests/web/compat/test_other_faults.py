"""The Akismet and OpenAI APIs when the service is broken: an answer in two seconds, and no clean bill by accident."""

import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from service.scoring.scorer import NoModel
from service.storage import Store
from service.usecases.sites import tune_site
from tests.factories import sqlite_store
from tests.web.api.caller import Newsroom
from tests.web.compat.akismet_cases import DOUBT, HAM, SPAM, fields

WITHIN_SECONDS = 2.0
UNTIL_IT_HANGS_NO_MORE = 4.0


class Breaking(Store):
    """A store that can be broken: it refuses at once, or it hangs until it is let go."""

    def __init__(self, engine):
        super().__init__(engine)
        self.broken = None
        self.let_go = threading.Event()

    def _stumble(self):
        if self.broken == "refuses":
            raise OperationalError("SELECT", {}, Exception("away"))
        if self.broken == "hangs":
            self.let_go.wait(UNTIL_IT_HANGS_NO_MORE)
            raise OperationalError("SELECT", {}, Exception("away"))

    @contextmanager
    def read(self):
        self._stumble()
        with super().read() as tx:
            yield tx

    @contextmanager
    def write(self):
        self._stumble()
        with super().write() as tx:
            yield tx


@pytest.fixture
def store():
    made = sqlite_store(Breaking)
    yield made
    made.broken = None
    made.let_go.set()


@pytest.fixture
def newsroom(store, tmp_path):
    """A newsroom over it, whose keys were used before."""
    made = Newsroom.over(store, tmp_path)
    tune_site(made.context, "courier", {"hold_words": "quorble", "spam_words": "viagra"})
    yield made
    made.context.close()


def broken(newsroom, store, how, mode):
    """Let the compatibility APIs be used in that mode, and the store break."""
    tune_site(newsroom.context, "courier", {"compat_mode": mode})
    assert check(newsroom, HAM)[0].data == b"false"
    assert ask(newsroom)[0].status_code == 200
    newsroom.app.extensions["replydesk.compat"].by_key.forget()
    store.broken = how


def timed(call):
    started = time.perf_counter()
    return call(), time.perf_counter() - started


def check(newsroom, text, key=None):
    told = fields(text, api_key=key or newsroom.courier.akismet_key)
    return timed(lambda: newsroom.client.post("/1.1/comment-check", data=told))


def ask(newsroom):
    return timed(lambda: newsroom.call("POST", "/v1/moderations", json={"input": HAM}))


@pytest.mark.parametrize("how", ["refuses", "hangs"])
@pytest.mark.parametrize("mode", ["score", "decide"])
def test_without_a_database_scores_are_answered(newsroom, store, how, mode):
    broken(newsroom, store, how, mode)
    for text, word in ((SPAM, b"true"), (HAM, b"false")):
        answer, seconds = check(newsroom, text)
        assert (answer.data, seconds < WITHIN_SECONDS) == (word, True)
    answer, seconds = ask(newsroom)
    assert (answer.status_code, seconds < WITHIN_SECONDS) == (200, True)


@pytest.mark.parametrize("how", ["refuses", "hangs"])
@pytest.mark.parametrize("text", [HAM, DOUBT])
def test_what_cannot_be_put_on_the_desk_is_never_ham(newsroom, store, how, text):
    broken(newsroom, store, how, "queue")
    answer, seconds = check(newsroom, text + " New.")
    assert answer.status_code == 503
    assert answer.data not in (b"true", b"false", b"invalid")
    assert answer.headers["X-akismet-debug-help"]
    assert seconds < WITHIN_SECONDS
    answer, seconds = check(newsroom, SPAM)
    assert (answer.data, seconds < WITHIN_SECONDS) == (b"true", True)


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_openai_says_that_nothing_was_stored(newsroom, store, how):
    broken(newsroom, store, how, "queue")
    answer, seconds = ask(newsroom)
    assert (answer.status_code, answer.headers["X-Replydesk-Not-Stored"]) == (200, "the store is away")
    assert seconds < WITHIN_SECONDS


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_a_key_that_was_never_seen_waits(newsroom, store, how):
    """Nobody knows whose it is: 503 in each form, and not `invalid`, which would make sites drop a good key."""
    broken(newsroom, store, how, "score")
    answer, seconds = check(newsroom, SPAM, newsroom.herald.akismet_key)
    assert (answer.status_code, seconds < WITHIN_SECONDS) == (503, True)
    assert answer.data not in (b"true", b"false", b"invalid")
    answer, seconds = timed(
        lambda: newsroom.call("POST", "/v1/moderations", newsroom.herald.key, json={"input": HAM})
    )
    assert (answer.status_code, seconds < WITHIN_SECONDS) == (503, True)
    assert answer.json["error"]["type"] == "server_error"


@pytest.mark.parametrize("mode", ["score", "queue"])
def test_without_a_model_nothing_is_ham(newsroom, mode, monkeypatch):
    tune_site(newsroom.context, "courier", {"compat_mode": mode})

    def missing(*_, **__):
        raise NoModel()

    monkeypatch.setattr(newsroom.context.scorer, "score", missing)
    answer, _ = check(newsroom, HAM)
    assert (answer.status_code, answer.data in (b"true", b"false")) == (503, False)
    answer, _ = ask(newsroom)
    assert answer.status_code == 503
    assert newsroom.count() == 0


def test_a_report_that_was_not_kept_is_not_thanked_for(newsroom, store):
    broken(newsroom, store, "refuses", "queue")
    told = fields(DOUBT, api_key=newsroom.courier.akismet_key)
    assert newsroom.client.post("/1.1/submit-spam", data=told).status_code == 503
    store.broken = None
    answer = newsroom.client.post("/1.1/submit-spam", data=told)
    assert answer.data == b"Thanks for making the web a better place."
