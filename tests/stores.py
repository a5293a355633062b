"""SQLite stores for tests: copies of one migrated file, over engines that keep the statements they compiled."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import event

from service.storage import Store, migrate
from service.storage.engines import open_engine

Kind = TypeVar("Kind", bound=Store)


class Place:
    """Where a store's file lies, and the engine that opens it: tests use it one after the other."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="replydesk-store-")
        self._folder = Path(self._home.name) / "filled"
        self.engine = open_engine(f"sqlite:///{self._folder / 'replydesk.db'}")
        event.listen(self.engine, "connect", _write_without_waiting)

    def fill(self) -> None:
        """Put an empty database there, all at once: a thread that outlives its test must not make another one."""
        made = Path(tempfile.mkdtemp(dir=self._home.name))
        (made / "replydesk.db").write_bytes(template())
        made.rename(self._folder)

    def clear(self) -> None:
        """Close the database and delete it."""
        self.engine.dispose()
        shutil.rmtree(self._folder)


@cache
def template() -> bytes:
    """An empty SQLite database with the newest schema."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "replydesk.db"
        migrate.upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def sqlite_store(kind: type[Kind] = Store) -> Kind:  # type: ignore[assignment]
    """Return an empty store, which is closed and deleted after the test, or when the process ends."""
    place = _free.pop() if _free else Place()
    place.fill()
    _filled.append(place)
    return kind(place.engine)


@contextmanager
def stores_deleted() -> Iterator[None]:
    """Close and delete afterwards the stores that are made within."""
    before = len(_filled)
    try:
        yield
    finally:
        _end_background_work()
        while len(_filled) > before:
            place = _filled.pop()
            place.clear()
            _free.append(place)


def _end_background_work() -> None:
    """Let what requests left behind end while the stores are there: questions given up, counts not yet written."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
            thread.function(*thread.args, **thread.kwargs)
        if thread.name == "time-limit" or isinstance(thread, threading.Timer):
            thread.join(10)


def _write_without_waiting(connection: sqlite3.Connection, _record: object) -> None:
    """No test outlives a power cut."""
    connection.execute("PRAGMA synchronous = OFF")


def _delete_all() -> None:
    while _filled:
        _filled.pop().clear()


_free: list[Place] = []
_filled: list[Place] = []
atexit.register(_delete_all)
