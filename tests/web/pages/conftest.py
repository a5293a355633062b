"""Fixtures for the pages' tests: the small installation, served over http."""

import pytest

from tests.web.pages.installation import build_small


@pytest.fixture
def small(tmp_path):
    return build_small(tmp_path)
