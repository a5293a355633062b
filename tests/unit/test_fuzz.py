"""A few hundred inputs of the fuzzer in every run of the suite; `python -m tools.fuzz` tries a hundred thousand."""

import pytest

from tools.fuzz.__main__ import run
from tools.fuzz.properties import PROPERTIES


@pytest.mark.parametrize("name", PROPERTIES)
def test_strangers_inputs_break_nothing(name):
    count, fault = run(name, 60, 20.0, chance=7)
    assert fault == ""
    assert count >= 20
