"""Fixtures of the worker's tests: an environment and a broker for processes, and delivery workers."""

import uuid
from contextlib import ExitStack

import pytest

from service.config import load
from service.context import build_context
from service.messaging.dispatcher import CeleryDispatcher
from tests.factories import sqlite_store, template
from tests.processes import Broker, environment
from tests.worker.cast import Office, Ticking


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
def ticking():
    return Ticking()


@pytest.fixture
def env(tmp_path, redis_url):
    """The environment of a home of its own on the tests' Valkey, under a prefix of its own."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "replydesk.db").write_bytes(template())
    return environment(home, redis_url, REPLYDESK_REDIS_PREFIX=f"t{uuid.uuid4().hex[:8]}:")


@pytest.fixture
def contexts():
    """Build the service of an environment, as another process has it, and close it after the test."""
    with ExitStack() as stack:

        def build(env, **more):
            context = build_context(load(env), env=env, **more)
            stack.callback(context.close)
            return context

        yield build


@pytest.fixture
def dispatcher(env):
    made = CeleryDispatcher(env["REDIS_URL"], env["REPLYDESK_REDIS_PREFIX"])
    yield made
    made.close()


@pytest.fixture
def broker(tmp_path):
    made = Broker(tmp_path)
    yield made
    made.kill()
