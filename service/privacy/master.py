"""Where the master key comes from: the environment, a file the operator names, or one made in the home."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from service.moderation.errors import ReplydeskError

NAME: Final = "REPLYDESK_MASTER_KEY"
FILE_NAME: Final = "REPLYDESK_MASTER_KEY_FILE"
LEAST_BYTES: Final = 32
TEXT_LIMIT: Final = 4096
MEND: Final = "make one with: openssl rand -base64 32"
SECRET_MOUNT: Final = Path("/run/secrets")


class MasterKeyError(ReplydeskError, ValueError):
    """The master key cannot be used."""


def load_master(env: Mapping[str, str], home: Path | None) -> bytes:
    """Return the master key (32 bytes or more): from `env`, else from `home/master.key`, made if missing.

    MasterKeyError in one line names the variable or file and the mend; it never shows the key.
    """
    text, path = env.get(NAME, "").strip(), env.get(FILE_NAME, "").strip()
    if text and path:
        raise MasterKeyError(f"{NAME}: set it or {FILE_NAME}, not both")
    if text:
        return _parse(text, NAME)
    if path:
        return _parse(_read(Path(path), FILE_NAME, _forbidden_bits(Path(path))), FILE_NAME)
    if home is None:
        raise MasterKeyError(f"{NAME}: set it, or {FILE_NAME}; {MEND}")
    return _from_home(home / "master.key")


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


def _from_home(path: Path) -> bytes:
    if not path.exists():
        _make(path)
    return _parse(_read(path, str(path), stat.S_IRWXG | stat.S_IRWXO), str(path))


def _make(path: Path) -> None:
    """Write a fresh key beside its place, then link it there: of two starters, both read the first one's."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            _link(draft, path)
        finally:
            draft.unlink()
    except OSError as error:
        raise MasterKeyError(
            f"{path}: cannot make the master key: {error.strerror}; set {FILE_NAME} to a file elsewhere"
        ) from None


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another starter was first, and its key counts
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a key that is lost after a power cut takes every sealed text with it
    finally:
        os.close(folder)
