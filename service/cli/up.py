"""`replydesk up`, which `make run` runs: the whole service on one machine as one supervised process tree."""

from __future__ import annotations

import errno
import fcntl
import http.client
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NoReturn

import click

from service import config
from service.cli import broker
from service.cli.children import Child, ChildProcesses
from service.cli.console import Refused
from service.config import Settings

if TYPE_CHECKING:
    from service.cli.demo import Summary
    from service.cli.screen import Screen

START_SECONDS: Final = 60.0
REDIS_NAMES: Final = {"REDIS_URL", "REDIS_URL_FILE", "REPLYDESK_REDIS_URL", "REPLYDESK_REDIS_URL_FILE"}
ROOT: Final = Path(__file__).parents[2]


@click.command()
@click.option("--end-with-parent", is_flag=True, help="Stop when the process that started this one is gone.")
def up(end_with_parent: bool) -> None:
    """Run everything on this machine in the foreground, until Ctrl-C.

    Broker, web, worker and beat, with SQLite in REPLYDESK_HOME (./var); PORT (8080) says where. The first start makes
    a demo site and a moderator and shows their links.
    """
    started, parent = time.monotonic(), os.getppid()

    def orphaned() -> bool:
        return end_with_parent and os.getppid() != parent

    _listen_for_the_end()
    known = config.load()
    os.umask(0o077)
    with _lock(_make_home(known.home)) as lock:
        _check_port(known)
        from service.cli.screen import Screen

        screen = Screen()
        installation = _Installation(known, screen, lock.fileno())
        stopped_at = None
        try:
            screen.summary(installation.start(orphaned), time.monotonic() - started)
            while not orphaned():
                installation.children.serve(0.25)
        except KeyboardInterrupt:
            stopped_at = time.monotonic()
        finally:
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(each, signal.SIG_IGN)  # the end comes soon; a second Ctrl-C must not spoil it
            installation.stop()
        if stopped_at is not None:
            screen.goodbye(time.monotonic() - stopped_at)


def _listen_for_the_end() -> None:
    """Let each signal that means stop stop us.

    A shell starts what it puts in the background deaf to SIGINT, yet whoever sends one means it. SIGHUP stays ignored
    where nohup said so.
    """
    heard = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heard.append(signal.SIGHUP)
    for each in heard:
        signal.signal(each, _interrupt)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _make_home(home: Path) -> Path:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("run", "log", "tmp"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
        (home / "run" / "lock").touch(mode=0o600)
    except OSError as failure:
        raise Refused(
            f"REPLYDESK_HOME: cannot write {home}: {failure.strerror}; name a folder of yours"
        ) from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise Refused(f"REPLYDESK_HOME: cannot write {home}; name a folder of yours")
    return home


@contextmanager
def _lock(home: Path) -> Iterator[IO[str]]:
    """Hold the home alone. The reaper holds it too, so the lock lasts until a killed parent is cleared away."""
    with (home / "run" / "lock").open("r+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = lock.read(20).strip()
            who = f" (process {holder})" if holder.isdigit() else ""
            raise Refused(
                f"REPLYDESK_HOME: another replydesk is running on {home}{who}; stop it, or name another home"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock


def _check_port(known: Settings) -> None:
    if known.unix_socket is not None:
        raise Refused(
            "REPLYDESK_HOST: `replydesk up` listens on an address; a unix socket is for `replydesk web` and gunicorn"
        )
    family = socket.AF_INET6 if ":" in known.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((known.host, known.port))
        except OSError as failure:
            reason = "in use" if failure.errno == errno.EADDRINUSE else f"not to be had: {failure.strerror}"
            raise Refused(
                f"PORT: {known.bind} is {reason}; choose another, such as PORT={known.port + 1}"
            ) from None


class _Installation:
    """The steps from an empty home to a running installation, and back."""

    def __init__(self, known: Settings, screen: Screen, lock: int) -> None:
        self._known, self._screen = known, screen
        self._worker_is_ready = False
        run = known.home / "run"
        self._socket = broker.socket_folder(run) / "broker.sock"
        self._made = [config.broker_note(known.home), self._socket]
        if self._socket.parent != run:
            self._made.append(self._socket.parent)
        env = dict(os.environ) | {
            "REPLYDESK_HOME": str(known.home),
            "PORT": str(known.port),
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            "PYTHONUNBUFFERED": "1",
        }
        self.children = ChildProcesses(known.home / "log", env, self._hear)
        self.children.start_reaper(remove=self._made, keep=[lock])

    def start(self, orphaned: Callable[[], bool]) -> Summary:
        """Bring everything up in order and return what to show; raises what stands in the way, in one sentence."""
        with self._screen.step("Starting the broker") as outcome:
            outcome.append(self._start_broker())
        # An installation that stands starts its processes at once: they take longer to import than the rest to do.
        early = self._start_processes() if _stands(self._known) else None
        with self._screen.step("Opening the database") as outcome:
            outcome.append(f"Database {self._open_database(migrate=early is None)}")
            from service.cli import demo

            summary = demo.prepare(config.load(self.children.env))
        with self._screen.step("Starting web, worker and beat") as outcome:
            web, worker = early or self._start_processes()
            self._wait_for(web, lambda: orphaned() or _serves(self._known))
            outcome.append(f"Web on {self._known.bind}")
            self._wait_for(worker, lambda: orphaned() or self._worker_is_ready)
            self._start("beat")  # last: nobody waits for it, and the others need the processor
            outcome.append("with a Celery worker and beat")
        return summary

    def _start_broker(self) -> str:
        if self._known.redis_url and (os.environ.keys() & REDIS_NAMES):
            if wrong := broker.fault(self._known.redis_url, self._known.redis_prefix):
                raise Refused(f"REDIS_URL: it {wrong}; fix it, or unset it to have one started here")
            return "Broker: the one that REDIS_URL names"
        server, url = broker.program(os.environ), f"unix://{self._socket}"
        self._socket.unlink(missing_ok=True)
        child = self.children.start("broker", broker.command(server, self._socket))
        broker.wait_for(self._socket, lambda: child.alive)
        config.broker_note(self._known.home).write_text(f"{url}\n", encoding="utf-8")
        self.children.env["REPLYDESK_REDIS_URL"] = url
        return f"Broker {server.name} on a private socket"

    def _open_database(self, migrate: bool) -> str:
        if migrate:
            from service.privacy.master_key import load_master
            from service.storage import migrate as migrations

            load_master(os.environ, self._known.home)  # before three processes would each make one
            migrations.upgrade(self._known.database_url)
        return "SQLite in the home" if self._known.embedded else "PostgreSQL"

    def _start_processes(self) -> tuple[Child, Child]:
        return self._start("web"), self._start("worker")

    def _start(self, name: str) -> Child:
        return self.children.start(name, [sys.executable, "-m", "service.cli.main", name])

    def _wait_for(self, child: Child, ready: Callable[[], bool]) -> None:
        if not self.children.wait(ready, START_SECONDS, child):
            raise Refused(
                f"{child.name} was not ready within {START_SECONDS:.0f} s; see {child.log.baseFilename}"
            )

    def _hear(self, name: str, line: str) -> None:
        if name == "worker" and '"worker.ready"' in line:
            self._worker_is_ready = True
        self._screen.heard(name, line)

    def stop(self) -> None:
        """End everything within five seconds and take away what was only for this run."""
        self.children.stop()
        for path in self._made:
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()


def _stands(known: Settings) -> bool:
    """Whether the home has its key and a database of this very schema, told without importing what opens it."""
    database = known.home / "replydesk.db"
    if not (known.embedded and database.exists() and (known.home / "master.key").exists()):
        return False
    shipped = sorted(Path(ROOT, "service", "storage", "migrations", "versions").glob("[0-9]*.py"))
    with closing(sqlite3.connect(database, timeout=1.0)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error:
            return False
    return bool(row and shipped) and shipped[-1].name.startswith(f"{row[0]}_")


def _serves(known: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(known.host, known.host)  # noqa: S104  # compared, not bound
    connection = http.client.HTTPConnection(host, known.port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"User-Agent": "replydesk-up"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
