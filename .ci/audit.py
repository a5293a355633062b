"""Asks whether any locked dependency has a known vulnerability: `make audit`, where an advisory service is reachable.

Exit 0: asked, and none is known. 1: some are, and they are listed. 2: nobody could be asked, so nothing is known.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap import ROOT, find_uv, uv_environment

PIP_AUDIT = "pip-audit==2.10.1"
LOCKS = ("requirements.lock", "requirements-dev.lock")
SERVICES = ("pypi", "osv")
NOTHING_KNOWN = 2


def asked(uv: str, service: str, report: Path) -> "list[dict[str, object]] | None":
    """What one advisory service says of every pin of both locks; None when it could not be asked."""
    locks = [one for lock in LOCKS for one in ("--requirement", lock)]
    command = [
        uv,
        "tool",
        "run",
        PIP_AUDIT,
        "--disable-pip",
        "--no-deps",
        *locks,
        "--vulnerability-service",
        service,
    ]
    done = subprocess.run(
        [*command, "--progress-spinner=off", "--format=json", f"--output={report}"],
        cwd=ROOT,
        env=uv_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.exists() or not report.stat().st_size:
        print(f"{service}: {(done.stderr.strip().splitlines() or ['no answer'])[-1][:200]}")
        return None
    found = json.loads(report.read_text())["dependencies"]
    skipped = [one for one in found if "skip_reason" in one]
    if len(skipped) * 2 > len(found):
        print(f"{service}: knows nothing of {len(skipped)} of {len(found)} pins")
        return None
    print(f"{service}: asked about {len(found) - len(skipped)} pins, {len(skipped)} unknown to it")
    return [one for one in found if one.get("vulns")]


def main() -> int:
    """Ask the services in turn until one answers."""
    uv = find_uv(ROOT / ".venv")
    if uv is None:
        print("uv is needed for the audit; install it, or let `make run` bring it")
        return NOTHING_KNOWN
    with tempfile.TemporaryDirectory() as folder:
        for service in SERVICES:
            found = asked(os.fspath(uv), service, Path(folder) / service)
            if found is None:
                continue
            for one in found:
                told = ", ".join(str(vulnerability["id"]) for vulnerability in one["vulns"])  # type: ignore[attr-defined]
                print(f"{one['name']} {one['version']}: {told}")
            return int(bool(found))
    print("No advisory service could be reached: NOTHING WAS AUDITED. Run this where the network allows it.")
    return NOTHING_KNOWN


if __name__ == "__main__":
    sys.exit(main())
