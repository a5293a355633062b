"""Places where an installation writes: files, and the broker's memory. The database has a module of its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from redis import Redis

READ: Final = 1024 * 1024
KEYS_BOUND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """One thing to look through: of which kind, under what name, and its bytes when asked for."""

    kind: str
    name: str
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class OutOfReach(Exception):
    """A place that this audit cannot look into, and why."""

    place: str
    why: str


def files(kind: str, folder: Path, *, since: float = 0.0) -> Iterator[Place]:
    """Yield every plain file below the folder, changed at `since` or later; a file that goes meanwhile is left out."""
    if folder.is_file():
        yield Place(kind, str(folder), lambda: read_file(folder))
        return
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            try:
                found = path.lstat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode) and found.st_mtime >= since:
                yield Place(kind, str(path), partial(read_file, path))


TEMPORARY: Final = tuple(Path(one) for one in ("/tmp", "/var/tmp", "/dev/shm"))  # noqa: S108  # looked into, not written to


def temporary_files(folders: Iterable[Path], since: float, mine: Path) -> Iterator[Place]:
    """Yield this user's files in the temporary folders that changed since then."""
    for folder in sorted(set(folders)):
        for place in files("temporary files", folder, since=since):
            try:
                is_own = Path(place.name).stat().st_uid == os.getuid()
            except OSError:
                continue
            if is_own and not Path(place.name).is_relative_to(mine):
                yield place


def read_file(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces; nothing more once it is gone."""
    try:
        with path.open("rb") as file:
            while chunk := file.read(READ):
                yield chunk
    except OSError:
        return


def broker(client: Redis) -> Iterator[Place]:
    """Yield everything in the broker's memory, value by value, and what it tells of itself."""
    yield Place("broker", "values", lambda: _values(client))
    yield Place("broker", "what it tells of itself", lambda: _broker_diagnostics(client))


def _values(client: Redis) -> Iterator[bytes]:
    """Read values by their type: a dump of one may be compressed in a way of the broker's own."""
    readers: dict[object, Callable[[bytes], Any]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    for number, key in enumerate(client.scan_iter(count=1_000)):
        if number > KEYS_BOUND:
            return
        read = readers.get(client.type(key))
        value = read(key) if read else None
        yield b"\n".join([key, *_flat(value), client.dump(key) or b""]) + b"\n"


def _flat(value: object) -> Iterator[bytes]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(name)
            yield from _flat(inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from _flat(inner)
    elif value is not None:
        yield as_bytes(value)


def _broker_diagnostics(client: Redis) -> Iterator[bytes]:
    for ask in (client.info, client.client_list, client.slowlog_get, client.acl_log):
        with suppress(Exception):  # a managed broker may forbid one or the other
            yield repr(ask()).encode() + b"\n"


def as_bytes(value: object) -> bytes:
    """Return a value as the bytes that would be written of it."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
