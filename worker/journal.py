"""The journal of leases: what a process has leased stands in a file that is locked for as long as it lives.

Who can lock such a file knows that its owner is dead, and ends at once the leases it left. A process that hangs keeps
its lock, so that its leases run out as ever; and where no file can be locked all do. It is there for speed alone.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog

from service.observability.file_locks import kernel, lock

SLOTS: Final = 256
FILE_BYTES: Final = 64 * 1024

log = structlog.get_logger(__name__)

Noted = Mapping[str, Mapping[datetime, list[int]]]
"""Row numbers by kind of work, and by the moment until which they are leased."""


class Journal:
    """One process's journal in `home`; with no home it is not kept. Its threads may share it."""

    def __init__(self, home: Path | None) -> None:
        self._folder = home / "run" / "leases" / kernel() if home else None
        self._turn = threading.Lock()
        self._noted: dict[str, dict[int, datetime]] = {}
        self._slot: Path | None = None
        self._file: int | None = None
        self._kept = True

    def note(self, work: str, until: datetime, ids: Iterable[int], now: datetime | None = None) -> int:
        """Write down that these rows are leased until then; call it once the lease is committed.

        What ran out by `now` is struck: it could neither be recorded nor given back, and is whoever's comes first.
        Returns how many rows that were.
        """
        with self._turn:
            noted = self._noted.setdefault(work, {})
            ran_out = [one for one, moment in noted.items() if now and moment <= now]
            for one in ran_out:
                del noted[one]
            noted.update(dict.fromkeys(ids, until))
            self._write()
        return len(ran_out)

    def drop(self, work: str, ids: Iterable[int]) -> None:
        """Strike these rows out: they are recorded, or given back."""
        with self._turn:
            noted = self._noted.get(work, {})
            for one in ids:
                noted.pop(one, None)
            self._write()

    def _write(self) -> None:
        if self._folder is None:
            return
        noted = {work: _by_moment(rows) for work, rows in self._noted.items() if rows}
        text = json.dumps(noted).encode() if noted else b""  # an empty slot is anybody's
        if len(text) > FILE_BYTES:  # what is not noted runs out
            text = b""
        try:
            if self._file is None:
                self._claim(self._folder)
            if self._file is not None:
                os.pwrite(self._file, text, 0)
                os.ftruncate(self._file, len(text))
            self._kept = True
        except OSError as failure:  # a disk that is full now may have room again at the next note
            if self._kept:
                log.warning("journal.not_kept", error=type(failure).__name__)
            self._kept = False

    def _claim(self, folder: Path) -> None:
        """Take a slot that nobody has, and that nobody left anything in."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(SLOTS):
            slot = folder / f"{number}.json"
            opened = lock(slot)
            if opened is not None and os.fstat(opened).st_size == 0:
                self._slot, self._file = slot, opened
                return
            if opened is not None:
                os.close(opened)
        raise OSError(f"all {SLOTS} slots are taken")

    def release_dead(self, give_back: Callable[[Noted], None]) -> int:
        """Hand over what dead processes had leased; return how many rows.

        What `give_back` raises leaves it in the journal, for the next who looks.
        """
        found = 0
        for slot in sorted(self._folder.glob("*.json")) if self._folder else ():
            if slot == self._slot or not _size(slot):
                continue
            with _taken(slot) as opened:
                left = _read(opened) if opened is not None else {}
                if left:
                    give_back(left)
                    found += sum(len(ids) for moments in left.values() for ids in moments.values())
                if opened is not None:
                    os.ftruncate(opened, 0)
        return found

    def close(self) -> None:
        """Let go of the slot; whatever is still noted is another's to give back."""
        with self._turn:
            self._folder = None
            if self._file is not None:
                os.close(self._file)
                self._file = None


def _by_moment(rows: Mapping[int, datetime]) -> dict[str, list[int]]:
    moments: dict[str, list[int]] = {}
    for one, until in rows.items():
        moments.setdefault(until.isoformat(), []).append(one)
    return moments


def _read(opened: int) -> Noted:
    """Read a journal; one that is torn, for its writer died in mid-word, says nothing."""
    try:
        written: Any = json.loads(os.pread(opened, FILE_BYTES, 0) or b"{}")
        return {
            str(work): {
                datetime.fromisoformat(moment): [int(one) for one in ids] for moment, ids in moments.items()
            }
            for work, moments in written.items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


@contextmanager
def _taken(path: Path) -> Iterator[int | None]:
    opened = lock(path)
    try:
        yield opened
    finally:
        if opened is not None:
            os.close(opened)
