"""The threat model names tests that exist, and a line for each kind of threat."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAPER = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAPER)


def test_every_test_that_the_threat_model_names_exists() -> None:
    """Who renames a test renames it in docs/security.md, too."""
    assert len(NAMED) >= 25
    missing = [
        f"{file}::{name}"
        for file, name in NAMED
        if not (ROOT / file).exists() or f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_kind_of_threat_has_lines() -> None:
    """Spoofing, tampering, repudiation, disclosure, denial, elevation: none is left out."""
    rows = re.findall(r"^\| \*\*([STRIDE])\*\* \|.*`tests/.*` \|$", PAPER, re.MULTILINE)
    assert set(rows) == set("STRIDE")
    assert len(rows) == len(re.findall(r"^\| \*\*[STRIDE]\*\* \|", PAPER, re.MULTILINE))
