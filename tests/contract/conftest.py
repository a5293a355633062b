"""Fixtures of the stores' tests: the courier in an empty store, and a transaction over it."""

import pytest

from tests.factories import courier


@pytest.fixture
def site(store):
    with store.write() as tx:
        return tx.sites.add(courier())


@pytest.fixture
def tx(store, site):
    """An open transaction of a store that knows the courier alone."""
    with store.write() as open_tx:
        yield open_tx
