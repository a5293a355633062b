"""Newsrooms whose compatibility APIs score with the model that ships."""

import pytest

from service.usecases.sites import tune_site
from tests.factories import app_over, sqlite_store
from tests.web.api.caller import Newsroom


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


@pytest.fixture(scope="module")
def queueing(tmp_path_factory):
    """A newsroom whose compatibility APIs put comments on the desk, which is the longest way through them."""
    made = Newsroom.over(sqlite_store(), tmp_path_factory.mktemp("newsroom"))
    tune_site(made.context, "courier", {"compat_mode": "queue"})
    yield made
    made.close()
