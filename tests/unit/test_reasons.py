"""A site's reasons: read in their bounds, each fault named."""

import json

import pytest

from service.domain.options import Options, from_stored, stored
from service.domain.refusal_reasons import SHIPPED, read_reasons, reason_named


def test_reasons_are_read_stored_and_found_again():
    given = read_reasons('[["off_topic", "Off topic", "it is about something else"]]')
    again = from_stored(stored(Options(reasons=given))).reasons
    found = reason_named(again, "off_topic")
    assert found.text == "it is about something else"
    assert reason_named(again, "insult") is None
    assert reason_named(again, None) is None


def test_an_empty_value_brings_the_shipped_ones_back():
    assert read_reasons("") == SHIPPED
    assert read_reasons(json.dumps(SHIPPED)) == SHIPPED


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no json", "JSON list"),
        ("[]", "JSON list"),
        ("{}", "JSON list"),
        ("[" * 5_000, "JSON list"),
        (json.dumps([["a", "b", "c"]] * 10), "1 to 9"),
        ('[["a", "b"]]', "three texts"),
        ('[["a", "b", 3]]', "three texts"),
        ('[["Off Topic", "b", "c"]]', "code"),
        ('[["a", "", "c"]]', "title"),
        ('[["a", "b", "line\\nbreak"]]', "text"),
        ('[["a", "b", "c"], ["a", "d", "e"]]', "of its own"),
    ],
)
def test_a_fault_is_named(value, said):
    with pytest.raises(ValueError, match=said):
        read_reasons(value)
