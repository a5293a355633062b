"""Makes the virtual environment from a hashed lock; run by make with a bare Python, before anything is installed.

Usage: bootstrap.py VENV LOCK. It installs with uv, found on the PATH or brought by pip from a hashed lock of its own,
since uv needs seconds where pip needs the better part of a minute; where uv cannot be had or fails, pip does it. Both
follow pip's configuration.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV_LOCK = ROOT / ".ci" / "requirements-uv.lock"
OLDEST, NEWEST = (3, 11), (3, 14)
FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}
HOST_PIP = [sys.executable, "-m", "pip"]


def main(venv: Path, lock: Path) -> None:
    """Make `venv` hold what `lock` names, and this project in editable form; say how long it took."""
    started = time.monotonic()
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        fail("Python 3.11, 3.12, 3.13 or 3.14 is needed, not {}.{}".format(*sys.version_info))
    python = venv / "bin" / "python"
    uv = find_uv(venv)
    if not python.exists():
        make_venv(venv, with_pip=uv is None)
    tool = "uv" if uv and install([str(uv), "pip"], python, lock, uv_environment()) else "pip"
    if tool == "pip" and not install(some_pip(python), python, lock, dict(os.environ)):
        fail("the install failed; its reason stands above")
    print(f"Installed {lock.name} with {tool} in {time.monotonic() - started:.0f} s")


def find_uv(venv: Path) -> "Path | None":
    """The path of uv: on the PATH, in the environment from before, or fetched with the host's pip; None for none."""
    fetched = venv / "uv" / "bin" / "uv"
    found = shutil.which("uv")
    if found or fetched.exists():
        return Path(found or fetched)
    into = ["--target", str(fetched.parents[1]), "--no-deps", "--require-hashes", "-r", str(UV_LOCK)]
    return fetched if runs([*HOST_PIP, "install", "--quiet", *into]) and fetched.exists() else None


def make_venv(venv: Path, with_pip: bool) -> None:
    """Make the environment; a Debian without python3-venv can make one only if it needs no pip."""
    command = [sys.executable, "-m", "venv", str(venv)] + ([] if with_pip else ["--without-pip"])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(str(venv), ignore_errors=True)
        if "ensurepip" in done.stdout + done.stderr or "No module named venv" in done.stderr:
            fail("this Python cannot make a virtual environment; on Debian: apt-get install python3-venv")
        fail("no virtual environment could be made: " + (done.stderr or done.stdout).strip()[-300:])


def some_pip(python: Path) -> "list[str]":
    """The environment's own pip, else the host's, told to install there."""
    own = [str(python), "-m", "pip"]
    return own if runs([*own, "--version"]) else [*HOST_PIP, "--python", str(python)]


def install(tool: "list[str]", python: Path, lock: Path, env: "dict[str, str]") -> bool:
    """Install the lock and then the project, which builds from what the lock brought, without the network."""
    there = ["--python", str(python)] if tool[-1] == "pip" and Path(tool[0]).name == "uv" else []
    return all(
        subprocess.run([*tool, "install", "--quiet", *there, *what], env=env, check=False).returncode == 0
        for what in (
            ["--require-hashes", "--no-deps", "-r", str(lock)],
            ["--no-deps", "--no-build-isolation", "-e", str(ROOT)],
        )
    )


def uv_environment() -> "dict[str, str]":
    """The environment for uv, which is told what pip's configuration says unless it was told something itself."""
    # every file is held to its hash, so it matters not which index has it first
    known = {"UV_INDEX_STRATEGY": "unsafe-best-match", **pip_settings(), **os.environ}
    known.pop("VIRTUAL_ENV", None)
    return known


def pip_settings() -> "dict[str, str]":
    """What pip is configured to do, of the things that uv can be told; its environment wins over its files."""
    done = subprocess.run([*HOST_PIP, "config", "list"], capture_output=True, text=True, check=False)
    found = {}
    for line in sorted(done.stdout.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        if name.split(".", 1)[-1] in FROM_PIP:
            found[FROM_PIP[name.split(".", 1)[-1]]] = value.strip("'\"")
    return found


def runs(command: "list[str]") -> bool:
    """Whether a command ends well; nobody hears what it says."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def fail(reason: str) -> None:
    """End in one line."""
    sys.exit("replydesk: " + reason)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
