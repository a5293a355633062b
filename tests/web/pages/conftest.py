"""Fixtures for the pages' tests: the small house, served over http."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.pages.house import Small, build_small


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """A small house served over http."""
    return build_small(tmp_path)
