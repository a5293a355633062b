"""Fixtures for the classifier: the shipped model, loaded once."""

from __future__ import annotations

import pytest

from classifier import Model


@pytest.fixture(scope="session")
def model() -> Model:
    """The shipped model."""
    return Model.load()
