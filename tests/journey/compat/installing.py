"""The real clients, installed once for each machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import missing

CLIENTS = Path(__file__).with_name("clients")

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "replydesk-test-clients"


def installed(name: str, *steps: list[str]) -> Path:
    """Install what `clients/NAME` pins, once for each machine; skip loudly where that cannot be."""
    pinned = (CLIENTS / name).read_bytes()
    place = CACHE / f"{name}-{hashlib.sha256(pinned).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # tests that run side by side install once
        if not (place / "done").exists():
            install(name, place, *steps)
    return place


def install(name: str, place: Path, *steps: list[str]) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copy(CLIENTS / name, place / name)
    for step in steps:
        done = subprocess.run(
            [part.format(place=place) for part in step],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        if done.returncode:
            shutil.rmtree(place, ignore_errors=True)
            missing(f"the clients of {name} cannot be installed: {done.stderr.strip()[-300:]}")
    (place / "done").touch()
