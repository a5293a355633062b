"""Holds the project's rules that a machine can hold; runs every check, then says which are broken."""

import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
COMPOSE = "docker-compose.yml"
MANIFESTS = {
    "prometheus/rules.yaml": "prometheus-rules",
    "prometheus/scrape.yaml": "prometheus-scrape",
    "kubernetes/keda-scaledobject.yaml": "keda-scaledobject",
    "kubernetes/hpa.yaml": "hpa",
    "grafana/replydesk.json": "grafana-dashboard",
}
ELSEWHERE = re.compile(r"""<(?:link|script|img|iframe)\b[^>]*\b(?:href|src)=["']?(?:https?:)?//[^"'> ]+""")
PIN = re.compile(r"(?P<name>[a-z0-9._-]+)==(?P<version>[^\s;\\]+)(?: ; [^\\]+)? \\")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}(?: \\)?")


def compose_targets(text: str) -> Iterator[str]:
    """Every service, secret, volume and network that the compose file names and does not define."""
    compose: dict[str, Any] = yaml.safe_load(text)
    services = compose.get("services") or {}
    for name, service in services.items():
        for target in service.get("depends_on") or ():
            if target not in services:
                yield f"{name} depends on {target}, and there is no such service"
        for kind in ("secrets", "networks"):
            for target in service.get(kind) or ():
                found = target["source"] if isinstance(target, dict) else target
                if found not in (compose.get(kind) or {}):
                    yield f"{name} uses the {kind[:-1]} {found}, and there is none"
        for mount in service.get("volumes") or ():
            source = mount.get("source", "") if isinstance(mount, dict) else mount.partition(":")[0]
            if source and source[0] not in "./~" and source not in (compose.get("volumes") or {}):
                yield f"{name} mounts the volume {source}, and there is none"


def lock_faults(text: str) -> Iterator[str]:
    """Every line of a lock that is not a pin or a hash, and every pin without a hash: so no host can be named."""
    pinned, hashed = "", True
    for number, line in enumerate(text.splitlines(), 1):
        if pin := PIN.fullmatch(line):
            if not hashed:
                yield f"{pinned} has no hash"
            pinned, hashed = pin["name"], False
        elif HASH.fullmatch(line):
            hashed = True
        else:
            yield f"line {number} is neither a pin nor a hash: {line.strip()[:60]}"
    if not hashed:
        yield f"{pinned} has no hash"


def pins(text: str) -> set[tuple[str, str]]:
    """Name and version of everything that a lock holds."""
    return {(pin["name"], pin["version"]) for pin in map(PIN.fullmatch, text.splitlines()) if pin}


def locks() -> Iterator[str]:
    """What is wrong with the two locks, between them, and beside pyproject.toml."""
    texts = {name: (ROOT / name).read_text() for name in ("requirements.lock", "requirements-dev.lock")}
    for name, text in texts.items():
        yield from (f"{name}: {fault}" for fault in lock_faults(text))
    smaller, larger = map(pins, texts.values())
    for name, version in sorted(smaller - larger):
        yield f"requirements-dev.lock lacks {name}=={version} of requirements.lock"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for wanted in project["dependencies"]:
        name = re.split(r"[^A-Za-z0-9._-]", wanted, maxsplit=1)[0].lower()
        if name not in {locked for locked, _ in smaller}:
            yield f"requirements.lock lacks {name}; run `make lock`"


def tool(*command: str) -> Callable[[], Iterator[str]]:
    """A check by a program of the environment: what it prints when it fails."""

    def check() -> Iterator[str]:
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            yield (done.stdout + done.stderr).strip() or f"{command[0]} ended with {done.returncode}"

    return check


def manifests() -> Iterator[str]:
    """What each file under deploy/ has that its schema there does not allow."""
    for name, schema in MANIFESTS.items():
        check = tool("check-jsonschema", "--schemafile", f"deploy/schemas/{schema}.json", f"deploy/{name}")
        yield from (f"{name}: {fault}" for fault in check())


def docs() -> Iterator[str]:
    """What is wrong with the documentation, and each page of the built site that loads a file from another host."""
    with tempfile.TemporaryDirectory() as site:
        yield from tool("mkdocs", "build", "--strict", "--quiet", "--site-dir", site)()
        for page in sorted(Path(site).rglob("*.html")):
            yield from (f"{page.name} loads {found}" for found in ELSEWHERE.findall(page.read_text()))


CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "ruff check": tool("ruff", "check", "--quiet"),
    "ruff format": tool("ruff", "format", "--check", "--quiet"),
    "mypy --strict": tool("mypy"),
    "import-linter": tool("lint-imports", "--no-logo"),
    "bandit": tool(
        "bandit", "--quiet", "--recursive", "--configfile=pyproject.toml", "service", "worker", "classifier"
    ),
    "pyproject.toml": tool("validate-pyproject", "pyproject.toml"),
    "compose schema": tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE),
    "compose targets": lambda: compose_targets((ROOT / COMPOSE).read_text()),
    "manifests": manifests,
    "locks": locks,
    "docs": docs,
}


def main() -> None:
    """Run all checks; exit 1 when any is broken."""
    broken = 0
    for name, check in CHECKS.items():
        started = time.monotonic()
        faults = list(check())
        broken += bool(faults)
        print(f"{'✗' if faults else '✓'} {name} ({time.monotonic() - started:.1f} s)", flush=True)
        for fault in faults:
            print(f"{fault}\n")
    sys.exit(f"{broken} of {len(CHECKS)} checks are broken" if broken else 0)


if __name__ == "__main__":
    main()
