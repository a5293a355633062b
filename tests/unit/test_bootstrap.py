"""The setup that make runs with a bare Python: what it needs, it says in one line; what pip is told, uv is told."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parents[2] / ".ci" / "bootstrap.py"
DEBIAN = """#!/bin/sh
case "$*" in
  *"-m venv"*) echo "The virtual environment was not created successfully because ensurepip is not available."; exit 1;;
  *"config list"*) printf "global.index-url='https://mirror.example/simple'\\n:env:.find-links='/wheels'\\n";;
  *) echo "No module named pip" >&2; exit 1;;
esac
"""

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load the program as a Python would that is this shell script; there is no uv on the PATH."""

    def loaded(script: str) -> ModuleType:
        python = tmp_path / "python3"
        python.write_text(script)
        python.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(python))
        monkeypatch.setenv("PATH", "/nowhere")
        spec = importlib.util.spec_from_file_location("replydesk_bootstrap", PROGRAM)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded


def test_a_debian_without_venv_is_one_clear_line(load: Load, tmp_path: Path) -> None:
    """Neither uv nor pip nor ensurepip: the line names the package to install, and nothing half-made is left."""
    with pytest.raises(SystemExit, match=r"^replydesk: .*apt-get install python3-venv$"):
        load(DEBIAN).main(tmp_path / "venv", tmp_path / "requirements.lock")
    assert not (tmp_path / "venv").exists()


def test_a_failing_venv_says_why(load: Load, tmp_path: Path) -> None:
    """Any other failure, a full disk say, is passed on in one line."""
    full = "#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n"
    with pytest.raises(SystemExit, match=r"^replydesk: no virtual environment .* No space left on device$"):
        load(full).main(tmp_path / "venv", tmp_path / "requirements.lock")


def test_uv_is_told_what_pip_is_told(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index and folders of pip become uv's, unless uv was told something itself."""
    module = load(DEBIAN)
    monkeypatch.setenv("UV_FIND_LINKS", "/mine")
    environment = module.uv_environment()
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert environment["UV_FIND_LINKS"] == "/mine"


def test_an_old_python_can_read_the_refusal(tmp_path: Path) -> None:
    """The program compiles as the oldest Python in use would read it, so that it can say what is needed."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 6))",
        ],
        input=PROGRAM.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
