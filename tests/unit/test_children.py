"""Children under supervision: heard, started again after growing pauses, and ended however stubborn they are."""

import os
import sys
import time
from pathlib import Path

import pytest

from service.cli import children
from service.cli.children import ChildProcesses
from service.cli.console import Refused
from tests.processes import until

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", deaf])
print("ready", child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def heard():
    return []


@pytest.fixture
def processes(tmp_path, heard, monkeypatch):
    monkeypatch.setattr(children, "FIRST_PAUSE", 0.01)
    made = ChildProcesses(tmp_path, os.environ, lambda *said: heard.append(said))
    made.start_reaper()
    yield made
    made.stop()


def python(program):
    return [sys.executable, "-c", f"import sys, time; {program}"]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_a_child_says_is_heard_and_kept(processes, heard, tmp_path):
    says = python("print('one'); sys.stderr.buffer.write(b'\\xfftwo\\n'); time.sleep(60)")
    child = processes.start("web", says)
    assert processes.wait(lambda: len(heard) == 2, 10, child)
    assert sorted(line for _, line in heard) == ["one", "\ufffdtwo"]
    assert (tmp_path / "web.log").read_text().count("\n") == 2


def test_a_child_that_keeps_dying_takes_nobody_along(processes, heard, monkeypatch):
    monkeypatch.setattr(children, "LONGEST_PAUSE", 0.1)
    web = processes.start("web", python("time.sleep(60)"))
    crashing = processes.start("worker", python("print('no model here'); sys.exit(3)"))
    assert processes.wait(lambda: crashing.deaths == 7, 30)
    assert web.alive
    said = [line for name, line in heard if name == "worker" and line.startswith("ended (exit 3)")]
    assert said[0] == "ended (exit 3) and is started again"
    pauses = [float(line.split(" in ")[1].split(" s:")[0]) for line in said[1:]]
    assert pauses == [0.02, 0.04, 0.08, 0.1, 0.1, 0.1]
    assert said[-1].endswith(f"it died 7 times in a row; its log is {crashing.log.baseFilename}")


def test_who_lived_for_a_while_starts_anew(processes, heard, monkeypatch):
    monkeypatch.setattr(children, "STEADY_SECONDS", 0.0)
    processes.start("worker", python("raise SystemExit(3)"))
    assert processes.wait(lambda: len(heard) == 3, 20)
    assert {line for _, line in heard} == {"ended (exit 3) and is started again"}


def test_a_worker_that_served_between_its_deaths_is_not_waited_for(processes, heard):
    worker = processes.start("worker", python("time.sleep(60)"))
    for deaths in range(1, 4):
        worker.started -= 15.0
        worker.process.kill()
        assert processes.wait(lambda deaths=deaths: worker.alive and len(heard) == deaths, 20)
    assert {line for _, line in heard} == {"ended (SIGKILL) and is started again"}


def test_a_child_that_dies_while_it_is_waited_for_is_told_at_once(processes):
    child = processes.start("web", python("sys.exit('replydesk: PORT: in use')"))
    started = time.monotonic()
    with pytest.raises(Refused, match=r"^web ended \(exit 1\): PORT: in use"):
        processes.wait(lambda: False, 30, child)
    assert time.monotonic() - started < 10


def test_stubborn_children_and_their_children_are_ended_in_time(processes, heard):
    child = processes.start("worker", [sys.executable, "-c", STUBBORN])
    assert processes.wait(lambda: bool(heard), 10, child)
    grandchild = int(heard[0][1].split()[1])
    started = time.monotonic()
    processes.stop()
    assert time.monotonic() - started < 4.5
    assert not child.alive
    until(lambda: not alive(grandchild), 5)


def test_a_log_is_bounded(processes, tmp_path, monkeypatch):
    monkeypatch.setattr(children, "LOG_BYTES", 20_000)
    says = "print(*(f'line {n}' for n in range(5000)), sep='\\n'); print('end', flush=True); time.sleep(60)"
    child = processes.start("web", python(says))
    processes.wait(lambda: "end" in child.last, 20, child)
    logs = list(tmp_path.glob("web.log*"))
    assert len(logs) == 1 + children.LOG_FILES
    assert sum(log.stat().st_size for log in logs) <= 3 * 20_100
    assert (tmp_path / "web.log").read_text().endswith("end\n")
