"""Heartbeats: who goes round is known to live, who hangs is named, and who is gone is nobody's fault."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.observability.heartbeat import BEAT, FORGOTTEN_SECONDS, LOOP, Heartbeat, faults

CLI = [sys.executable, "-m", "service.cli.main"]


def alive(home, *options):
    """Ask as a health check does: with no broker set."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env = kept | {"REPLYDESK_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run([*CLI, "alive", *options], env=env, capture_output=True, text=True, check=False)


def test_a_process_is_alive_while_it_goes_round(tmp_path):
    for options in ((), ("--beat",)):
        done = alive(tmp_path, *options)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    heartbeat = Heartbeat(tmp_path, BEAT)
    heartbeat.beat()
    assert (alive(tmp_path, "--beat").returncode, alive(tmp_path).returncode) == (0, 2)
    heartbeat.close()
    assert alive(tmp_path, "--beat").returncode == 2


def test_one_that_hangs_is_named_among_others_that_live(tmp_path):
    hung, well = Heartbeat(tmp_path, LOOP), Heartbeat(tmp_path, LOOP)
    hung.beat()
    time.sleep(0.05)
    well.beat()
    assert faults(tmp_path, LOOP) == []
    (fault,) = faults(tmp_path, LOOP, 0.04)
    assert "not gone round" in fault
    well.beat("a run of replydesk.score hangs")
    assert faults(tmp_path, LOOP) == ["a run of replydesk.score hangs"]
    assert "replydesk.score hangs" in alive(tmp_path).stderr
    well.beat()
    assert faults(tmp_path, LOOP) == []
    hung.close()
    well.close()
    assert faults(tmp_path, LOOP) is None


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_heartbeat_of_its_own(tmp_path):
    parent = Heartbeat(tmp_path, LOOP)
    parent.beat()
    (before,) = (one.read_bytes() for one in tmp_path.rglob(f"{LOOP}-*"))
    child = os.fork()
    if not child:
        parent.beat()
        os._exit(0)
    os.waitpid(child, 0)
    files = sorted(tmp_path.rglob(f"{LOOP}-*"))
    assert len(files) == 2
    assert files[0].read_bytes() == before
    parent.close()


def test_hosts_that_are_long_gone_are_forgotten(tmp_path):
    heartbeat = Heartbeat(tmp_path, LOOP)
    heartbeat.beat()
    (ours,) = tmp_path.rglob(f"{LOOP}-*")
    gone, lately = (ours.parent.parent / name / "loop-0" for name in ("gone", "lately"))
    for path in (gone, lately):
        path.parent.mkdir()
        path.touch()
    long_ago = time.time() - FORGOTTEN_SECONDS - 60
    os.utime(gone, (long_ago, long_ago))
    Heartbeat(tmp_path, BEAT).beat()
    assert not gone.parent.exists()
    assert lately.exists()
    heartbeat.close()


def test_a_home_that_cannot_be_written_costs_the_check_alone(tmp_path):
    (tmp_path / "run").write_text("no folder")
    heartbeat = Heartbeat(tmp_path, LOOP)
    with capture_logs() as lines:
        heartbeat.beat()
        heartbeat.beat()
    assert [line["event"] for line in lines] == ["heartbeat.not_kept"]
    assert faults(tmp_path, LOOP) is None
