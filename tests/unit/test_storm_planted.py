"""Bugs that a storm must find: planted, they leave nothing that would repair what they break."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.cli.children import ChildProcesses
from tests.storm import planted
from tests.storm.stages import Embedded, Given
from worker.polling_fallback import PollingFallback
from worker.sweep import Sweep


def test_without_a_sweep_nobody_makes_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that goes round by itself while no message comes would find what only the sweep should."""
    for part, act in ((Sweep, "release_dead"), (Sweep, "run"), (PollingFallback, "look")):
        monkeypatch.setattr(part, act, getattr(part, act))
    planted.enqueue_without_sweep()
    rounds: list[int] = []
    fallback = PollingFallback(lambda: -1000.0, lambda: rounds.append(1), 1.0, lambda: 0.0)
    assert (fallback.look(), rounds) == (False, [])


def test_the_parts_that_up_starts_are_planted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in the supervisor alone would break nothing, and a storm over it find nothing."""
    started: list[list[str]] = []
    monkeypatch.setattr(ChildProcesses, "start", lambda _, name, command: started.append(command))
    planted.plant_children()
    children = ChildProcesses(tmp_path, {}, lambda *_: None)
    children.start("worker", ["python", "-m", "service.cli.main", "worker"])
    assert started == [["python", "-m", "tests.storm.planted", "worker"]]
    stage = Embedded(tmp_path / "s", Given(plant=planted.SWEEP, disk=False))
    assert stage.program[-1] == "tests.storm.planted"
