"""A PostgreSQL, a Redis and a small disk of the run's own, which faults may hit."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from tests import servers

START_SECONDS = 60.0
CHUNK = 1 << 20


def until(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until it holds; TimeoutError names what did not come in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)


class Disk:
    """A small file system in memory, mounted where the system permits it: it can be filled and emptied again."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        told = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)]
        try:
            mounted = subprocess.run(told, capture_output=True, check=False, timeout=10).returncode == 0
        except OSError:
            mounted = False
        self.mounted = mounted
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Write until nothing more fits."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while file.write(b"\0" * CHUNK) == CHUNK:
                pass
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while file.write(b"\0" * 512):
                pass

    def empty(self) -> None:
        """Give the space back."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Take the file system away with all that is on it."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False, timeout=10)


class Postgres:
    """A server of our own on a unix socket; started again whenever it is down and should not be."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        self._programs = servers.postgresql_programs()
        self._home = home
        home.mkdir(parents=True, exist_ok=True)
        self._user = servers.other_user(home)
        self._settings = [
            f"unix_socket_directories={home}",
            "listen_addresses=",
            f"fsync={'on' if durable else 'off'}",
            "synchronous_commit=on",
            "max_connections=100",
            "max_wal_size=256MB",
        ]
        self._run("initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.url = f"postgresql://postgres@/postgres?host={home}"
        self._server: subprocess.Popen[bytes] | None = None
        self._turn = threading.RLock()  # whoever repairs must not start a second one beside whoever restarts

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(
            [str(self._programs / program), *map(str, arguments)],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self._home,
            env=os.environ | {"LC_ALL": "C"},
            timeout=START_SECONDS,
        )

    def start(self) -> None:
        """Start it and wait until it answers; one that fell while its disk was full is started as often as it takes."""
        end = time.monotonic() + START_SECONDS
        while True:
            self._spawn()
            while self._server is not None and self._server.poll() is None:
                if self.answers():
                    return
                if time.monotonic() > end:
                    raise TimeoutError("PostgreSQL did not come back")
                time.sleep(0.05)
            if time.monotonic() > end:
                raise TimeoutError("PostgreSQL ends as soon as it is started")
            time.sleep(0.2)

    def _spawn(self) -> None:
        parts = [part for one in self._settings for part in ("-c", one)]
        with (self._home.parent / f"{self._home.name}.log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._home / "data"), *parts],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._home,
                start_new_session=True,
            )

    def answers(self) -> bool:
        """Whether a connection can be made and a row be asked for."""
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def repair(self) -> None:
        """Start it again where it has fallen."""
        with self._turn:
            if self._server is None or self._server.poll() is not None:
                self.start()

    def restart(self, how: signal.Signals) -> None:
        """SIGINT hangs up on everybody, SIGQUIT leaves a crash to recover from; then start again."""
        with self._turn:
            self.stop(how)
            self.start()

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it and wait for its end."""
        server, self._server = self._server, None
        if server is None:
            return
        server.send_signal(how)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


class Redis:
    """A broker of our own without persistence: whenever it comes back, it comes back empty."""

    def __init__(self, home: Path) -> None:
        self._program = servers.valkey_program()
        self._home = home
        home.mkdir(parents=True, exist_ok=True)
        self._path = home / "redis.sock"
        self.url = f"unix://{self._path}"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command: list[str | Path] = [
            self._program,
            "--port",
            "0",
            "--unixsocket",
            self._path,
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self._server = subprocess.Popen(
            [*command, "--dir", self._home],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: servers.listens(self._path), 10, "Redis")

    @property
    def pid(self) -> int:
        """Its process id; ProcessLookupError when it does not run."""
        if self._server is None or self._server.poll() is not None:
            raise ProcessLookupError("Redis does not run")
        return self._server.pid

    def kill(self) -> None:
        """End it at once."""
        server, self._server = self._server, None
        if server is not None:
            server.kill()
            server.wait()
