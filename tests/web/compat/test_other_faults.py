"""The Akismet and OpenAI APIs when the service is broken: an answer without waiting, and no clean bill by accident."""

import threading
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from service.scoring.scorer import NoModel
from service.storage import Store
from tests.factories import sqlite_store
from tests.web.api.caller import Newsroom
from tests.web.compat.akismet_cases import DOUBT, HAM, SPAM, fields

WORDS = (b"true", b"false", b"invalid")


class Breaking(Store):
    """A store that can be broken: it refuses at once, or it hangs until it is let go."""

    def __init__(self, engine):
        super().__init__(engine)
        self.broken, self.hanging = None, 0
        self.let_go = threading.Event()

    def _stumble(self):
        if self.broken == "refuses":
            raise OperationalError("SELECT", {}, Exception("away"))
        if self.broken == "hangs":
            self.hanging += 1
            self.let_go.wait(30)
            self.hanging -= 1
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
    """A store for which nobody may have waited at the end of a test in which it hangs."""
    made = sqlite_store(Breaking)
    yield made
    assert made.broken != "hangs" or made.hanging
    made.broken = None
    made.let_go.set()


@pytest.fixture
def newsroom(store, tmp_path):
    """A newsroom over it, whose keys were used before."""
    made = Newsroom.over(store, tmp_path)
    made.tune(hold_words="quorble", spam_words="viagra")
    yield made
    made.context.close()


def broken(newsroom, store, how, mode):
    """Let the compatibility APIs be used in that mode, and the store break."""
    newsroom.tune(compat_mode=mode)
    assert check(newsroom, HAM).data == b"false"
    assert ask(newsroom).status_code == 200
    newsroom.forget()
    store.broken = how


def check(newsroom, text, key=None):
    told = fields(text, api_key=key or newsroom.courier.akismet_key)
    return newsroom.client.post("/1.1/comment-check", data=told)


def ask(newsroom, key=""):
    return newsroom.call("POST", "/v1/moderations", key, json={"input": HAM})


@pytest.mark.parametrize("how", ["refuses", "hangs"])
@pytest.mark.parametrize("mode", ["score", "decide"])
def test_without_a_database_scores_are_answered(newsroom, store, how, mode):
    broken(newsroom, store, how, mode)
    assert [check(newsroom, text).data for text in (SPAM, HAM)] == [b"true", b"false"]
    assert ask(newsroom).status_code == 200


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_what_cannot_be_put_on_the_desk_is_never_ham(newsroom, store, how):
    broken(newsroom, store, how, "queue")
    for text in (HAM, DOUBT):
        answer = check(newsroom, f"{text} New.")
        assert (answer.status_code, answer.data in WORDS) == (503, False)
        assert answer.headers["X-akismet-debug-help"]
    assert check(newsroom, SPAM).data == b"true"
    answer = ask(newsroom)
    assert (answer.status_code, answer.headers["X-Replydesk-Not-Stored"]) == (200, "the store is away")


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_a_key_that_was_never_seen_waits(newsroom, store, how):
    """It is not called `invalid`, which would make sites drop a good key."""
    broken(newsroom, store, how, "score")
    answer = check(newsroom, SPAM, newsroom.herald.akismet_key)
    assert (answer.status_code, answer.data in WORDS) == (503, False)
    answer = ask(newsroom, newsroom.herald.key)
    assert (answer.status_code, answer.json["error"]["type"]) == (503, "server_error")


@pytest.mark.parametrize("mode", ["score", "queue"])
def test_without_a_model_nothing_is_ham(newsroom, mode, monkeypatch):
    newsroom.tune(compat_mode=mode)

    def missing(*_, **__):
        raise NoModel()

    monkeypatch.setattr(newsroom.context.scorer, "score", missing)
    answer = check(newsroom, HAM)
    assert (answer.status_code, answer.data in WORDS) == (503, False)
    assert ask(newsroom).status_code == 503
    assert newsroom.count() == 0


def test_a_report_that_was_not_kept_is_not_thanked_for(newsroom, store):
    broken(newsroom, store, "refuses", "queue")
    told = fields(DOUBT, api_key=newsroom.courier.akismet_key)
    assert newsroom.client.post("/1.1/submit-spam", data=told).status_code == 503
    store.broken = None
    answer = newsroom.client.post("/1.1/submit-spam", data=told)
    assert answer.data == b"Thanks for making the web a better place."
