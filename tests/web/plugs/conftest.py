"""Newsrooms whose plugs score with the model that ships, over a store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.storage.memory import MemoryStore
from service.tuning import tune_site
from tests.web.api.caller import Newsroom


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """One newsroom for the tests of a file that change nothing of it."""
    made = Newsroom.over(MemoryStore(), tmp_path_factory.mktemp("newsroom"))
    yield made
    made.parts.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Newsroom]:
    """A newsroom of one test, whose store forgets everything."""
    made = Newsroom.over(MemoryStore(), tmp_path)
    yield made
    made.parts.close()


@pytest.fixture(scope="module")
def newsroom_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Newsroom]]:
    """A newsroom for each of two modes: plugs that only score, and plugs that put comments on the desk."""
    made = {}
    for mode in ("score", "queue"):
        made[mode] = Newsroom.over(MemoryStore(), tmp_path_factory.mktemp("newsroom"))
        tune_site(made[mode].parts, "courier", {"plug_mode": mode})
    yield made
    for one in made.values():
        one.parts.close()
