"""Resolves pyproject.toml into the two locks: hashed, for every supported Python and system, and naming no host.

Pins stay as they are unless `--upgrade` is given. The larger lock holds the smaller one, version for version.
"""

import subprocess
import sys

from bootstrap import ROOT, fail, find_uv, uv_environment

ALWAYS = [
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--quiet",
]
LOCKS = {
    "requirements.lock": ["--extra=build", "--extra=production"],
    "requirements-dev.lock": ["--all-extras", "--constraints=requirements.lock"],
}


def main() -> None:
    """Write both locks."""
    uv = find_uv(ROOT / ".venv")
    if uv is None:
        fail("uv is needed to resolve the locks; install it, or let `make run` bring it")
    for name, which in LOCKS.items():
        command = [
            uv,
            "pip",
            "compile",
            "pyproject.toml",
            *ALWAYS,
            *which,
            *sys.argv[1:],
            f"--output-file={name}",
        ]
        if subprocess.run(command, cwd=ROOT, env=uv_environment(), check=False).returncode:
            fail(f"{name} could not be resolved; the reason stands above")
        print(f"Wrote {name}")


if __name__ == "__main__":
    main()
