"""The settings: read from the environment once, by whoever starts a process; every fault is reported at once."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from service.domain.errors import ReplydeskError

MiB: Final = 1024 * 1024
FILE_LIMIT: Final = 64 * 1024
LOOPBACK: Final = ("127.0.0.0/8", "::1/128", "localhost")
UNIX, SOCKET = "unix", "unix:"
SOCKET_BYTES: Final = 100  # the kernel's own limit is 108 on Linux and 104 on macOS
HOST_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
PATH: Final = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+){1,16}")
"""A path below which the web may be served: nothing in it needs quoting, and it leads nowhere else."""
PREFIX: Final = "REPLYDESK_"
READ_ELSEWHERE: Final = frozenset({"REPLYDESK_MASTER_KEY", "REPLYDESK_MASTER_KEY_FILE", "REPLYDESK_BROKER"})
SECRETS: Final = ("REPLYDESK_DATABASE_URL", "REDIS_URL", "REPLYDESK_REDIS_URL")
"""A file may hold them, named by the variable with `_FILE` behind it; no fault shows them."""


class SettingsError(ReplydeskError):
    """The settings have faults; each names its variable and the fix, and never shows a secret's value."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


# -- how a value is read; a ValueError says the fix and shows nothing of the value -------------------------------------


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
    scheme, separator, rest = url.partition("://")
    if separator and parts.scheme in ("postgresql", "postgres", "postgresql+psycopg") and len(parts.path) > 1:
        return f"postgresql+psycopg://{rest}"
    if separator and scheme in ("sqlite", "sqlite+pysqlite") and rest.startswith("/") and len(rest) > 1:
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


def _proxy(value: str) -> str:
    """A network, or what other servers call a proxy that asks over a unix socket: such a one is always trusted."""
    if value.rstrip(":").lower() == UNIX:
        return UNIX
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise ValueError("give addresses or networks such as 10.0.0.0/8, separated by commas") from None


def _network_or_host(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return _host_name(value, "give host names, addresses or networks, separated by commas, or none")


def _comma_separated(value: object) -> object:
    """The parts of a list that somebody wrote; the single word `none` empties it."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    return () if parts == ["none"] else parts


def _home_database(home: Path) -> str:
    return f"sqlite:///{home / 'replydesk.db'}"


def _by_store(embedded: object, otherwise: object) -> Any:
    """A default that depends on whether the database is the home's own."""

    def choose(known: dict[str, Any]) -> object:
        return embedded if known["database_url"] == _home_database(known["home"]) else otherwise

    return Field(default_factory=choose)


# -- the settings ------------------------------------------------------------------------------------------------------

Part = TypeVar("Part")
Listed = Annotated[tuple[Part, ...], BeforeValidator(_comma_separated)]
Lower = BeforeValidator(str.lower)


class Settings(BaseSettings):
    """What one process knows of its surroundings: times in seconds, sizes in bytes, URLs in one normal form."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, enable_decoding=False, extra="ignore", frozen=True)

    home: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] = Path("var")
    host: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535, validation_alias=AliasChoices("PORT", "REPLYDESK_PORT"))
    public_url: Annotated[str, AfterValidator(_public_url)] = Field(
        default_factory=lambda known: f"http://127.0.0.1:{known['port']}"
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default_factory=lambda known: _home_database(known["home"]),
        repr=False,  # may hold a password, as may the next
    )
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = Field(
        default_factory=lambda known: _noted_broker(known["home"]),
        repr=False,
        validation_alias=AliasChoices("REDIS_URL", "REPLYDESK_REDIS_URL"),
    )
    redis_prefix: str = Field("replydesk:", pattern="^[a-z0-9._-]{0,40}:$")
    callback_allow: Listed[Annotated[str, AfterValidator(_network_or_host)]] = _by_store(LOOPBACK, ())
    trusted_proxies: Listed[Annotated[str, AfterValidator(_proxy)]] = ()
    web_threads: int = Field(8, ge=1, le=256)
    worker_pool: Annotated[Literal["threads", "prefork"], Lower] = _by_store("threads", "prefork")
    worker_concurrency: Annotated[int, Field(ge=1, le=64)] = _by_store(5, 2)
    worker_nice: int = Field(5, ge=0, le=19)
    lease_seconds: float = Field(10.0, ge=1, le=3600)
    # on SQLite whoever accepts waits while a batch is settled
    score_batch: Annotated[int, Field(ge=1, le=5000)] = _by_store(64, 128)
    fast_after_seconds: float = Field(60.0, ge=0, le=3600)
    """From this age of the oldest unscored comment on comments are scored fast; 0: never."""
    maintenance_seconds: float = Field(2.0, ge=0.1, le=300)
    undo_seconds: float = Field(5.0, ge=0, le=60)
    max_attempts: int = Field(3, ge=1, le=20)
    max_body_bytes: int = Field(17 * MiB, ge=64 * 1024, le=64 * MiB)
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Lower] = "info"
    metrics_port: int = Field(0, ge=0, le=65535)
    """Where a worker answers /metrics, on all its addresses; 0: nowhere, for the web of the same home tells all."""
    compat: Annotated[Literal["lazy", "warm", "off"], Lower] = "lazy"
    """Whether the web process answers other services' protocols: the model is loaded at their first call ("lazy"), as
    the process starts ("warm"), or never ("off")."""

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `load` read, and nothing from the environment behind its back."""
        return (sources["init_settings"],)

    @property
    def embedded(self) -> bool:
        """Whether the truth is the SQLite file in the home: one machine, one web process, one worker process."""
        return self.database_url == _home_database(self.home)

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
    found = os.environ if env is None else env
    given = {name: value.strip() for name, value in found.items() if value.strip()}
    faults = [*_read_secret_files(given), *_slips(given)]
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in given.items()}
    try:
        settings = Settings(**source())
    except ValidationError as wrong:
        # a default that depends on a faulty setting is no fault of its own
        told = [_fault(one) for one in wrong.errors() if one["type"] != "default_factory_not_called"]
        raise SettingsError(told + faults) from None
    if faults:
        raise SettingsError(faults)
    return settings


def _read_secret_files(given: dict[str, str]) -> Iterator[str]:
    """Give each secret that a file holds its value; yield the faults."""
    for name in SECRETS:
        if (path := given.get(f"{name}_FILE")) is None:
            continue
        try:
            with open(path, encoding="utf-8") as file:
                value = file.read(FILE_LIMIT).strip()
        except (OSError, UnicodeDecodeError) as wrong:
            yield f"{name}_FILE: cannot read {path!r}: {getattr(wrong, 'strerror', 'it is not UTF-8 text')}"
        else:
            if name in given:
                yield f"{name}: set it or {name}_FILE, not both"
            elif not value:
                yield f"{name}_FILE: the file {path!r} is empty"
            else:
                given[name] = value


def _fault(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    fix = str(error.get("ctx", {}).get("error", error["msg"]))
    known = Settings.model_json_schema()["properties"][name]
    if "maximum" in known:
        what = "a whole number" if known["type"] == "integer" else "seconds"
        fix = f"give {what} from {known['minimum']} to {known['maximum']}"
    elif "enum" in known:
        fix = f"give one of {', '.join(known['enum'])}"
    variable = name if name.isupper() else PREFIX + name.upper()
    return (
        f"{variable}: {fix}"
        if variable in SECRETS
        else f"{variable}: {fix}, not {str(error['input'])[:80]!r}"
    )


def _slips(given: Iterable[str]) -> Iterator[str]:
    """Report every REPLYDESK_ name that nobody reads and that is one slip away from one that is read."""
    known = READ_ELSEWHERE | {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in SECRETS}
    for name in sorted(given):
        if name in known or not name.startswith(PREFIX) or name.startswith("REPLYDESK_TEST_"):
            continue
        if close := difflib.get_close_matches(name, known, n=1, cutoff=0.9):
            yield f"{name}: nothing reads this name; did you mean {close[0]}?"


def broker_note(home: Path) -> Path:
    """The file in which a running `replydesk up` leaves its broker's URL for the home's other commands."""
    return home / "run" / "broker-url"


def _noted_broker(home: Path) -> str | None:
    try:
        with broker_note(home).open("r", encoding="utf-8") as note:
            return _redis_url(note.read(FILE_LIMIT).strip())
    except (OSError, ValueError):
        return None  # no installation is up here, or the note is another's: maintenance finds all work
