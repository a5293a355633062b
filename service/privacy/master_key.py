"""Where the master keys come from: the environment, a file the operator names, or one made in the home.

A text holds one key or several, apart by lines, spaces or commas. Each is `VERSION:KEY`, and a bare key is version 1.
The first makes what is new; the others still open what they made.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from service.domain.errors import ReplydeskError

NAME: Final = "REPLYDESK_MASTER_KEY"
FILE_NAME: Final = "REPLYDESK_MASTER_KEY_FILE"
LEAST_BYTES: Final = 32
TEXT_LIMIT: Final = 4096
MOST_KEYS: Final = 16
MOST_VERSION: Final = 255  # the version is the first byte of every ciphertext and token
MEND: Final = "make one with: openssl rand -base64 32"
SECRET_MOUNT: Final = Path("/run/secrets")


class MasterKeyError(ReplydeskError, ValueError):
    """The master key cannot be used."""


def load_masters(env: Mapping[str, str], home: Path | None) -> dict[int, bytes]:
    """Return the master keys (32 bytes or more each) by version, the current one first.

    They come from `env`, else from `home/master.key`, made if missing. MasterKeyError in one line names the variable
    or file and the fix; it never shows a key.
    """
    text, path = env.get(NAME, "").strip(), env.get(FILE_NAME, "").strip()
    if text and path:
        raise MasterKeyError(f"{NAME}: set it or {FILE_NAME}, not both")
    if text:
        return parse_masters(text, NAME)
    if path:
        return parse_masters(_read(Path(path), FILE_NAME, _forbidden_bits(Path(path))), FILE_NAME)
    if home is None:
        raise MasterKeyError(f"{NAME}: set it, or {FILE_NAME}; {MEND}")
    return _from_home(home / "master.key")


def load_master(env: Mapping[str, str], home: Path | None) -> bytes:
    """Return the current master key, as `load_masters` finds it."""
    return next(iter(load_masters(env, home).values()))


def master_file(env: Mapping[str, str], home: Path) -> Path:
    """Return the file that holds the master keys. Raises MasterKeyError where they come from the environment."""
    if env.get(NAME, "").strip():
        raise MasterKeyError(
            f"{NAME}: the keys stand in the environment, so change it there: `NEW_VERSION:NEW_KEY, 1:OLD_KEY`;"
            f" {MEND}"
        )
    path = env.get(FILE_NAME, "").strip()
    return Path(path) if path else home / "master.key"


def add_master(path: Path) -> int:
    """Put a fresh key before those in the file and return its version; the file changes at once or not at all."""
    keys = parse_masters(_read(path, str(path), _forbidden_bits(path)), str(path))
    version = max(keys) + 1
    if version > MOST_VERSION or len(keys) >= MOST_KEYS:
        raise MasterKeyError(f"{path}: holds {len(keys)} keys up to version {max(keys)}; retire one first")
    _rewrite(path, {version: secrets.token_bytes(LEAST_BYTES), **keys})
    return version


def drop_master(path: Path, version: int) -> None:
    """Take an older key out of the file. MasterKeyError for the current one and for one that is not there."""
    keys = parse_masters(_read(path, str(path), _forbidden_bits(path)), str(path))
    if version not in keys or version == next(iter(keys)):
        raise MasterKeyError(f"{path}: version {version} is not an older key there")
    _rewrite(path, {number: key for number, key in keys.items() if number != version})


def parse_masters(text: str, name: str) -> dict[int, bytes]:
    """Read keys by version, the first one first; MasterKeyError for a faulty, double or superfluous one."""
    keys: dict[int, bytes] = {}
    for entry in text.replace(",", " ").split():
        head, colon, rest = entry.partition(":")
        if colon and not (head.isascii() and head.isdigit() and len(head) < 4):
            raise MasterKeyError(f"{name}: write a key as VERSION:KEY; {MEND}")
        version = int(head) if colon else 1
        if not 1 <= version <= MOST_VERSION or version in keys:
            raise MasterKeyError(f"{name}: each key needs a version of its own, from 1 to {MOST_VERSION}")
        keys[version] = _parse(rest if colon else entry, name)
    if not 1 <= len(keys) <= MOST_KEYS:
        raise MasterKeyError(f"{name}: must hold 1 to {MOST_KEYS} keys; {MEND}")
    return keys


def _parse(text: str, name: str) -> bytes:
    """Read hex where every character is a hex digit, else base64 of either alphabet."""
    try:
        if re.fullmatch(r"[0-9a-fA-F]+", text):
            key = bytes.fromhex(text)
        else:
            standard = text.replace("-", "+").replace("_", "/").rstrip("=")
            key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyError(f"{name}: must be base64 or hex; {MEND}") from None
    if len(key) < LEAST_BYTES:
        raise MasterKeyError(f"{name}: must hold at least {LEAST_BYTES} bytes, not {len(key)}; {MEND}")
    return key


def _rewrite(path: Path, keys: Mapping[int, bytes]) -> None:
    """Write the keys beside the file, with its mode, and put that in its place."""
    text = "".join(f"{version}:{base64.b64encode(key).decode()}\n" for version, key in keys.items())
    try:
        with _drafted(path, text) as draft:
            draft.chmod(stat.S_IMODE(path.stat().st_mode))
            draft.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise MasterKeyError(f"{path}: cannot be rewritten: {error.strerror}") from None


@contextmanager
def _drafted(path: Path, text: str) -> Iterator[Path]:
    """Write the text to a file beside `path`, for this user alone; it is gone afterwards unless it was moved."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _forbidden_bits(path: Path) -> int:
    """Let the secrets mount of a container pass: engines make it readable by all, where there is one user."""
    return 0 if path.resolve().is_relative_to(SECRET_MOUNT) else stat.S_IRWXO


def _read(path: Path, name: str, forbidden: int) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise MasterKeyError(f"{name}: cannot read {path}: {error.strerror}") from None
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise MasterKeyError(f"{name}: {path} is not a plain file")
        if mode & forbidden:
            raise MasterKeyError(f"{name}: {path} is open to other users; run: chmod 600 {path}")
        raw = os.read(handle, TEXT_LIMIT)
    finally:
        os.close(handle)
    if not raw.strip().isascii() or not raw.strip():
        raise MasterKeyError(f"{name}: {path} must hold one line of base64 or hex; {MEND}")
    return raw.decode("ascii").strip()


def _from_home(path: Path) -> dict[int, bytes]:
    if not path.exists():
        _make(path)
    return parse_masters(_read(path, str(path), stat.S_IRWXG | stat.S_IRWXO), str(path))


def _make(path: Path) -> None:
    """Write a fresh key beside its place, then link it there: of two starters, both read the first one's."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _drafted(path, base64.b64encode(secrets.token_bytes(LEAST_BYTES)).decode() + "\n") as draft:
            _link(draft, path)
    except OSError as error:
        raise MasterKeyError(
            f"{path}: cannot make the master key: {error.strerror}; set {FILE_NAME} to a file elsewhere"
        ) from None


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another starter was first, and its key counts
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)  # a key that is lost after a power cut takes every sealed text with it
    finally:
        os.close(folder)
