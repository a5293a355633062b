"""A site's options: what is stored of them, and how they come back; among them the reasons of refusals."""

import json

import pytest

from service.domain.options import READERS, Options, from_stored, frozen, stored
from service.domain.refusal_reasons import SHIPPED, read_reasons, reason_named


def test_only_what_differs_from_its_default_is_stored_and_comes_back():
    assert (stored(Options()), from_stored(None)) == ("{}", Options())
    assert stored(Options(undo_seconds=3.0)) == '{"undo_seconds": 3.0}'
    assert from_stored('{"undo_seconds": 3.0, "of_tomorrow": [1, 2]}') == Options(undo_seconds=3.0)
    assert set(READERS) <= set(Options.__dataclass_fields__)


def test_a_stored_list_cannot_change():
    assert frozen([1, {"a": [2]}]) == (1, {"a": (2,)})


def test_reasons_are_read_stored_and_found_again():
    given = read_reasons('[["off_topic", "Off topic", "it is about something else"]]')
    again = from_stored(stored(Options(reasons=given))).reasons
    assert reason_named(again, "off_topic").text == "it is about something else"
    assert reason_named(again, "insult") is reason_named(again, None) is None
    assert read_reasons("") == read_reasons(json.dumps(SHIPPED)) == SHIPPED


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
def test_a_fault_in_reasons_is_named(value, said):
    with pytest.raises(ValueError, match=said):
        read_reasons(value)
