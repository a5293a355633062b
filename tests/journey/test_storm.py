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


@pytest.fixture
def folder():
    """A short path that PostgreSQL, which runs as somebody else, may enter."""
    made = Path(tempfile.mkdtemp(prefix="rd-storm-"))
    made.chmod(0o755)
    yield made / "s"
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.timeout(400)
def test_a_storm_loses_nothing_and_does_nothing_twice(folder):
    try:
        servers.postgresql_programs()
        servers.valkey_program()
    except servers.Missing as reason:
        missing(str(reason))
    installation = Production(folder, Given(lease_seconds=2.0, delivery_lease="5", disk=False))
    came = storm(installation, 1, Bounds(comments=480, seconds=8.0, settle_seconds=150, small=True))
    assert not came.findings, came.findings.lines()
    assert (came.accepted, came.settled is not None) == (500, True)
    assert len(came.recovered) == 7
