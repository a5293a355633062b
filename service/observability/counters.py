"""Counters of all processes of one home: prometheus-client's multiprocess files, so that any process tells the sums.

The library names its files by process id; here by slot. A process takes a free slot and locks it until it ends,
however it ends. Its successor counts on in the same files: there are never more than processes at once, and no counter
runs backwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import prometheus_client.values
import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from prometheus_client.values import MultiProcessValue

from service.observability.file_locks import lock

SLOTS: Final = 256
KINDS: Final = ("counter", "histogram", "gauge_livesum", "gauge_livemax")
FILE_BYTES: Final = 256 * 1024
"""Room for every series there can be. It is taken at once: a page that a full disk refuses later kills the process."""

log = structlog.get_logger(__name__)

_shared: Path | None = None
"""The home in whose files this process counts."""


def share(home: Path) -> bool:
    """Let this process count in the home's files; False when it counts for itself alone.

    Called after the last fork and before the first meter is made. A home that cannot be written, or is full, costs no
    more than the sums.
    """
    global _shared
    if _shared is None:
        try:
            slot = take_slot(_folder(home))
        except OSError as failure:
            log.warning("meters.alone", error=type(failure).__name__)
            return False
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_folder(home))
        prometheus_client.values.ValueClass = MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]  # as shipped
        _shared = home
    return True


def take_slot(folder: Path) -> str:
    """Take the first free slot until the process ends. Raises OSError when none can be had."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for slot in map(str, range(SLOTS)):
        if lock(folder / f"slot-{slot}.lock") is not None:
            for kind in KINDS:
                _make_ready(folder / f"{kind}_{slot}.db")
            return slot
    raise OSError(f"all {SLOTS} slots of {folder} are taken")


def _make_ready(path: Path) -> None:
    """Take the file's room: gauges begin anew, counts go on unless they cannot be read."""
    if path.exists() and (path.name.startswith("gauge") or not _is_whole(path)):
        path.unlink()
    path.touch(mode=0o600)
    if sys.platform == "linux":  # macOS has no such call
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, FILE_BYTES)


def _is_whole(path: Path) -> bool:
    try:
        MultiProcessCollector.merge([str(path)])  # type: ignore[no-untyped-call]  # as shipped
    except Exception:  # noqa: BLE001  # whatever a torn file does to its reader
        return False
    return True


class Sums(Collector):
    """What the processes of a folder counted; a file that cannot be read is left out rather than the answer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Return the sums of this moment, without gauges of processes that are gone."""
        for path in self._folder.glob("slot-*.lock"):
            held = lock(path)
            if held is not None:
                mark_process_dead(path.stem.removeprefix("slot-"), str(self._folder))  # type: ignore[no-untyped-call]
                os.close(held)
        files = [str(path) for path in self._folder.glob("*.db") if _is_whole(path)]
        return list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]  # as shipped


def home_registry(home: Path) -> CollectorRegistry:
    """Return a registry of what the home's processes counted."""
    registry = CollectorRegistry()
    registry.register(Sums(_folder(home)))
    return registry


def summed_registry(own: CollectorRegistry) -> CollectorRegistry:
    """Return a registry of what all processes of this one's home counted, or `own` where it counts alone."""
    return own if _shared is None else home_registry(_shared)


def _folder(home: Path) -> Path:
    return home / "run" / "meters"
