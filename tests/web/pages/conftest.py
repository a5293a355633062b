"""Fixtures for the pages' tests: the small installation, served over http."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.pages.installation import Small, build_small


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return build_small(tmp_path)
