"""Two installations: the service as it runs in production, each process restarted by us, and as `replydesk up`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers import free_port
from tools.bench.processes import SETTINGS
from tools.bench.processes import answers as serves
from tools.storm.planted import DELIVERY_LEASE, PROGRAM
from tools.storm.servers import Disk, Postgres, Redis, until

BIN = Path(sys.executable).parent
REPLYDESK = str(BIN / "replydesk")
ROOT = Path(__file__).parents[2]
RESTART_SECONDS = 0.5
START_SECONDS = 120.0
DISK_MB = 512
SCORING = ("worker-1", "worker-2")
WORKING = (*SCORING, "delivery")


@dataclass(frozen=True)
class Given:
    """What an installation is built with: seconds of a scoring lease and of a callback's (as shipped if none are
    given), a planted bug or none, and whether disks may fill."""

    lease_seconds: float = 10.0
    delivery_lease: str = ""
    plant: str = ""
    disk: bool = True


class Installation:
    """An installation under a storm: its address, its database, and the process ids of each of its parts."""

    name = ""
    context: tuple[str, ...] = ()
    forks = False
    """Whether the workers score in forked children."""

    def __init__(self, folder: Path, given: Given) -> None:
        self.folder, self.given = folder, given
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else
        self.disk = Disk(folder / "disk", DISK_MB) if given.disk else None
        self.home = (self.disk.folder if self.disk else folder) / "home"
        self.port = free_port()
        self.restarts = 0
        self.key = self.secret = ""
        clean = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
        self.env = clean | {
            "REPLYDESK_HOME": str(self.home),
            "PORT": str(self.port),
            "REPLYDESK_LEASE_SECONDS": f"{given.lease_seconds:g}",
            "REPLYDESK_CALLBACK_ALLOW": "127.0.0.0/8",
            "REPLYDESK_STORM_PLANT": given.plant,
            DELIVERY_LEASE: given.delivery_lease,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        self.database_url = f"sqlite:///{self.home / 'replydesk.db'}"
        self.program = [sys.executable, "-m", PROGRAM] if given.plant or given.delivery_lease else [REPLYDESK]

    def run(self, *arguments: str) -> str:
        """Run a command of the service and return what it printed. Raises CalledProcessError."""
        done = subprocess.run(
            [REPLYDESK, *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        return done.stdout

    def add_site(self, callback: str) -> None:
        """Make the site that the storm is about."""
        told = self.run(
            "site", "add", "storm", "--url", "https://storm.example", "--callback", callback, "--json"
        )
        made = json.loads(told)
        self.key, self.secret = made["key"], made["webhook_secret"]

    def pids(self, part: str) -> list[int]:
        """The processes of a part that live now, the parent first."""
        raise NotImplementedError

    def scorers(self) -> list[int]:
        """The processes that hold scoring leases."""
        raise NotImplementedError

    def broker(self) -> int:
        """The broker's process id."""
        raise NotImplementedError

    def empty_broker(self) -> None:
        """Kill the broker; it comes back and remembers nothing."""
        raise NotImplementedError

    def postgres(self) -> Postgres | None:
        """The PostgreSQL under this installation, if there is one."""
        return None

    def repair(self) -> None:
        """Start again what the service itself does not, as a service manager would."""

    def start(self) -> None:
        """Bring everything up."""
        raise NotImplementedError

    def stop(self) -> None:
        """End everything and clear it away."""
        raise NotImplementedError


class Embedded(Installation):
    """`replydesk up`: SQLite, a Valkey of its own, one web process, one worker with threads; it restarts what dies."""

    name = "embedded"
    context = ("web", "worker", "beat")

    def __init__(self, folder: Path, given: Given) -> None:
        super().__init__(folder, given)
        self._up: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it serves."""
        self._spawn()
        until(lambda: serves(self.port) and self.pids("worker"), START_SECONDS, "the service")

    def _spawn(self) -> None:
        with (self.folder / "up.txt").open("ab") as output:
            self._up = subprocess.Popen(
                [*self.program, "up"],
                env=self.env,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=ROOT,
            )

    def repair(self) -> None:
        """Start the whole service again where it gave up, as a service manager would."""
        if self._up is not None and self._up.poll() is not None:
            self.restarts += 1
            self._spawn()

    def pids(self, part: str) -> list[int]:
        """The process of that name below `up`."""
        module = PROGRAM if self.given.plant else "service.cli.main"
        wanted = "broker.sock" if part == "broker" else f"{module} {part}"
        return [pid for pid in self._tree() if wanted in _command(pid)]

    def _tree(self) -> list[int]:
        return descendants(self._up.pid) if self._up is not None else []

    def scorers(self) -> list[int]:
        """The one worker."""
        return self.pids("worker")

    def broker(self) -> int:
        """The service's own broker."""
        found = self.pids("broker")
        if not found:
            raise ProcessLookupError("the broker does not run")
        return found[0]

    def empty_broker(self) -> None:
        """Kill it; the service starts another."""
        with suppress(ProcessLookupError):
            os.kill(self.broker(), signal.SIGKILL)

    def stop(self) -> None:
        """Press Ctrl-C, and clear away."""
        if self._up is not None and self._up.poll() is None:
            self._up.send_signal(signal.SIGINT)
            try:
                self._up.wait(20)
            except subprocess.TimeoutExpired:
                self._up.kill()
                self._up.wait()
        if self.disk:
            self.disk.close()


class Production(Installation):
    """What the compose file runs: gunicorn, two scoring workers, one for delivery, a beat, PostgreSQL and Redis."""

    name = "PostgreSQL + Redis"
    context = ("web", *WORKING, "beat")
    forks = True

    def __init__(self, folder: Path, given: Given) -> None:
        super().__init__(folder, given)
        self.home.mkdir(parents=True, exist_ok=True)
        where = self.disk.folder if self.disk else folder
        self._postgres = Postgres(where / "pg", durable=not given.plant)
        self._redis = Redis(folder / "redis")
        self.database_url = self._postgres.url
        self.env |= {"REPLYDESK_DATABASE_URL": self.database_url, "REDIS_URL": self._redis.url}
        self.env |= {"WEB_CONCURRENCY": "2"}
        scoring = [*self.program, "worker", "--queues=score,maintenance", "--concurrency=1"]
        gunicorn = [str(BIN / "gunicorn"), "--config=python:service.cli.gunicorn_settings"]
        self._commands: Mapping[str, Sequence[str]] = {
            "web": [*gunicorn, "service.web:create_app()"],
            "worker-1": scoring,
            "worker-2": scoring,
            "delivery": [*self.program, "worker", "--queues=deliver", "--pool=threads", "--concurrency=2"],
            "beat": [*self.program, "beat"],
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """Start servers and processes, in order."""
        self._postgres.start()
        self._redis.start()
        self.run("migrate")
        for part in self.context:
            self._spawn(part)
        until(lambda: serves(self.port) or not self._root("web"), START_SECONDS, "the web process")
        until(self.scorers, START_SECONDS, "the workers")
        self._keeper.start()

    def _spawn(self, part: str) -> None:
        with (self.folder / f"{part}.log").open("ab") as log:
            self._running[part] = subprocess.Popen(
                list(self._commands[part]),
                env=self.env,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=ROOT,
            )

    def _keep(self) -> None:
        """Start again what died, half a second later, as `restart: unless-stopped` does."""
        while not self._over.wait(0.1):
            for part, process in list(self._running.items()):
                if process.poll() is not None:
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, signal.SIGKILL)  # a container ends with its first process
                    if not self._over.wait(RESTART_SECONDS):
                        self._spawn(part)

    def pids(self, part: str) -> list[int]:
        """The processes of a part; "worker" means the first processes of the three that work."""
        if part == "worker":
            return [pid for name in WORKING if (pid := self._root(name))]
        root = self._root(part)
        return descendants(root) if root else []

    def _root(self, part: str) -> int | None:
        process = self._running.get(part)
        return process.pid if process is not None and process.poll() is None else None

    def scorers(self) -> list[int]:
        """The forked children of the scoring workers."""
        roots = [self._root(part) for part in SCORING]
        return [pid for root in roots if root for pid in descendants(root)[1:]]

    def broker(self) -> int:
        """Our Redis."""
        return self._redis.pid

    def empty_broker(self) -> None:
        """Kill it and start it again."""
        self._redis.kill()
        time.sleep(RESTART_SECONDS)
        self._redis.start()

    def postgres(self) -> Postgres | None:
        """Our PostgreSQL."""
        return self._postgres

    def repair(self) -> None:
        """Start PostgreSQL again where a full disk felled it."""
        self._postgres.repair()

    def stop(self) -> None:
        """End everything and clear it away."""
        self._over.set()
        if self._keeper.is_alive():
            self._keeper.join(5)
        for process in self._running.values():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._redis.kill()
        self._postgres.stop()
        if self.disk:
            self.disk.close()


def descendants(root: int) -> list[int]:
    """The process and all below it, the process first."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    tree = [root]
    for pid in tree:  # grows while it is read
        tree += [child for child, parent in parents if parent == pid]
    return tree


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
