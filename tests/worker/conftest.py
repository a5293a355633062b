"""Fixtures of the worker's tests: an environment for processes, and delivery workers."""

import os
import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.factories import sqlite_store
from tests.worker.cast import Office


@pytest.fixture
def offices():
    with ExitStack() as stack:

        def make(store=None):
            office = Office(store or sqlite_store())
            stack.callback(lambda: office.delivery_worker.close())
            return office

        yield make


@pytest.fixture
def office(offices):
    return offices()


@pytest.fixture
def env(tmp_path, redis_url):
    """The environment of a home of its own on the tests' Valkey, under a prefix of its own."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "REPLYDESK_HOME": str(home),
        "REDIS_URL": redis_url,
        "REPLYDESK_REDIS_PREFIX": f"t{uuid.uuid4().hex[:8]}:",
        "REPLYDESK_CALLBACK_ALLOW": "127.0.0.0/8",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
