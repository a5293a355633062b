"""The import rules: each one catches a violation planted in a copy of the service."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")

PLANTED = {
    "a package imports upwards": ("service/storage/planted.py", "import service.wiring", "downwards only"),
    "a package imports its neighbour": ("service/webhooks.py", "import service.dispatcher", "downwards only"),
    "a module outside the plan": ("service/attic.py", "", "downwards only"),
    "the domain imports a library": ("service/moderation/planted.py", "import pydantic", "standard library alone"),
    "the domain imports a port": ("service/moderation/planted.py", "import service.ports", "standard library alone"),
    "the ports import a library": (
        "service/ports/dependencies.py",
        "import sqlalchemy",
        "The ports import the domain alone",
    ),
    "the service imports the worker": ("service/cli/planted.py", "import worker.app", "never imports the worker"),
    "the worker imports the web": ("worker/planted.py", "import service.web", "The worker never imports the web"),
    "the worker imports Flask": ("worker/planted.py", "import flask", "The worker never imports the web"),
    "Flask outside the web": ("service/privacy/planted.py", "import flask", "Flask lives in service.web alone"),
    "Flask in the command line": ("service/cli/planted.py", "import flask", "Flask lives in service.web alone"),
    "the command line reaches into a view": (
        "service/cli/planted.py", "import service.web.desk", "never reach into its views"),
    "the classifier imports the service": ("classifier/planted.py", "import service.ports", "knows no comment"),
    "the classifier imports a database": ("classifier/planted.py", "import sqlalchemy", "knows no comment"),
    "a module imports the classifier": (
        "service/actions/submitting.py",
        "import classifier",
        "The classifier is imported in",
    ),
    "a worker's other module imports it": ("worker/deliver.py", "import classifier", "The classifier is imported in"),
    "a refused name": ("service/storage/utils.py", "", "No module is named utils, helpers or the like"),
    "a refused name of a package": ("worker/common/__init__.py", "", "No module is named utils, helpers or the like"),
}  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources and of the rules."""
    to = tmp_path_factory.mktemp("installation")
    for package in ("service", "worker", "classifier"):
        for path in (ROOT / package).rglob("*.py"):
            target = to / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (to / "tests").mkdir()
    shutil.copyfile(ROOT / "tests" / "import_rules.py", to / "tests" / "import_rules.py")
    shutil.copyfile(ROOT / "pyproject.toml", to / "pyproject.toml")
    return to


@pytest.fixture
def plant(copy: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Path, str]]:
    """Plant one line, and take it away again; yields the copy and the rule that must break."""
    where, line, rule = PLANTED[request.param]
    target = copy / where
    before = target.read_bytes() if target.exists() else None
    made = not target.parent.exists()
    target.parent.mkdir(exist_ok=True)
    target.write_bytes((before or b'"""Planted."""\n') + f"\n{line}\n".encode())
    yield copy, rule
    if made:
        shutil.rmtree(target.parent)
    elif before is None:
        target.unlink()
    else:
        target.write_bytes(before)


def lint(where: Path) -> tuple[int, str]:
    """Hold the rules against a tree; the exit code and what is said, on one line."""
    done = subprocess.run(
        [LINT, "--no-logo", "--no-cache"], cwd=where, capture_output=True, text=True, check=False
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_the_project_keeps_its_own_rules(copy: Path) -> None:
    """Nothing in the sources breaks a rule."""
    code, said = lint(copy)
    assert code == 0, said


@pytest.mark.parametrize("plant", PLANTED, indirect=True, ids=[name.replace(" ", "-") for name in PLANTED])
def test_a_planted_violation_is_caught(plant: tuple[Path, str]) -> None:
    """The rule that the violation breaks is reported as broken."""
    where, rule = plant
    code, said = lint(where)
    assert code == 1, said
    verdicts = said.split("Contracts: ")[0]
    after = verdicts[verdicts.index(rule) :]
    assert after.index("BROKEN") < (after.index("KEPT") if "KEPT" in after else len(after))
