"""Newsrooms whose compatibility APIs score with the model that ships."""

import pytest

from service.domain.verdict import Assessment
from service.scoring import Reading
from tests.factories import app_over, sqlite_store
from tests.web.api.caller import Newsroom


@pytest.fixture(scope="session", autouse=True)
def model_loaded(tmp_path_factory):
    """Load the model before the first answer has to come in time: on a busy machine that takes long."""
    made = Newsroom.over(sqlite_store(), tmp_path_factory.mktemp("warm"), REPLYDESK_COMPAT="warm")
    made.context.scorer.score([Reading("Hello.")])
    made.close()


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory):
    """One newsroom for the tests of a file that change nothing of it."""
    made = Newsroom.over(sqlite_store(), tmp_path_factory.mktemp("newsroom"))
    yield made
    made.close()


@pytest.fixture
def fresh(tmp_path):
    """A newsroom of one test, whose store forgets everything."""
    made = Newsroom.over(sqlite_store(), tmp_path, app_over)
    yield made
    made.close()


@pytest.fixture
def worded(fresh):
    """A newsroom that holds and refuses words, whatever the model says."""
    fresh.tune(hold_words="quorble", spam_words="viagra")
    return fresh


@pytest.fixture(scope="module")
def queueing(tmp_path_factory):
    """A newsroom whose compatibility APIs put comments on the desk, which is the longest way through them."""
    made = Newsroom.over(sqlite_store(), tmp_path_factory.mktemp("newsroom"))
    made.tune(compat_mode="queue")
    yield made
    made.close()


@pytest.fixture
def says(monkeypatch):
    """Let the model give a newsroom these scores for whatever it reads, and no other label."""

    def says_so(newsroom, **scores):
        said = Assessment(scores, "made-up-1", language="en")
        verbs = newsroom.app.extensions["replydesk.compat"].verbs
        monkeypatch.setattr(verbs, "score", lambda readings, explain=False: [said] * len(readings))

    return says_so
