"""A newsroom for the API's tests: over SQLite, and over PostgreSQL too where the store is what matters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.storage import Store
from tests.factories import app_over, sqlite_store
from tests.web.api.caller import Newsroom


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    made = Newsroom.over(sqlite_store(), tmp_path, app_over)
    yield made
    made.close()


@pytest.fixture
def real_newsroom(store: Store, tmp_path: Path) -> Newsroom:
    return Newsroom.over(store, tmp_path, app_over)
