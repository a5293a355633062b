"""A newsroom for the API's tests: over SQLite, and over PostgreSQL too where the store is what matters."""

import pytest

from tests.factories import app_over, sqlite_store
from tests.web.api.caller import Newsroom


@pytest.fixture
def newsroom(tmp_path):
    made = Newsroom.over(sqlite_store(), tmp_path, app_over)
    yield made
    made.close()


@pytest.fixture
def real_newsroom(store, tmp_path):
    return Newsroom.over(store, tmp_path, app_over)
