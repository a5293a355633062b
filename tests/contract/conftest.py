"""Fixtures of the stores' tests: the courier in an empty store, and an installation over it."""

import pytest

from tests.factories import courier
from tests.stage import Stage


@pytest.fixture
def site(store):
    with store.write() as tx:
        return tx.sites.add(courier())


@pytest.fixture
def stage(store):
    return Stage.over(store)
