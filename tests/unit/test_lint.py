"""The checks of `make lint` that are our own: locks without hosts, compose targets that exist."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
HASH = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    """The program that `make lint` runs."""
    spec = importlib.util.spec_from_file_location("replydesk_lint", ROOT / ".ci" / "lint.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_hashed_pin_is_in_order(lint: ModuleType) -> None:
    """A pin with its hashes, with or without a marker, passes."""
    held = f" \\\n    --hash={HASH}"
    text = f"flask==3.1.3{held}{held}\nx==1 ; sys_platform == 'win32'{held}\n"
    assert list(lint.lock_faults(text)) == []
    assert lint.pins(text) == {("flask", "3.1.3"), ("x", "1")}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("--index-url https://pypi.example/simple\n", "neither a pin nor a hash"),
        ("--find-links /wheels\n", "neither a pin nor a hash"),
        (f"flask @ https://files.example/flask.whl \\\n    --hash={HASH}\n", "neither a pin nor a hash"),
        ("flask==3.1.3 \\\nredis==8.1.0 \\\n", "flask has no hash"),
        ("flask==3.1.3 \\\n", "flask has no hash"),
        ("flask>=3\n", "neither a pin nor a hash"),
        (f"flask==3.1.3 \\\n    --hash=md5:{'0' * 32}\n", "neither a pin nor a hash"),
    ],
)
def test_a_lock_with_a_host_or_without_a_hash_is_refused(lint: ModuleType, text: str, fault: str) -> None:
    """Hosts, folders, URLs, ranges, weak and missing hashes are each found."""
    assert any(fault in found for found in lint.lock_faults(text))


def test_compose_targets_that_are_missing_are_named(lint: ModuleType) -> None:
    """A dependency, a secret and a volume that nobody defines are found; what is defined, and host paths, are not."""
    text = """
services:
  web: {depends_on: {db: {condition: service_healthy}, cache: {condition: service_started}}, secrets: [key]}
  db: {volumes: ["truth:/data", "./here:/there"], networks: [inner]}
"""
    assert list(lint.compose_targets(text)) == [
        "web depends on cache, and there is no such service",
        "web uses the secret key, and there is none",
        "db uses the network inner, and there is none",
        "db mounts the volume truth, and there is none",
    ]


def test_the_compose_file_of_the_project_is_whole(lint: ModuleType) -> None:
    """Everything that it names is defined in it."""
    assert list(lint.compose_targets((ROOT / "docker-compose.yml").read_text())) == []


def test_the_locks_of_the_project_are_in_order(lint: ModuleType) -> None:
    """Hashed, naming no host, the larger holding the smaller, and both what pyproject.toml asks for."""
    assert list(lint.locks()) == []
