"""The settings: read from the environment once, by whoever starts a process; every fault is reported at once."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from service.domain.errors import ReplydeskError

T = TypeVar("T")

MiB: Final = 1024 * 1024
FILE_LIMIT: Final = 64 * 1024
LOOPBACK: Final = ("127.0.0.0/8", "::1/128", "localhost")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
POOLS: Final = ("threads", "prefork")
UNIX, SOCKET = "unix", "unix:"
SOCKET_BYTES: Final = 100  # the kernel's own limit is 108 on Linux and 104 on macOS
COMPAT_LOADING: Final = ("lazy", "warm", "off")
SQLITE: Final = ("sqlite", "sqlite+pysqlite")
POSTGRES: Final = ("postgresql", "postgres", "postgresql+psycopg")
HOST_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
PATH: Final = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+){1,16}")
"""A path below which the web may be served: nothing in it needs quoting, and it leads nowhere else."""
READ_ELSEWHERE: Final = frozenset(
    {"REPLYDESK_MASTER_KEY", "REPLYDESK_MASTER_KEY_FILE", "REPLYDESK_BROKER", "REPLYDESK_DEMO"}
)


class SettingsError(ReplydeskError):
    """The settings have faults; each names its variable and the fix, and never shows a secret's value."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one process knows of its surroundings: times in seconds, sizes in bytes, URLs in one normal form."""

    home: Path
    host: str
    port: int
    public_url: str
    database_url: str = field(repr=False)  # may hold a password, as may the next
    redis_url: str | None = field(repr=False)
    embedded: (
        bool  # the truth is the SQLite file in the home: one machine, one web process, one worker process
    )
    redis_prefix: str
    callback_allow: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    web_threads: int
    worker_pool: str
    worker_concurrency: int
    worker_nice: int
    lease_seconds: float
    score_batch: int
    fast_after_seconds: float
    """From this age of the oldest unscored comment on comments are scored fast; 0: never."""
    sweep_seconds: float
    undo_seconds: float
    max_attempts: int
    max_body_bytes: int
    log_level: str
    metrics_port: int
    """Where a worker answers /metrics, on all its addresses; 0: nowhere, for the web of the same home tells all."""
    compat: str
    """Whether the web process answers other services' protocols: the model is loaded at their first call ("lazy"), as
    the process starts ("warm"), or never ("off")."""

    @property
    def unix_socket(self) -> str | None:
        """The path of the socket on which the web listens instead of an address."""
        return self.host.removeprefix(SOCKET) if self.host.startswith(SOCKET) else None

    @property
    def bind(self) -> str:
        """Where the web listens, as servers write it."""
        if self.unix_socket is not None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `env` (the process environment by default), or raise one SettingsError with every fault.

    An empty variable counts as unset. Of the files, only `X_FILE` secrets and the home's own broker note are read.
    """
    read = _Reader(os.environ if env is None else env)
    home = Path(read.text("REPLYDESK_HOME", "./var")).expanduser().absolute()
    port = read.whole("PORT" if read.given("PORT") else "REPLYDESK_PORT", 8080, 1, 65535)
    database_url = read.secret("REPLYDESK_DATABASE_URL", _database_url)
    redis_url = read.secret("REDIS_URL", _redis_url) or read.secret("REPLYDESK_REDIS_URL", _redis_url)
    embedded = database_url is None
    settings = Settings(
        home=home,
        host=read.checked("REPLYDESK_HOST", "127.0.0.1", _host),
        port=port,
        public_url=read.checked("REPLYDESK_PUBLIC_URL", f"http://127.0.0.1:{port}", _public_url),
        database_url=database_url or f"sqlite:///{home / 'replydesk.db'}",
        redis_url=redis_url or _noted_broker(home),
        embedded=embedded,
        redis_prefix=read.checked("REPLYDESK_REDIS_PREFIX", "replydesk:", _prefix),
        callback_allow=read.several(
            "REPLYDESK_CALLBACK_ALLOW", LOOPBACK if embedded else (), _network_or_host
        ),
        trusted_proxies=read.several("REPLYDESK_TRUSTED_PROXIES", (), _proxy),
        web_threads=read.whole("REPLYDESK_WEB_THREADS", 8, 1, 256),
        worker_pool=read.one_of("REPLYDESK_WORKER_POOL", "threads" if embedded else "prefork", POOLS),
        worker_concurrency=read.whole("REPLYDESK_WORKER_CONCURRENCY", 5 if embedded else 2, 1, 64),
        worker_nice=read.whole("REPLYDESK_WORKER_NICE", 5, 0, 19),
        lease_seconds=read.seconds("REPLYDESK_LEASE_SECONDS", 30.0, 1.0, 3600.0),
        # on SQLite whoever accepts waits while a batch is settled
        score_batch=read.whole("REPLYDESK_SCORE_BATCH", 64 if embedded else 128, 1, 5000),
        fast_after_seconds=read.seconds("REPLYDESK_FAST_AFTER_SECONDS", 60.0, 0.0, 3600.0),
        sweep_seconds=read.seconds("REPLYDESK_SWEEP_SECONDS", 2.0, 0.1, 300.0),
        undo_seconds=read.seconds("REPLYDESK_UNDO_SECONDS", 5.0, 0.0, 60.0),
        max_attempts=read.whole("REPLYDESK_MAX_ATTEMPTS", 3, 1, 20),
        max_body_bytes=read.whole("REPLYDESK_MAX_BODY_BYTES", 17 * MiB, 64 * 1024, 64 * MiB),
        log_level=read.one_of("REPLYDESK_LOG_LEVEL", "info", LOG_LEVELS),
        metrics_port=read.whole("REPLYDESK_METRICS_PORT", 0, 0, 65535),
        compat=read.one_of("REPLYDESK_COMPAT", "lazy", COMPAT_LOADING),
    )
    read.look_for_slips()
    if read.faults:
        raise SettingsError(read.faults)
    return settings


def broker_note(home: Path) -> Path:
    """The file in which a running `replydesk up` leaves its broker's URL for the home's other commands."""
    return home / "run" / "broker-url"


def _noted_broker(home: Path) -> str | None:
    try:
        with broker_note(home).open("r", encoding="utf-8") as note:
            return _redis_url(note.read(FILE_LIMIT).strip())
    except (
        OSError,
        ValueError,
    ):  # no installation is up here, or something else wrote its note: no dispatcher, the sweep serves
        return None


class _Reader:
    """Reads one variable after another and collects the faults instead of stopping at the first."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []
        self.asked: set[str] = set()

    def given(self, name: str) -> bool:
        """Whether the variable is set to something."""
        self.asked.add(name)
        return bool(self.env.get(name, "").strip())

    def text(self, name: str, default: str) -> str:
        """The stripped value, or the default."""
        return self.env[name].strip() if self.given(name) else default

    def checked(self, name: str, default: str, check: Callable[[str], T]) -> T:
        """The value as `check` returns it; a ValueError becomes a fault that shows the value."""
        value = self.text(name, default)
        try:
            return check(value)
        except ValueError as wrong:
            self.faults.append(f"{name}: {wrong}, not {value[:80]!r}")
            return check(default)

    def secret(self, name: str, check: Callable[[str], str]) -> str | None:
        """The value of `name`, or the content of the file that `name_FILE` names; a fault never shows it."""
        file_name = f"{name}_FILE"
        if self.given(name) and self.given(file_name):
            self.faults.append(f"{name}: set it or {file_name}, not both")
            return None
        value = self._from_file(file_name) if self.given(file_name) else self.text(name, "")
        if not value:
            return None
        try:
            return check(value)
        except ValueError as wrong:
            self.faults.append(f"{name}: {wrong}")
            return None

    def _from_file(self, name: str) -> str:
        path = self.text(name, "")
        try:
            with open(path, encoding="utf-8") as file:
                value = file.read(FILE_LIMIT).strip()
        except (OSError, UnicodeDecodeError) as wrong:
            reason = wrong.strerror if isinstance(wrong, OSError) else "it is not UTF-8 text"
            self.faults.append(f"{name}: cannot read {path!r}: {reason}")
            return ""
        if not value:
            self.faults.append(f"{name}: the file {path!r} is empty")
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""

        def check(value: str) -> int:
            if not (value.isascii() and value.isdigit() and len(value) < 12 and least <= int(value) <= most):
                raise ValueError(f"give a whole number from {least} to {most}")
            return int(value)

        return self.checked(name, str(default), check)

    def seconds(self, name: str, default: float, least: float, most: float) -> float:
        """A number of seconds within bounds."""

        def check(value: str) -> float:
            plain = len(value) < 20 and not set(value) - set(string.digits + ".")
            number = float(value) if plain and value.count(".") < 2 and value != "." else -1.0
            if not least <= number <= most:
                raise ValueError(f"give seconds from {least:g} to {most:g}")
            return number

        return self.checked(name, str(default), check)

    def one_of(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of a few words, in any case."""

        def check(value: str) -> str:
            if value.lower() not in choices:
                raise ValueError(f"give one of {', '.join(choices)}")
            return value.lower()

        return self.checked(name, default, check)

    def several(self, name: str, default: tuple[str, ...], check: Callable[[str], str]) -> tuple[str, ...]:
        """A comma-separated list, each part checked; the single word `none` empties it."""
        if not self.given(name):
            return default
        parts = [part.strip() for part in self.text(name, "").split(",") if part.strip()]
        if parts == ["none"]:
            return ()
        if len(parts) > 256:
            self.faults.append(f"{name}: give at most 256 entries, not {len(parts)}")
            return default
        return tuple(kept for part in parts if (kept := self._part(name, part, check)) is not None)

    def _part(self, name: str, part: str, check: Callable[[str], str]) -> str | None:
        try:
            return check(part)
        except ValueError as wrong:
            self.faults.append(f"{name}: {wrong}, not {part[:80]!r}")
            return None

    def look_for_slips(self) -> None:
        """Report every REPLYDESK_ name that nobody reads and that is one slip away from one that is read."""
        known = {name for name in self.asked if name.startswith("REPLYDESK_")} | READ_ELSEWHERE
        for name in sorted(self.env):
            if name in known or not name.startswith("REPLYDESK_") or name.startswith("REPLYDESK_TEST_"):
                continue
            if close := difflib.get_close_matches(name, known, n=1, cutoff=0.9):
                self.faults.append(f"{name}: nothing reads this name; did you mean {close[0]}?")


def _split(url: str, fix: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port out of range raises only when it is asked for
    except ValueError:
        raise ValueError(fix) from None  # the library's own message can show a part of the URL
    return parts


def _database_url(url: str) -> str:
    fix = "give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
    parts = _split(url, fix)
    scheme, sep, rest = url.partition("://")
    if sep and parts.scheme in POSTGRES and len(parts.path) > 1:
        return f"postgresql+psycopg://{rest}"
    if sep and scheme in SQLITE and rest.startswith("/") and len(rest) > 1:
        return f"sqlite://{rest}"
    raise ValueError(fix)


def _redis_url(url: str) -> str:
    """One normal form: `redis://`, `rediss://` or `unix://` with an absolute path."""
    fix = "give redis://HOST:PORT/DB, rediss://… or unix:///PATH"
    parts = _split(url, fix)
    if parts.scheme in ("redis", "rediss") and parts.hostname and re.fullmatch(r"/?\d{0,4}", parts.path):
        return url
    if parts.scheme in ("unix", "redis+socket") and not parts.netloc and len(parts.path) > 1:
        return "unix" + url.removeprefix(parts.scheme)
    raise ValueError(fix)


def _public_url(url: str) -> str:
    fix = "give http://HOST or https://HOST, with a port and a path if need be"
    parts = _split(url, fix)
    plain = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
    if not plain or parts.username or parts.password or len(url) > 500:
        raise ValueError(fix)
    if parts.path.strip("/") and not PATH.fullmatch(parts.path.rstrip("/")):
        raise ValueError("give a path of letters, digits and - . _ ~ between single slashes")
    return url.rstrip("/")


def _host(value: str) -> str:
    if value.startswith(SOCKET):
        return _socket(value)
    bare = value.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return _host_name(value, "give an address to listen on, such as 127.0.0.1 or 0.0.0.0")


def _socket(value: str) -> str:
    path = value.removeprefix(SOCKET)
    path = path[2:] if path.startswith("///") else path  # unix:///run/x, as other servers write it
    if not path.startswith("/") or len(os.fsencode(path)) > SOCKET_BYTES or not path.isprintable():
        raise ValueError(f"give unix:/PATH with a path of at most {SOCKET_BYTES} bytes")
    return SOCKET + path


def _host_name(value: str, fix: str) -> str:
    if not HOST_NAME.fullmatch(value) or value.replace(".", "").isdigit():
        raise ValueError(fix)
    return value.lower()


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise ValueError("give addresses or networks such as 10.0.0.0/8, separated by commas") from None


def _proxy(value: str) -> str:
    """A network, or what other servers call a proxy that asks over a unix socket: such a one is always trusted."""
    return UNIX if value.rstrip(":").lower() == UNIX else _network(value)


def _network_or_host(value: str) -> str:
    try:
        return _network(value)
    except ValueError:
        return _host_name(value, "give host names, addresses or networks, separated by commas, or none")


def _prefix(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9._-]{0,40}:", value):
        raise ValueError("give up to 40 of a-z 0-9 . _ - and a colon at the end")
    return value
