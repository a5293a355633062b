"""Where counters lie: in files of the home that every process of it maps, so that any one of them tells the sum of all.

Each process takes a free slot and keeps it by a lock that ends with it, however it ends; its successor goes on counting
in the same files. So there are never more files than processes at once, and no counter runs backwards.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import prometheus_client.values
import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.values import MultiProcessValue

from service.observability.file_locks import lock

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
SLOTS: Final = 256
KINDS: Final = ("counter", "histogram", "gauge_livesum", "gauge_livemax")
FILE_BYTES: Final = 256 * 1024
"""Room for every series there can be. It is taken at once: a page that a full disk refuses later kills the process."""

log = structlog.get_logger(__name__)


class Slots:
    """The numbered places of one folder; a process holds one for as long as it lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._claiming = threading.Lock()
        self._slot = ""

    def mine(self) -> str:
        """Return this process's slot, taken with the first call. Raises OSError when none can be had."""
        with self._claiming:
            self._slot = self._slot or self._claim()
        return self._slot

    def _claim(self) -> str:
        for number in range(SLOTS):
            held = lock(self.folder / f"slot-{number}.lock")
            if held is not None:  # and stays open until the process ends
                _make_ready(self.folder, str(number))
                return str(number)
        raise OSError(f"all {SLOTS} slots of {self.folder} are taken")

    def remove_dead(self) -> None:
        """Take away what gauges of processes that are gone still say; their counts stay."""
        for path in self.folder.glob("slot-*.lock"):
            number = path.stem.removeprefix("slot-")
            held = None if number == self._slot else lock(path)
            if held is not None:
                for gauge in self.folder.glob(f"gauge_*_{number}.db"):
                    gauge.unlink(missing_ok=True)
                os.close(held)


def _make_ready(folder: Path, slot: str) -> None:
    """Give the slot its files, whole and full-sized: gauges begin anew, counts go on unless they cannot be read."""
    for kind in KINDS:
        path = folder / f"{kind}_{slot}.db"
        if path.exists() and (kind.startswith("gauge") or not _is_whole(path)):
            path.unlink()
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(opened, 0, FILE_BYTES)
        finally:
            os.close(opened)


def _is_whole(path: Path) -> bool:
    try:
        MultiProcessCollector.merge([str(path)])  # type: ignore[no-untyped-call]  # as shipped
    except Exception:  # noqa: BLE001  # whatever a torn file does to its reader
        return False
    return True


class Sums(Collector):
    """What all slots of a folder counted; a file that cannot be read is left out rather than the answer."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def describe(self) -> Iterable[Metric]:
        """Say nothing before the first scrape."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Return the sums of this moment, the gauges of processes that are gone left out."""
        with suppress(OSError):
            self._slots.remove_dead()
        files = [str(path) for path in self._slots.folder.glob("*.db") if _is_whole(path)]
        return list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]  # as shipped


_slots: Slots | None = None


def share(home: Path) -> bool:
    """Let this process count in the home's files; False when it counts for itself alone.

    Called after the last fork and before the first meter is made. A home that cannot be written, or is full, costs no
    more than the sums.
    """
    global _slots
    if _slots is not None:
        return True
    slots = Slots(_folder(home))
    try:
        slots.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        slot = slots.mine()
    except OSError as failure:
        log.warning("meters.alone", error=type(failure).__name__)
        return False
    os.environ[FOLDER_VARIABLE] = str(slots.folder)
    prometheus_client.values.ValueClass = MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]  # as shipped
    _slots = slots
    return True


def summed_registry(own: CollectorRegistry) -> CollectorRegistry:
    """Return a registry of what all processes of the home counted, or `own` where this one counts alone."""
    return slots_registry(_slots) if _slots is not None else own


def home_registry(home: Path) -> CollectorRegistry:
    """Return a registry of what the home's processes counted, for a process that counts nothing itself."""
    return slots_registry(Slots(_folder(home)))


def slots_registry(slots: Slots) -> CollectorRegistry:
    """Return a registry of everything in these slots."""
    registry = CollectorRegistry()
    registry.register(Sums(slots))
    return registry


def _folder(home: Path) -> Path:
    return home / "run" / "meters"
