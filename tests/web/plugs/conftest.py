"""A newsroom whose plugs score with the model that ships, over a store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.storage.memory import MemoryStore
from tests.web.api.caller import Newsroom


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    """A newsroom whose store forgets everything."""
    made = Newsroom.over(MemoryStore(), tmp_path)
    yield made
    made.parts.close()
