"""A small storm: processes killed, frozen and emptied under load lose nothing and do nothing twice."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import missing
from tools.storm.installations import Given, Production
from tools.storm.run import Bounds, storm

pytestmark = pytest.mark.journey
LEASE_SECONDS = 2.0


@pytest.fixture
def folder():
    """A short path that PostgreSQL, which runs as somebody else, may enter."""
    made = Path(tempfile.mkdtemp(prefix="rd-storm-"))
    made.chmod(0o755)
    yield made / "s"
    shutil.rmtree(made, ignore_errors=True)


def run_storm(folder, settle_seconds):
    """What came of a few seconds of storm on a PostgreSQL and a Redis of its own."""
    try:
        servers.postgresql_programs()
        servers.valkey_program()
    except servers.Missing as reason:
        missing(str(reason))
    installation = Production(folder, Given(lease_seconds=LEASE_SECONDS, disk=False))
    return storm(
        installation, 1, Bounds(comments=480, seconds=8.0, settle_seconds=settle_seconds, small=True)
    )


@pytest.mark.timeout(400)
def test_a_storm_loses_nothing_and_does_nothing_twice(folder):
    came = run_storm(folder, 150)  # what a killed worker was posting waits out its lease of 60 s
    assert not came.findings, came.findings.lines()
    assert (came.accepted, came.settled is not None) == (500, True)
    assert len(came.recovered) == 7
