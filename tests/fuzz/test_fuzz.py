"""A few hundred inputs of the fuzzer in every run of the suite; `python -m tests.fuzz` tries a hundred thousand."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import run
from tests.fuzz.properties import PROPERTIES


@pytest.mark.parametrize("name", PROPERTIES)
def test_strangers_inputs_break_nothing(name: str) -> None:
    """Each property holds for the first inputs of a fixed seed."""
    count, fault = run(name, 60, 20.0, chance=7)
    assert fault == ""
    assert count >= 20


def test_the_fuzzer_finds_what_is_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A property that fails for some inputs is found and named."""

    def breaks(text: str) -> None:
        if "@" in text:
            raise KeyError("planted")

    monkeypatch.setitem(PROPERTIES, "planted", (breaks, PROPERTIES["masking"][1]))
    assert "planted" in run("planted", 500, 20.0, chance=1)[1]
